"""Files in the shape of lm-evaluation-harness: names, keys, types and figures that its readers accept."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from weighin.engine.events.run import AnswerScored
from weighin.engine.report.export import export
from weighin.engine.report.lm_eval import lm_eval_files

SAMPLE_KEYS = {
    "doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics", "doc_hash", "prompt_hash",
    "target_hash",
}  # fmt: skip
RESULT_KEYS = {
    "results", "group_subtasks", "configs", "versions", "n-shot", "higher_is_better", "n-samples", "config", "git_hash",
    "date", "task_hashes", "model_source", "model_name", "model_name_sanitized", "start_time", "end_time",
    "total_evaluation_time_seconds", "system_instruction", "chat_template", "chat_template_sha", "fewshot_as_multiturn",
}  # fmt: skip
DATE = "2026-09-21T14-13-20.250000"


def sha(text: Any) -> Any:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@pytest.fixture
def files(plan: Any, events: Any) -> Any:
    return lm_eval_files(plan, events)


def results_of(files: Any, candidate: Any) -> Any:
    return json.loads(files[f"{candidate}/results_{DATE}.json"])


def samples_of(files: Any, candidate: Any, task: Any) -> Any:
    return [json.loads(line) for line in files[f"{candidate}/samples_{task}_{DATE}.jsonl"].splitlines()]


def test_each_candidate_has_a_folder_with_names_that_the_harness_can_parse(files: Any) -> None:
    assert set(files) == {
        *(f"{c}/results_{DATE}.json" for c in ("good", "fair", "bad")),
        *(f"{c}/samples_everyday-choice_{DATE}.jsonl" for c in ("good", "fair", "bad")),
        *(f"{c}/samples_maths_{DATE}.jsonl" for c in ("good", "fair")),
    }
    for path in files:
        name = path.split("/")[1]
        # The harness reads the task between the first and the last underscore, and the date after the last.
        if name.startswith("samples_"):
            assert name[name.find("_") + 1 : name.rfind("_")] in ("everyday-choice", "maths")
        assert name[name.rfind("_") + 1 :].replace(".jsonl", "").replace(".json", "") == DATE


def test_results_have_means_and_errors_by_metric_and_filter(files: Any) -> None:
    document = results_of(files, "good")
    assert set(document) >= RESULT_KEYS
    choice = document["results"]["everyday-choice"]
    assert choice["alias"] == choice["name"] == "everyday-choice"
    assert choice["sample_len"] == 40
    assert choice["acc,none"] == pytest.approx(0.9)
    # sd(ddof=1)/√n of 36 of 40.
    assert choice["acc_stderr,none"] == pytest.approx((0.9 * 0.1 * 40 / 39 / 40) ** 0.5)
    assert choice["acc_norm,none"] == 0.5
    maths = document["results"]["maths"]
    assert maths["exact_match,flexible-extract"] == 1.0
    assert maths["exact_match,strict-match"] == 0.0
    assert document["n-samples"] == {
        "everyday-choice": {"original": 40, "effective": 40},
        "maths": {"original": 2, "effective": 2},
    }
    assert results_of(files, "bad")["n-samples"]["everyday-choice"] == {"original": 40, "effective": 15}
    assert document["higher_is_better"]["everyday-choice"] == {"acc": True, "acc_norm": True}
    # As of 0.4.13 only groups have subtasks.
    assert document["group_subtasks"] == {}
    assert document["date"] == 1790000000.25
    assert document["config"]["model_num_parameters"] == 135_000_000
    assert document["config"]["random_seed"] == 7


def test_an_export_does_not_reveal_folders(files: Any) -> None:
    assert not any("somebody" in text for text in files.values())
    assert "path=good.gguf" in results_of(files, "good")["config"]["model_args"]


def test_a_choice_sample_holds_all_requests_and_responses_as_strings(files: Any) -> None:
    rows = samples_of(files, "good", "everyday-choice")
    assert [row["doc_id"] for row in rows] == list(range(40))
    row = rows[4]
    assert set(row) == SAMPLE_KEYS | {"acc", "acc_norm"}
    assert row["metrics"] == ["acc", "acc_norm"]
    assert (row["acc"], row["acc_norm"]) == (1.0, 0.0)
    assert row["filter"] == "none"
    assert row["target"] == "1"
    assert row["doc"]["choices"][row["doc"]["gold"]] == "a *dog* | bird"
    assert list(row["arguments"]) == ["gen_args_0", "gen_args_1", "gen_args_2"]
    assert row["arguments"]["gen_args_0"] == {"arg_0": "Question: what is 4?\nAnswer:", "arg_1": " a cat"}
    assert row["resps"] == [[["-2.5", "False"]], [["-1.5", "True"]], [["-2.5", "False"]]]
    assert row["filtered_resps"] == [["-2.5", "False"], ["-1.5", "True"], ["-2.5", "False"]]


def test_hashes_are_those_of_the_harness(files: Any) -> None:
    rows = samples_of(files, "good", "everyday-choice")
    for row in rows:
        assert row["doc_hash"] == sha(json.dumps(row["doc"], indent=2, ensure_ascii=False))
        assert row["prompt_hash"] == sha(row["arguments"]["gen_args_0"]["arg_0"])
        assert row["target_hash"] == sha(row["target"])
    joined = "".join(row["doc_hash"] + row["prompt_hash"] + row["target_hash"] for row in rows)
    assert results_of(files, "good")["task_hashes"]["everyday-choice"] == sha(joined)
    # Every candidate has the same documents, so that tools can compare them.
    other = samples_of(files, "bad", "everyday-choice")
    assert [row["doc_hash"] for row in other] == [row["doc_hash"] for row in rows[:15]]


def test_a_generated_sample_has_one_row_per_filter(files: Any) -> None:
    rows = samples_of(files, "fair", "maths")
    assert [(row["filter"], row["doc_id"], row["exact_match"]) for row in rows] == [
        ("flexible-extract", 0, 1.0),
        ("flexible-extract", 1, 0.0),
        ("strict-match", 0, 0.0),
        ("strict-match", 1, 0.0),
    ]
    assert rows[0]["resps"] == [["It is 7."]]
    assert [row["filtered_resps"] for row in rows] == [["7."], ["[invalid]"], ["[invalid]"], ["[invalid]"]]
    assert rows[0]["target"] == "7"


def test_the_config_describes_the_exported_documents(files: Any) -> None:
    configs = results_of(files, "good")["configs"]
    choice, maths = configs["everyday-choice"], configs["maths"]
    assert choice["output_type"] == "multiple_choice"
    assert maths["output_type"] == "generate_until"
    row = samples_of(files, "good", "everyday-choice")[0]
    assert choice["doc_to_text"] == "{{query}}"
    assert row["doc"]["query"] == row["arguments"]["gen_args_0"]["arg_0"]
    assert choice["target_delimiter"] + row["doc"]["choices"][0] == row["arguments"]["gen_args_0"]["arg_1"]
    assert [entry["metric"] for entry in choice["metric_list"]] == row["metrics"]
    assert {entry["name"] for entry in maths["filter_list"]} == {"strict-match", "flexible-extract"}


def test_written_files_can_be_read_and_writing_again_changes_nothing(plan: Any, events: Any, tmp_path: Path) -> None:
    written = export("r", plan, events, "lm-eval", tmp_path / "out")
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert set(written) == set(before)
    for path, content in before.items():
        for line in content.decode("utf-8").splitlines() if path.suffix == ".jsonl" else [content]:
            json.loads(line)
        assert re.fullmatch(rf"(results|samples_[a-z-]+)_{DATE}\.jsonl?", path.name)
    (maths,) = (tmp_path / "out" / "good").glob("samples_maths_*")
    for row in map(json.loads, maths.read_text(encoding="utf-8").splitlines()):
        assert row["prompt_hash"] == sha(row["arguments"]["gen_args_0"]["arg_0"])  # the lone surrogate was replaced
    export("r", plan, events, "lm-eval", tmp_path / "out")
    assert before == {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}


def test_documents_are_the_same_for_all_although_templates_differ(plan: Any, events: Any) -> None:
    wrapped = [
        msgspec.structs.replace(e, prompt=f"<{e.candidate}>{e.prompt}") if isinstance(e, AnswerScored) else e
        for e in events
    ]
    files = lm_eval_files(plan, wrapped)
    good, fair = samples_of(files, "good", "maths"), samples_of(files, "fair", "maths")
    assert [row["doc_hash"] for row in good] == [row["doc_hash"] for row in fair]
    assert [row["prompt_hash"] for row in good] != [row["prompt_hash"] for row in fair]
    assert results_of(files, "good")["configs"]["maths"]["doc_to_text"] == ""
