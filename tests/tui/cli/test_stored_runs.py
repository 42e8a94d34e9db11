"""Runs that an earlier version stored still open: shown, exported, replayed, listed, and resumed to the end."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fixtures.stored_runs import StoredRuns

from weighin.engine.events.run import AnswerScored, CandidateStopped, SpeedMeasured, VerdictReached
from weighin.engine.judging.verdict import reach_verdict
from weighin.engine.plan.model import BuiltInSuite, OwnSuite
from weighin.engine.report.export import formats
from weighin.engine.store.store import Store
from weighin.tui.app.app import WeighinApp
from weighin.tui.cli.main import main
from weighin.tui.run.board import fold_all
from weighin.tui.run.library import StoreLibrary
from weighin.tui.run.source import ReplaySource


def call(*arguments: str) -> str:
    """Run a command in this process, to a good end; returns what it wrote to stdout."""
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def stored_answers(store: Store, run_id: str) -> dict[tuple[str, str, str, int], AnswerScored]:
    answers = [event for event in store.events(run_id) if isinstance(event, AnswerScored)]
    by_key = {(a.candidate, a.suite, a.item, a.repeat): a for a in answers}
    assert len(by_key) == len(answers)
    return by_key


def test_both_runs_are_listed(stored_runs: StoredRuns) -> None:
    rows: list[dict[str, Any]] = json.loads(call("runs", "--json"))
    assert [(row["id"], row["status"], row["answers"]) for row in rows] == [
        (stored_runs.cancelled, "cancelled", 48),
        (stored_runs.completed, "completed", 372),
    ]
    assert rows[0]["suites"] == ["colours", "writing", "classify"]
    assert stored_runs.completed in call("runs")


def test_the_plan_decodes_with_all_that_was_asked(old_store: Store, stored_runs: StoredRuns) -> None:
    plan = old_store.plan(stored_runs.completed)
    assert [c.id for c in plan.candidates] == ["base", "chatty", "small.q8_0"]
    assert all(c.sha256 and c.size_bytes and c.quant for c in plan.candidates)
    colours, writing, classify = plan.suites
    assert isinstance(colours, OwnSuite)
    assert colours.asking.columns == {"frage": "question"}
    assert isinstance(writing, OwnSuite)
    assert (writing.asking.scorer, writing.asking.max_tokens) == ("numeric", 12)
    assert isinstance(classify, BuiltInSuite)
    assert (classify.name, classify.limit, classify.data) == ("classify", 8, "")
    assert (plan.settings.n_ctx, plan.speed.repeats, plan.race.alpha) == (512, 2, 0.2)
    assert (plan.consistency.items, plan.consistency.order_items, plan.limits.max_memory_bytes) == (6, 6, 2**40)


def test_every_event_decodes_and_the_verdict_is_the_one_reached_then(old_store: Store, stored_runs: StoredRuns) -> None:
    events = old_store.events(stored_runs.completed)
    kinds = {type(event).__name__ for event in events}
    assert {"RaceSettled", "CandidateStopped", "SamplesDrawn", "OptionsTurned", "PromptsReworded", "BlockRepeated"} <= (
        kinds
    )
    then = next(event for event in reversed(events) if isinstance(event, VerdictReached))
    now = reach_verdict(old_store.plan(stored_runs.completed), events)
    assert now.winner == then.winner == "base"
    assert [(r.candidate, r.accuracy, r.items) for r in now.rankings] == [
        (r.candidate, r.accuracy, r.items) for r in then.rankings
    ]
    assert [r.consistency for r in now.rankings] == [r.consistency for r in then.rankings]


def test_show_prints_the_verdict_and_the_answers(stored_runs: StoredRuns) -> None:
    assert "base" in call("show", stored_runs.completed)
    assert "✗" in call("show", stored_runs.completed, "--answers")
    shown = json.loads(call("show", stored_runs.completed, "--json", "--answers"))
    assert shown["verdict"]["winner"] == "base"
    assert len(shown["answers"]) == 372
    assert len(shown["verdict"]["rankings"]) == 3


def test_json_has_each_suite_of_the_plan_as_one_flat_table_like_a_plan_file(
    stored_runs: StoredRuns, tmp_path: Path
) -> None:
    target = tmp_path / "run.json"
    call("export", stored_runs.completed, "--format", "json", "-o", str(target))
    shown = json.loads(call("show", stored_runs.completed, "--json"))
    for document in (shown, json.loads(target.read_text(encoding="utf-8"))):
        colours, writing, classify = document["plan"]["suites"]
        assert colours["data"].endswith("colours.jsonl")
        assert colours["columns"] == {"frage": "question"}
        assert (writing["scorer"], writing["max_tokens"]) == ("numeric", 12)
        assert (classify["name"], classify["limit"]) == ("classify", 8)
        assert not {"source", "asking"} & (colours.keys() | writing.keys())


@pytest.mark.parametrize("fmt", [each.name for each in formats()])
def test_it_is_exported_in_every_format(fmt: str, stored_runs: StoredRuns, tmp_path: Path) -> None:
    for run_id in (stored_runs.completed, stored_runs.cancelled):
        target = tmp_path / run_id
        assert call("export", run_id, "--format", fmt, "-o", str(target)) == ""
        files = [path for path in (target, *target.rglob("*")) if path.is_file()]
        assert files
        assert all(path.stat().st_size for path in files)


def test_an_unknown_export_format_is_an_error_that_names_the_formats(stored_runs: StoredRuns, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["export", stored_runs.completed, "--format", "xls", "-o", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "json-answers" in result.output


def test_the_exported_answers_are_the_stored_ones(stored_runs: StoredRuns, old_store: Store, tmp_path: Path) -> None:
    call("export", stored_runs.completed, "--format", "answers-csv", "-o", str(tmp_path / "answers.csv"))
    with (tmp_path / "answers.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    stored = stored_answers(old_store, stored_runs.completed)
    assert {(row["candidate"], row["suite"], row["item"]) for row in rows} == {key[:3] for key in stored}


async def test_it_is_replayed(old_store: Store, stored_runs: StoredRuns) -> None:
    events = old_store.events(stored_runs.completed)
    played = [event async for event in ReplaySource(events, speed=0).events()]
    assert played == events
    board = fold_all(played)
    assert board.finished is not None
    assert board.finished.outcome == "completed"
    assert [panel.card.id for panel in board.panels] == ["base", "chatty", "small.q8_0"]


async def test_the_history_lists_it_and_opens_it(stored_runs: StoredRuns) -> None:
    library = StoreLibrary(stored_runs.database)
    assert {line.id: line.can_resume for line in library.runs()} == {
        stored_runs.completed: False,
        stored_runs.cancelled: True,
    }
    app = WeighinApp(None, library=library, mode="history")
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        await app.open_runs.open(stored_runs.completed)
        await pilot.pause()
        assert app.current_mode == "results"
        assert app.front.follower.board.verdict is not None
        assert app.front.follower.board.verdict.winner == "base"


@pytest.mark.real_model
def test_the_cancelled_run_is_resumed_and_completes(stored_runs: StoredRuns, old_store: Store) -> None:
    before = stored_answers(old_store, stored_runs.cancelled)
    lines = [json.loads(line) for line in call("resume", stored_runs.cancelled, "--json").splitlines()]
    assert lines[-1]["event"] == "VerdictReached"
    assert old_store.find(stored_runs.cancelled).status == "completed"
    after = stored_answers(old_store, stored_runs.cancelled)
    assert {key: after[key] for key in before} == before
    events = old_store.events(stored_runs.cancelled)
    stopped = {event.candidate for event in events if isinstance(event, CandidateStopped)}
    for candidate in ("base", "chatty", "small.q8_0"):
        asked = sum(key[0] == candidate and key[3] == 0 for key in after)
        assert asked == 96 + 16 + 8 or candidate in stopped
        speeds = [e for e in events if isinstance(e, SpeedMeasured) and e.candidate == candidate and e.final]
        assert {(e.kind, e.repeat) for e in speeds} >= {("prompt", 0), ("generation", 0)}
