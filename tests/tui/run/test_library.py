"""Stored runs in a real database, and the app on top of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from weighin.engine.errors import PlanError, WeighinError
from weighin.engine.events.run import DURABLE, Event, VerdictReached
from weighin.engine.plan.model import FileSource, OwnSuite, Plan
from weighin.engine.prepare.freeze import candidates_from_paths, freeze_plan
from weighin.engine.report.export import formats
from weighin.engine.store.store import Store
from weighin.tui.app.app import WeighinApp
from weighin.tui.run.library import StoreLibrary


@pytest.fixture
def stored(tmp_path: Path, run_events: Callable[..., list[Event]], run_plan: Callable[..., Plan]) -> Any:
    path = tmp_path / "runs.sqlite3"
    with Store.open(path) as store:
        for name, part in (("whole", 1.0), ("broken", 0.5)):
            events = run_events(3)
            events = events[: int(len(events) * part)]
            store.create_run(name, f"the {name} one", run_plan(3))
            store.append(name, [event for event in events if isinstance(event, DURABLE)])
        store.set_status("whole", "completed")
    return StoreLibrary(path)


def test_lists_opens_and_reaches_a_verdict_where_none_is_stored(stored: Any) -> None:
    assert {line.id: line.can_resume for line in stored.runs()} == {"whole": False, "broken": True}
    plan, events = stored.load("broken")
    assert len(plan.candidates) == 3
    assert isinstance(events[-1], VerdictReached)


def test_renames_and_deletes(stored: Any) -> None:
    stored.rename("whole", "better")
    assert [line.name for line in stored.runs() if line.id == "whole"] == ["better"]
    stored.delete("whole")
    assert [line.id for line in stored.runs()] == ["broken"]


def test_exports_every_format_of_the_command_line(stored: Any, tmp_path: Path) -> None:
    assert stored.formats() == formats()
    for name in (each.name for each in stored.formats()):
        if name == "lm-eval":
            continue  # the scripted run has none of its items
        written = stored.export("whole", name, tmp_path / f"{name}.txt")
        assert written.stat().st_size > 0
    with pytest.raises(WeighinError):
        stored.export("whole", "json", tmp_path / "no" / "such" / "folder.csv")


def test_a_missing_run_is_an_error_for_people(stored: Any) -> None:
    with pytest.raises(WeighinError):
        stored.load("nothing")


async def test_the_app_opens_a_stored_run(stored: Any) -> None:
    app = WeighinApp(None, library=stored, mode="history")
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.pause(0.3)
        await app.open_runs.open("whole")
        await pilot.pause(0.1)
        assert app.current_mode == "results"
        assert app.follower.board.answered == 180
        assert app.follower.plan is not None


def test_a_run_whose_data_has_changed_is_not_resumed(
    tmp_path: Path, tiny_models: list[Path], choice_file: Path
) -> None:
    suites = (OwnSuite(name="colours", source=FileSource(path=str(choice_file))),)
    opened = freeze_plan(Plan(candidates=candidates_from_paths([str(tiny_models[0])]), suites=suites))
    path = tmp_path / "runs.sqlite3"
    with Store.open(path) as store:
        store.create_run("r", "r", opened.plan)
    assert StoreLibrary(path).reopen("r") == opened
    choice_file.write_text(choice_file.read_text() + "\n\n")
    with pytest.raises(PlanError, match="changed since the run started"):
        StoreLibrary(path).reopen("r")
