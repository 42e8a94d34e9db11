"""Suites with subjects in every export: the harness' groups, JSON, Markdown, CSV."""

import csv
import io
import json
import math
from typing import Any

import jsonschema
import msgspec
import pytest

from weighin.assets import asset
from weighin.engine.events.run import AnswerScored, CandidateCard, RunFinished, RunStarted, SuiteCard
from weighin.engine.judging.verdict import reach_verdict
from weighin.engine.plan.model import BuiltInSuite, Candidate, Plan
from weighin.engine.report.csv_tables import groups_csv, rankings_csv
from weighin.engine.report.json_export import run_json
from weighin.engine.report.lm_eval import lm_eval_files
from weighin.engine.report.markdown import run_markdown
from weighin.engine.report.table import verdict_lines

PLAN = Plan(
    candidates=tuple(Candidate(id=i, path=f"/{i}.gguf", name=i.upper()) for i in ("a", "b")),
    suites=(BuiltInSuite(name="mmlu"),),
)
RIGHT = {"a": {"anatomy": (6, 10), "world_religions": (4, 20)}, "b": {"anatomy": (1, 1), "world_religions": (5, 20)}}


def answer(candidate: Any, subject: Any, n: Any, right: Any) -> Any:
    return AnswerScored(
        at=5.0, candidate=candidate, suite="mmlu", item=f"{subject}-{n}", correct=right,
        scores={"acc": float(right), "acc_norm": 1.0}, prompt=f"about {subject} {n}", output="A", extracted="A",
        expected="A", group=subject,
    )  # fmt: skip


def started(**changes: Any) -> Any:
    card = SuiteCard(
        name="mmlu", title="MMLU", items=30, chance=0.25, metric="acc", group_kind="subject",
        groups={"anatomy": 10, "world_religions": 20}, n_shot=5,
    )  # fmt: skip
    cards = tuple(CandidateCard(id=c.id, name=c.name, quant="", size_bytes=1) for c in PLAN.candidates)
    return RunStarted(
        at=0.0, run_id="r", candidates=cards, suites=(msgspec.structs.replace(card, **changes),), repeats=1
    )


@pytest.fixture
def events() -> Any:
    found = [started()]
    for candidate, subjects in RIGHT.items():
        for subject, (right, n) in subjects.items():
            first = 0 if subject == "anatomy" else 10
            found += [answer(candidate, subject, first + i, i < right) for i in range(n)]
    return [*found, RunFinished(at=9.0, outcome="completed")]


def results(files: Any, candidate: Any) -> Any:
    (text,) = (text for path, text in files.items() if path.startswith(f"{candidate}/results_"))
    return json.loads(text)


def test_the_harness_shape_has_a_group_and_its_tasks(events: Any) -> None:
    files = lm_eval_files(PLAN, events)
    document = results(files, "a")
    tasks = ["mmlu_anatomy", "mmlu_world_religions"]
    groups = ["mmlu_stem", "mmlu_humanities", "mmlu"]
    assert list(document["results"]) == [*tasks, *groups]
    assert document["groups"] == {group: document["results"][group] for group in groups}
    assert document["group_subtasks"] == {
        "mmlu_stem": ["mmlu_anatomy"],
        "mmlu_humanities": ["mmlu_world_religions"],
        "mmlu": ["mmlu_stem", "mmlu_humanities"],
    }
    for key in ("configs", "n-samples", "task_hashes"):
        assert list(document[key]) == tasks
    for key in ("versions", "n-shot", "higher_is_better"):
        assert list(document[key]) == [*tasks, *groups]
    # The harness' versions are numbers for tasks and strings for groups.
    assert document["versions"] == {**dict.fromkeys(tasks, 1.0), **dict.fromkeys(groups, "2")}
    assert document["results"]["mmlu_stem"]["alias"] == "stem"
    assert set(document["n-shot"].values()) == {5}
    assert document["configs"]["mmlu_anatomy"]["num_fewshot"] == 5
    assert document["n-samples"]["mmlu_world_religions"] == {"original": 20, "effective": 20}
    assert document["results"]["mmlu_anatomy"]["alias"] == "anatomy"
    assert document["results"]["mmlu_anatomy"]["acc,none"] == 0.6
    names = {path.split("/")[1].rpartition("_")[0] for path in files if path.startswith("a/samples")}
    assert names == {"samples_mmlu_anatomy", "samples_mmlu_world_religions"}


