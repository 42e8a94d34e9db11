"""A run as JSON, which its schema describes, and as Markdown."""

import json
import math
import re
from typing import Any

import jsonschema
import msgspec
import pytest

from weighin.assets import asset
from weighin.engine.events.ranking import Ranking
from weighin.engine.events.run import AnswerScored, RaceSettled, RunFinished
from weighin.engine.judging.summary import summarize
from weighin.engine.judging.verdict import reach_verdict
from weighin.engine.plan.model import Plan
from weighin.engine.report.figures import PairFigures, pair_figures
from weighin.engine.report.json_export import run_json, run_json_with_answers
from weighin.engine.report.markdown import run_markdown
from weighin.engine.report.table import ranking_lines
from weighin.engine.stats.intervals import accuracy_interval, holm, mcnemar_p
from weighin.engine.stats.sequential import live_interval

SCHEMA = json.loads(asset("schema", "run.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def candidate(document: Any, name: Any) -> Any:
    return next(c for c in document["candidates"] if c["id"] == name)


def test_the_schema_is_valid() -> None:
    meta_schema = jsonschema.Draft202012Validator(jsonschema.Draft202012Validator.META_SCHEMA)
    assert list(meta_schema.iter_errors(SCHEMA)) == []


@pytest.mark.parametrize("upto", [0, 1, 2, 8, 20, 60, None])
def test_a_run_is_valid_at_every_moment(plan: Any, events: Any, upto: int | None) -> None:
    for write in (run_json, run_json_with_answers):
        assert list(VALIDATOR.iter_errors(json.loads(write(plan, events[:upto])))) == []


def test_a_settled_and_an_empty_run_are_valid(plan: Any, events: Any) -> None:
    settled = [*events[:-1], RaceSettled(at_item=30, pool=42, remaining=("good",)), events[-1]]
    document = json.loads(run_json(plan, settled))
    VALIDATOR.validate(document)
    assert document["race"]["settled"]["remaining"] == ["good"]
    VALIDATOR.validate(json.loads(run_json(Plan(), [])))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d["run"].pop("id"),
        lambda d: d.update(format_version=2),
        lambda d: d["candidates"][0].update(memory_bytes="512 MiB"),
        lambda d: d["candidates"][0]["suites"]["maths"].update(accuracy=1.2),
        lambda d: d["verdict"]["rankings"][0].pop("stopped_early"),
        lambda d: d["pairs"][0].update(p_value=-1),
        lambda d: d["answers"][0]["options"][0].pop("log_likelihood"),
    ],
)
def test_the_schema_rejects_a_spoiled_document(plan: Any, events: Any, spoil: Any) -> None:
    document = json.loads(run_json_with_answers(plan, events))
    spoil(document)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(document)


def test_the_schema_describes_the_fields_of_rankings_pairs_and_answers() -> None:
    for name, struct in (("ranking", Ranking), ("pair", PairFigures), ("answer", AnswerScored)):
        assert set(SCHEMA["$defs"][name]["required"]) <= set(struct.__struct_fields__)


def test_figures_are_those_of_the_answers(plan: Any, events: Any) -> None:
    document = json.loads(run_json(plan, events))
    assert "answers" not in document
    assert document["run"]["id"] == "20260921-141320-ab12"
    assert document["run"]["started_at"] == "2026-09-21T14:13:20.250000+00:00"
    assert document["run"]["outcome"] == "completed"
    assert document["plan"]["settings"]["n_ctx"] == 2048
    assert document["plan"]["settings"]["kv_type"] == "f16"  # defaults are written out too
    good = candidate(document, "good")
    assert good["suites"]["everyday-choice"]["accuracy"] == pytest.approx(0.9)
    assert good["suites"]["everyday-choice"]["metrics"]["acc_norm"]["mean"] == 0.5
    assert good["suites"]["everyday-choice"]["fragile"] == 1
    assert candidate(document, "fair")["suites"]["maths"]["nothing_found"] == 1
    assert good["accuracy"] == pytest.approx(0.95)
    assert good["generation"]["tokens_per_second"] == 10.0
    assert good["latency"]["ttft_p50_s"] == 0.2


def test_an_eliminated_candidate_has_a_confidence_sequence_and_no_tests(plan: Any, events: Any) -> None:
    document = json.loads(run_json(plan, events))
    bad = candidate(document, "bad")
    assert (bad["stopped"]["reason"], bad["stopped"]["at_item"], bad["stopped"]["pool"]) == ("eliminated", 16, 42)
    figures = bad["suites"]["everyday-choice"]
    wanted = live_interval(15, 0, 40)
    assert figures["stopped_early"]
    assert (figures["low"], figures["high"]) == (wanted.low, wanted.high)
    fair = candidate(document, "fair")["suites"]["everyday-choice"]
    assert not fair["stopped_early"]
    assert fair["low"] == pytest.approx(accuracy_interval(26, 40).low)
    for pair in document["pairs"]:
        early = "bad" in (pair["a"], pair["b"])
        assert (pair["p_value"] is None) == (pair["low"] is None) == (pair["p_holm"] is None) == early


