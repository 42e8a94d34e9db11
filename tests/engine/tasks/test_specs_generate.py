"""The generated-text reference suites as they are asked: what stops an answer, how it is found, where its data is."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from weighin.engine.plan.model import BuiltInSuite
from weighin.engine.tasks.extractors import find_extractor
from weighin.engine.tasks.formats.mgsm import WORDS
from weighin.engine.tasks.items import GenerateItem, Suite
from weighin.engine.tasks.opening import open_suite
from weighin.engine.tasks.requests import GenerateRequest, build_request
from weighin.engine.tasks.scorers import find_scorer
from weighin.engine.tasks.spec import find_spec

MGSM = tuple(f"mgsm-{language}" for language in WORDS)
NAMES = ("gsm8k", *MGSM, "ifeval", "humaneval", "mbpp", "cuad")
_TEXT = {
    "gsm8k": (("Question:", "</s>", "<|im_end|>"), 256, "last_number", "gsm8k", "exact_match", 5),
    "ifeval": ((), 1280, "verbatim", "ifeval", "prompt_level_strict_acc", 0),
    "humaneval": (("\nclass", "\ndef", "\n#", "\nif", "\nprint"), 1024, "verbatim", "code", "pass@1", 0),
    "mbpp": (("[DONE]",), 256, "verbatim", "code", "pass@1", 3),
    **{
        name: ((WORDS[name[-2:]][0], "</s>", "<|im_end|>"), 256, "last_number", "mgsm", "exact_match", 0)
        for name in MGSM
    },
}


@pytest.mark.parametrize("name", _TEXT)
def test_limits_stops_and_scoring_are_those_of_the_harness(name: str) -> None:
    spec = find_spec(name)
    found = (spec.stop, spec.max_tokens, spec.extractor, spec.scorer, spec.metric, spec.n_shot)
    assert found == _TEXT[name]
    assert spec.right_at == 1.0


@pytest.mark.parametrize("name", NAMES)
def test_each_suite_names_its_source_license_and_exact_version(name: str) -> None:
    spec = find_spec(name)
    assert (spec.kind, spec.format) == ("generate", name.partition("-")[0])
    assert spec.dataset is not None
    assert len(spec.dataset.revision) == 40
    assert spec.dataset.license == spec.data_license != ""
    assert spec.dataset.repo in spec.dataset.url
    # The last split is the one that is asked, for which a single file may stand.
    assert list(spec.dataset.files)[-1] == "test"
    find_extractor(spec.extractor)
    find_scorer(spec.scorer)


@pytest.mark.parametrize("name", ["humaneval", "mbpp"])
def test_code_continues_the_prompt_in_chat_models_too(name: str) -> None:
    # HumanEval's stop strings would cut a chat answer at the first line of its function, and what the harness runs is
    # all of the answer: with the fence that a chat answer has, no MBPP program would be one.
    assert find_spec(name).prompt_style == "plain"


def test_mgsm_has_the_items_of_every_languages_own_suite(tmp_path: Path) -> None:
    for language in WORDS:
        folder = tmp_path / language
        folder.mkdir()
        (folder / f"mgsm_{language}.tsv").write_text(f"1 + 1 ({language})?\t2\n2 + 2?\t4\n", encoding="utf-8")
    suite = _open(tmp_path, "mgsm")
    assert suite.subjects() == dict.fromkeys(sorted(WORDS), 2)
    for language in WORDS:
        alone = _open(tmp_path / language, f"mgsm-{language}")
        mine = sorted((item for item in suite.items if item.group == language), key=lambda item: item.row)
        assert [item.row for item in mine] == [0, 1]
        wanted = sorted(alone.items, key=lambda item: item.row)
        assert [build_request(suite.spec, i) for i in mine] == [build_request(alone.spec, i) for i in wanted]


def _open(folder: Path, name: str) -> Suite:
    return open_suite(BuiltInSuite(name=name, data=str(folder)), seed=1, limit=0)


def _lines(rows: list[dict[str, object]]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def test_suites_open_from_a_folder_with_the_published_files(tmp_path: Path) -> None:
    sums: list[dict[str, object]] = [{"question": f"{n} + {n}?", "answer": f"#### {2 * n}"} for n in range(6)]
    (tmp_path / "train.jsonl").write_bytes(_lines(sums))
    (tmp_path / "test.jsonl").write_bytes(_lines(sums[:2]))
    suite = _open(tmp_path, "gsm8k")
    assert {item.id for item in suite.items} == {"gsm8k-0", "gsm8k-1"}
    request = build_request(suite.spec, suite.items[0])
    assert isinstance(request, GenerateRequest)
    assert request.prompt.count("Question: ") == 6
    # With a chat template the harness sends the same text in one user turn.
    assert [(message.role, message.content) for message in request.messages] == [("user", request.prompt)]


def test_mgsm_tables_keep_their_quotation_marks(tmp_path: Path) -> None:
    table = tmp_path / "test.tsv"
    table.write_text('"Zwei" und 3 "Euro"?\t5\n"Mehr?\t1,005\n', encoding="utf-8")
    suite = _open(tmp_path, "mgsm-de")
    assert {(item.plain_prompt, item.answers) for item in suite.items if isinstance(item, GenerateItem)} == {
        ('Frage: "Zwei" und 3 "Euro"?\nAntwort:', ("5",)),
        ('Frage: "Mehr?\nAntwort:', ("1005",)),
    }


def test_humaneval_opens_from_its_gzipped_file(tmp_path: Path) -> None:
    row: dict[str, object] = {"task_id": "HumanEval/0", "prompt": "def f():\n", "test": "def check(f): pass\n",
                              "entry_point": "f"}  # fmt: skip
    (tmp_path / "test.jsonl.gz").write_bytes(gzip.compress(_lines([row])))
    (item,) = _open(tmp_path, "humaneval").items
    assert isinstance(item, GenerateItem)
    assert (item.id, item.plain_prompt) == ("HumanEval/0", "def f():\n")


def test_cuad_says_that_none_is_right_for_a_quarter() -> None:
    spec = find_spec("cuad")
    assert (spec.metric, spec.right_at, spec.chance, spec.group_kind) == ("f1", 0.5, 0.25, "passage")
