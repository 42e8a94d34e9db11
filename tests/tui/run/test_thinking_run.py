"""Models that all give the right answer, one of them after thinking: none is stopped, and cut thinking is told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import msgspec
import pytest
from fixtures.runs import run_plan, tiny_plan
from fixtures.scripted_models import control, write_scripted_model

from weighin.assets import asset
from weighin.engine.events import run as ev
from weighin.engine.plan.model import ConsistencyPlan, FileSource, OwnAsking, OwnSuite, Plan
from weighin.engine.report.json_export import run_json
from weighin.engine.store.store import Store
from weighin.tui.run.board import fold_all
from weighin.tui.widgets.panel import Look, paint_panel

N = 60


@dataclass(frozen=True)
class Ran:
    plan: Plan
    events: list[ev.Event]

    @property
    def verdict(self) -> ev.VerdictReached:
        return next(event for event in reversed(self.events) if isinstance(event, ev.VerdictReached))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """60 equal items, asked with the stop string of ``exact``; one model never stops thinking in its budget."""
    folder = tmp_path_factory.mktemp("thinking")
    data = folder / "six-times-seven.jsonl"
    data.write_text("\n".join(json.dumps({"id": f"i{n}", "prompt": "6 times 7?", "answer": "42"}) for n in range(N)))
    thought = (control("[THINK]"), "\n", "6 times 7, so", "\n\n", "it is 42.\n", control("[/THINK]"), "\n\n\n")
    models: list[Path] = [
        write_scripted_model(folder / "plain-F32.gguf", "42"),
        write_scripted_model(folder / "newline-F32.gguf", "\n", "42"),
        write_scripted_model(folder / "thinks-F32.gguf", *thought, "42"),
        write_scripted_model(folder / "long-F32.gguf", "<think>", *(f"{n}\n" for n in range(30)), "</think>", "42"),
    ]
    suite = OwnSuite(name="sixes", source=FileSource(path=str(data)), asking=OwnAsking(max_tokens=4))
    plan = tiny_plan(models, suite, consistency=ConsistencyPlan(items=0))
    plan = msgspec.structs.replace(plan, settings=msgspec.structs.replace(plan.settings, max_thinking_tokens=20))
    with Store.open(folder / "runs.sqlite3") as store:
        return Ran(plan, run_plan(plan, store))


def test_the_race_drops_nobody_for_thinking_or_for_a_line_break(ran: Ran) -> None:
    assert not [event for event in ran.events if isinstance(event, ev.CandidateStopped)]
    accuracies = {row.candidate: row.accuracy for row in ran.verdict.rankings}
    assert {name: value for name, value in accuracies.items() if "long" not in name} == {
        "plain-f32": 1.0, "newline-f32": 1.0, "thinks-f32": 1.0,
    }  # fmt: skip


def test_the_verdict_says_how_many_answers_were_cut_and_how_to_avoid_it(ran: Ran) -> None:
    row = next(row for row in ran.verdict.rankings if "long" in row.candidate)
    assert (row.accuracy, row.cut_while_thinking, row.blank_answers) == (0.0, row.items, 0)
    assert (
        f"long F32: {row.items} answers of {row.items} ended while the model was still thinking, and count as wrong."
        " Allow more with --max-thinking-tokens (it was 20)."
    ) in ran.verdict.warnings


def test_a_cut_answer_is_told_apart_from_a_wrong_one(ran: Ran) -> None:
    answers = [event for event in ran.events if isinstance(event, ev.AnswerScored) and "long" in event.candidate]
    assert {answer.stop for answer in answers} == {"thinking budget"}
    assert not any(answer.thinking_closed or answer.blank or answer.correct for answer in answers)


def test_the_panel_counts_cut_answers_live(ran: Ran) -> None:
    panel = next(panel for panel in fold_all(ran.events).panels if "long" in panel.card.id)
    lines = [line.plain for line in paint_panel(panel, Look(bound=100.0), 60, 24)]
    assert any(f"cut while thinking {panel.answered}" in line for line in lines)
    assert any("still thinking: <think>" in line for line in lines)


def test_the_export_has_what_was_cut(ran: Ran) -> None:
    document = json.loads(run_json(ran.plan, ran.events))
    jsonschema.validate(document, json.loads(asset("schema/run.schema.json").read_text(encoding="utf-8")))
    cut = {row["id"]: row["cut_while_thinking"] for row in document["candidates"]}
    assert cut["long-f32"] > 0 == cut["thinks-f32"]