def test_a_suite_that_all_answered_keeps_its_ordinary_interval_when_the_race_settled(plan: Any, events: Any) -> None:
    document = json.loads(run_json(plan, [*events, RaceSettled(at_item=41, pool=42, remaining=("good", "fair"))]))
    for name in ("good", "fair"):
        for figures in candidate(document, name)["suites"].values():
            wanted = accuracy_interval(figures["correct"], figures["answered"])
            assert (figures["low"], figures["high"]) == (wanted.low, wanted.high)
            assert not figures["stopped_early"]


def test_pair_figures_agree_with_the_formulas(plan: Any, events: Any) -> None:
    run = summarize(events)
    (pair,) = pair_figures([run.of("good"), run.of("fair")], run)
    choices = [(n % 10 != 0, n % 3 != 0) for n in range(40)]
    only_a = sum(a and not b for a, b in choices) + 1  # and one of the two texts
    only_b = sum(b and not a for a, b in choices)
    assert (pair.items, pair.only_a, pair.only_b) == (42, only_a, only_b)
    assert pair.p_value is not None
    assert pair.p_value == pytest.approx(mcnemar_p(only_a, only_b))
    assert pair.p_holm == pytest.approx(holm([pair.p_value])[0])
    assert pair.difference == pytest.approx((36 / 40 - 26 / 40 + 0.5) / 2)
    assert pair.low < pair.difference < pair.high
    # Texts are 1 and 0, so sd/√2 = 0.5; choices follow the usual formula; the mean of two suites halves the root.
    d = [a - b for a, b in choices]
    mean = sum(d) / 40
    error = math.sqrt(sum((x - mean) ** 2 for x in d) / 39 / 40)
    assert pair.standard_error == pytest.approx(math.hypot(error, 0.5) / 2)
    # A race that ended after everything was answered cut nothing short; one that ended earlier did.
    run.settled = RaceSettled(at_item=41, pool=42, remaining=("good", "fair"))
    assert pair_figures([run.of("good"), run.of("fair")], run) == (pair,)
    del run.of("fair").answers["maths", "first"]
    (early,) = pair_figures([run.of("good"), run.of("fair")], run)
    assert (early.items, early.p_value, early.low, early.p_holm) == (41, None, None, None)


def test_json_answers_has_every_answer_with_its_prompt(plan: Any, events: Any) -> None:
    document = json.loads(run_json_with_answers(plan, events))
    assert len(document["answers"]) == sum(isinstance(event, AnswerScored) for event in events)
    first = document["answers"][0]
    assert first["prompt"] == "Question: what is 0?\nAnswer:"
    assert [option["log_likelihood"] for option in first["options"]] == [-2.5, -1.5, -2.5]


def table_rows(text: Any, heading: Any) -> Any:
    section = text.split(f"## {heading}")[1].split("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("|")]


def test_the_report_has_verdict_tables_warnings_and_settings(plan: Any, events: Any) -> None:
    text = run_markdown(plan, events)
    assert text.startswith("# Which model: Model_good Q4_K_M\n")
    ranking = table_rows(text, "Ranking")
    assert len(ranking) == 2 + 3
    assert "▶" in ranking[2]
    assert "Model_good" in ranking[2]
    assert any("✗" in line and "stopped early" in line for line in ranking)
    (row,) = [line for line in table_rows(text, "Accuracy by suite") if "everyday" in line]
    assert "90.0 [" in row
    assert "stopped at 15/40" in row
    assert "| 33 |" in row
    assert len(table_rows(text, "Pairs")) == 2 + 3
    assert "## Warnings" in text
    settings = "\n".join(table_rows(text, "Settings"))
    for wanted in ("2048 tokens", "Some CPU, 2 cores", "20260921-141320-ab12", "b1234", "2026-09-21 14:13 UTC"):
        assert wanted in settings


def test_every_table_has_as_many_cells_in_each_row(plan: Any, events: Any) -> None:
    text = run_markdown(plan, events)
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1


def test_names_cannot_become_markup(plan: Any, events: Any) -> None:
    odd = msgspec.structs.replace(plan.candidates[0], name="<script>|a|\n# [x](http://y)")
    text = run_markdown(msgspec.structs.replace(plan, candidates=(odd, *plan.candidates[1:])), events)
    assert "<script>" not in text.replace("\\<", "")
    assert "](" not in text.replace("\\]", "")
    assert "\n# [" not in text


def test_reports_give_memory_in_gib_and_file_sizes_in_gb(plan: Any, events: Any) -> None:
    files = tuple(msgspec.structs.replace(c, size_bytes=1_500_000_000) for c in plan.candidates)
    sized = msgspec.structs.replace(plan, candidates=files)
    text = run_markdown(sized, events)
    header, _rule, first, *_rest = table_rows(text, "Ranking")
    assert "memory GiB" in header
    assert "| 0.50 |" in first
    header, _rule, first, *_rest = table_rows(text, "Files")
    assert header.startswith("| model | GB |")
    assert "| 1.50 |" in first
    header, first, *_rest = ranking_lines(reach_verdict(sized, events), sized)
    place = header.index("GiB")
    assert first[place - 1 : place + 3] == "0.50"


def test_an_empty_run_has_a_report(plan: Any) -> None:
    assert run_markdown(Plan(), []).startswith("# Which model: none can be recommended")
    assert "–" in run_markdown(plan, [RunFinished(outcome="cancelled")])