def test_the_group_is_weighted_by_items_and_its_error_pooled(events: Any) -> None:
    group = results(lm_eval_files(PLAN, events), "a")["groups"]["mmlu"]
    assert (group["name"], group["alias"], group["sample_len"]) == ("mmlu", "mmlu", 30)
    # The harness has no acc_norm for MMLU.
    assert group["sample_count"] == {"acc,none": 30}
    assert group["acc,none"] == pytest.approx(10 / 30)
    # The harness' pooled_sample_stderr for 60 % of 10 items and 20 % of 20.
    errors = {10: math.sqrt(0.6 * 0.4 / 9), 20: math.sqrt(0.2 * 0.8 / 19)}
    pooled = sum((n - 1) * error**2 * n for n, error in errors.items()) / (30 - 2)
    assert group["acc_stderr,none"] == pytest.approx(math.sqrt(pooled / 30))
    # As in the harness, one task with a single item makes the group's error unknown.
    lone = results(lm_eval_files(PLAN, events), "b")
    assert lone["results"]["mmlu_anatomy"]["acc_stderr,none"] == "N/A"
    assert lone["groups"]["mmlu"]["acc_stderr,none"] == "N/A"
    assert lone["groups"]["mmlu"]["acc,none"] == pytest.approx(6 / 21)


def test_an_older_run_without_subjects_is_one_task(events: Any) -> None:
    old = [started(group_kind="", groups={}, n_shot=None), *events[1:]]
    document = results(lm_eval_files(PLAN, old), "a")
    assert list(document["results"]) == ["mmlu"]
    assert "groups" not in document
    # The suite's default then: MMLU has five worked examples.
    assert document["n-shot"] == {"mmlu": 5}


def test_json_has_every_subject_and_fits_its_schema(events: Any) -> None:
    document = json.loads(run_json(PLAN, events))
    schema = json.loads(asset("schema", "run.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    figures = document["candidates"][0]["suites"]["mmlu"]
    assert figures["passages"] is None
    assert figures["groups"]["by_group"]["anatomy"] == {"items": 10, "answered": 10, "correct": 6, "accuracy": 0.6}
    assert figures["groups"]["accuracy"] == pytest.approx(10 / 30)
    assert figures["groups"]["standard_error"] == pytest.approx(math.sqrt((2.4 + 3.2) / 28 / 30))
    assert document["suites"][0]["groups"] == {"anatomy": 10, "world_religions": 20}


def test_markdown_has_a_table_of_subjects(events: Any) -> None:
    text = run_markdown(PLAN, events)
    assert "## mmlu by subject, in %" in text
    assert "| anatomy | 60 (n = 10) | 100 (n = 1) |" in text
    assert "| all items ± SE | 33.3 ± 8.2 | 28.6 ± 9.7 |" in text
    assert "by subject" not in run_markdown(PLAN, [started(group_kind="", groups={}), *events[1:]])


def test_the_plain_table_names_the_best_and_the_worst_subject(events: Any) -> None:
    lines = verdict_lines(reach_verdict(PLAN, events), PLAN, width=100)
    start = lines.index("mmlu by subject, mean ± standard error:")
    assert lines[start + 1] == "  A  33.3 % ± 8.2   best anatomy 60 % of 10   worst world religions 20 % of 20"
    assert lines[start + 2].startswith("  B  28.6 % ± 9.7   most subjects have fewer than 5 items")


def test_csv_has_one_row_per_subject(events: Any) -> None:
    rows = list(csv.DictReader(io.StringIO(groups_csv(PLAN, events))))
    mine = {row["group"]: row for row in rows if row["candidate"] == "a"}
    assert set(mine) == {"", "anatomy", "world_religions"}
    assert (mine[""]["items"], mine[""]["correct"]) == ("30", "10")
    assert float(mine["anatomy"]["accuracy"]) == 0.6
    assert float(mine["anatomy"]["low"]) < 0.6 < float(mine["anatomy"]["high"])
    (ranked, _other) = csv.DictReader(io.StringIO(rankings_csv(PLAN, events)))
    assert "groups" not in ranked
    assert json.loads(ranked["levels"]) == {}


def passage_events(kind: Any) -> Any:
    card = SuiteCard(name="mmlu", title="t", items=24, chance=None, metric="acc", group_kind=kind)
    rows = [msgspec.structs.replace(started(), suites=(card,))]
    rows += [
        answer(candidate, f"p{n // 4}", n, (n // 4) % 2 == (candidate == "a"))
        for candidate in ("a", "b")
        for n in range(24)
    ]
    return rows


def test_exports_say_where_items_count_by_passage() -> None:
    together, apart = (json.loads(run_json(PLAN, passage_events(kind))) for kind in ("passage", ""))
    schema = json.loads(asset("schema", "run.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(together)
    assert together["pairs"][0]["clustered"]
    assert not apart["pairs"][0]["clustered"]
    mine, plain = (d["candidates"][0]["suites"]["mmlu"] for d in (together, apart))
    assert (mine["passages"], plain["passages"]) == (6, None)
    assert mine["high"] - mine["low"] > plain["high"] - plain["low"]
    assert mine["metrics"]["acc"]["standard_error"] > 1.5 * plain["metrics"]["acc"]["standard_error"]
    assert "Items that share a passage count as a group" in run_markdown(PLAN, passage_events("passage"))
    assert "the exact McNemar test" in run_markdown(PLAN, passage_events(""))
