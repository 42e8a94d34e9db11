"""Items that were asked again, in every export that can hold them."""

import csv
import io
import json
import math
import re
from typing import Any

import jsonschema
import msgspec
import pytest

from weighin.assets import asset
from weighin.engine.events.run import AnswerScored, BlockRepeated, OptionsTurned, PromptsReworded
from weighin.engine.judging.verdict import reach_verdict
from weighin.engine.report.consistency import again, consistency_lines, consistency_section
from weighin.engine.report.csv_tables import rankings_csv
from weighin.engine.report.json_export import run_json, run_json_with_answers
from weighin.engine.report.markdown import run_markdown
from weighin.engine.report.table import verdict_lines

SCHEMA = json.loads(asset("schema", "run.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def ranking(document: Any, name: Any) -> Any:
    return next(row for row in document["verdict"]["rankings"] if row["candidate"] == name)


def test_figures_are_those_of_the_items(plan: Any, events: Any) -> None:
    found = ranking(json.loads(run_json(plan, events)), "good")["steadiness"]
    assert (found["same_choice"]["value"], found["right_in_all"]["value"]) == (0.5, 0.5)
    # Each place held the right option twice; it was chosen there once, twice and twice.
    assert found["place_recall_sd"]["value"] == pytest.approx((2 / 9) ** 0.5 / 2)
    assert found["rewording"]["value"] == 0.5
    assert (found["identical"]["value"], found["identical"]["items"]) == (0.5, 2)
    assert found["largest_shift_nats"] == pytest.approx(1.25)
    for name in ("same_choice", "right_in_all", "place_recall_sd", "rewording", "identical"):
        assert 0 <= found[name]["low"] <= found[name]["value"] <= found[name]["high"] <= 1
    other = ranking(json.loads(run_json(plan, events)), "fair")["steadiness"]
    assert set(other.values()) == {None}


def test_each_item_comes_with_the_answers(plan: Any, events: Any) -> None:
    document = json.loads(run_json_with_answers(plan, events))
    assert document["options_turned"][0]["items"][1] == {"item": "animals-1", "gold": 1, "chosen": [1, 2, 1]}
    assert document["prompts_reworded"][0]["templates"] == ["question", "bare"]
    assert document["blocks_repeated"][0]["items"][0]["log_likelihoods"] == [-1.25, -1.5, -2.5]
    assert "options_turned" not in json.loads(run_json(plan, events))


def test_the_report_has_a_section_only_when_something_was_asked_again(plan: Any, events: Any) -> None:
    section = run_markdown(plan, events).split("## Consistency\n")[1].split("\n## ")[0]
    (row,) = [line for line in section.splitlines() if "Model" in line]
    cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
    assert cells[0] == "Model_good Q4_K_M"
    assert cells[2].startswith("0.50 [")
    assert cells[6] == "1/2, ±1.2 nats"
    assert "may be wrong" in section
    reasked = (OptionsTurned, PromptsReworded, BlockRepeated)
    silent = [event for event in events if not isinstance(event, reasked)]
    assert "## Consistency" not in run_markdown(plan, silent)


def test_plain_text_has_one_consistency_line_per_candidate(plan: Any, events: Any) -> None:
    verdict = reach_verdict(plan, events)
    text = " ".join(" ".join(verdict_lines(verdict, plan, width=80)).split())
    assert (
        "Consistency of Model_good Q4_K_M: same choice in any order 0.50 of 2, steady in any wording 0.50 of 2,"
        " same when asked again 1/2, ±1.2 nats"
    ) in text
    assert all(len(line) <= 60 for line in consistency_lines(verdict, {c.id: c.id for c in plan.candidates}, 60))
    assert len(consistency_section(verdict, {c.id: c.id for c in plan.candidates})) == 7


def test_the_rankings_csv_has_consistency_columns(plan: Any, events: Any) -> None:
    rows = {row["candidate"]: row for row in csv.DictReader(io.StringIO(rankings_csv(plan, events)))}
    assert rows["good"]["same_choice"] == "0.5"
    assert rows["good"]["identical_items"] == "2"
    assert rows["good"]["largest_shift_nats"] == "1.25"
    assert rows["fair"]["rewording"] == rows["fair"]["rewording_low"] == ""


def test_a_shift_of_zero_is_not_shown(plan: Any, events: Any) -> None:
    verdict = reach_verdict(plan, events)
    steady = verdict.rankings[0].steadiness
    assert again(msgspec.structs.replace(steady, largest_shift_nats=0.0)) == "1/2"
    assert again(msgspec.structs.replace(steady, identical=None)) == "–"


def test_sampled_answers_have_their_own_figures(plan: Any, events: Any) -> None:
    def drawn(n: Any, *right: Any) -> Any:
        first = next(
            e for e in events if isinstance(e, AnswerScored) and (e.candidate, e.item) == ("fair", f"animals-{n}")
        )
        marks = enumerate(right, 1)
        return [msgspec.structs.replace(first, repeat=k, correct=mark, extracted=str(mark)) for k, mark in marks]

    # Right and wrong answers to an item differ: three are the same, then two of three.
    sampled = [*events, *drawn(1, True, True, True), *drawn(2, False, True, False), *drawn(4, True, False)]
    found = ranking(json.loads(run_json(plan, sampled)), "fair")["steadiness"]
    assert found["samples"] == 3  # the item with two samples is left out
    values = {name: found[name]["value"] for name in ("avg_at_k", "maj_at_k", "pass_at_k", "pass_all_k")}
    assert values == {"avg_at_k": pytest.approx(2 / 3), "maj_at_k": 0.5, "pass_at_k": 1.0, "pass_all_k": 0.5}
    assert found["entropy"]["value"] == pytest.approx(
        -(math.log(2 / 3) * 2 / 3 + math.log(1 / 3) / 3) / math.log(3) / 2
    )
    VALIDATOR.validate(json.loads(run_json(plan, sampled)))
    section = run_markdown(plan, sampled).split("## Consistency\n")[1].split("\n## ")[0]
    (row,) = [line for line in section.splitlines() if "Model_fair" in line and "| 3 |" in line]
    assert row.count("|") == 8


def test_answers_that_change_when_asked_again_are_a_warning(plan: Any, events: Any) -> None:
    (warning,) = [words for words in reach_verdict(plan, events).warnings if "asked again" in words]
    assert warning.startswith("Model_good Q4_K_M: 1 of 2 answers changed")
    steady = [event for event in events if not isinstance(event, BlockRepeated)]
    assert not any("asked again" in words for words in reach_verdict(plan, steady).warnings)
