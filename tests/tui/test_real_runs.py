"""The app on the real engine: deaths, a full disk, cancelling in every phase, resizing, quitting and resuming."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from weighin.engine.events import AnswerScored, RunFinished, SpeedMeasured
from weighin.engine.plan import Plan, Settings, SpeedPlan, SuiteChoice
from weighin.engine.prepare import candidates_from_paths, freeze_plan
from weighin.engine.session import Session
from weighin.engine.store.store import Store
from weighin.tui.app import WeighinApp
from weighin.tui.following import RunFollower
from weighin.tui.library import StoreLibrary
from weighin.tui.modals.dialogs import Confirm, ErrorDialog
from weighin.tui.source import SessionSource


@pytest.fixture
def plan(tiny_models: list[Path], tmp_path: Path) -> Plan:
    data = tmp_path / "colours.jsonl"
    rows = [{"question": f"Colour of city {n}?", "choices": ["red", "blue"], "answer": n % 2} for n in range(64)]
    data.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return freeze_plan(
        Plan(
            candidates=candidates_from_paths(str(file) for file in tiny_models),
            suites=(SuiteChoice(name="colours", data=str(data)),),
            settings=Settings(n_ctx=512, n_batch=256, n_ubatch=128, n_threads=1),
            speed=SpeedPlan(
                n_prompt=16, n_generate=4, repeats=2, max_disturbed_retries=0, chat_prompts=2, chat_tokens=3
            ),
        )
    )


@pytest.fixture
def database(home: Path) -> Path:
    return home / "runs.sqlite3"


def start(plan: Plan, database: Path, run_id: str = "r1") -> tuple[WeighinApp, Session]:
    store = Store.open(database)
    store.create_run(run_id, "a run", plan)
    session = Session(plan, store, run_id)
    source = SessionSource(session, title="a run", close=store.close)
    return WeighinApp(source, library=StoreLibrary(database)), session


async def until(pilot: Pilot[int], what: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come to that"
        await pilot.pause(0.02)


def completed(app: WeighinApp) -> bool:
    board = app.follower.board
    return board.verdict is not None and board.finished is not None and board.finished.outcome == "completed"


def stored(database: Path, run_id: str = "r1") -> list[object]:
    with Store.open(database) as store:
        return list(store.events(run_id))


def assert_complete(database: Path, plan: Plan) -> None:
    events = stored(database)
    answers = [(e.candidate, e.item) for e in events if isinstance(e, AnswerScored)]
    assert len(answers) == len(set(answers)) == 64 * len(plan.candidates)
    speeds = {(e.candidate, e.kind, e.repeat) for e in events if isinstance(e, SpeedMeasured) and e.final}
    assert len(speeds) == 2 * 2 * len(plan.candidates)


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
async def test_a_killed_worker_is_told_its_log_is_there_and_the_run_goes_on(plan: Plan, database: Path) -> None:
    app, session = start(plan, database)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: any(panel.generation.repeats for panel in app.follower.board.panels))
        victim = plan.candidates[0].id
        await until(pilot, lambda: session._pool.has(victim))
        pid = session._pool._workers[victim].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(pilot, lambda: any(panel.death for panel in app.follower.board.panels))
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        await pilot.press("escape")
        await until(pilot, lambda: completed(app))
    assert_complete(database, plan)


async def test_a_full_disk_ends_in_a_dialog_and_the_run_can_be_resumed(
    plan: Plan, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, _session = start(plan, database)
    append = Store.append
    full = True

    def refusing(store: Store, run_id: str, events: list[object]) -> None:
        if full and any(isinstance(event, AnswerScored) for event in events):
            with store._explained():
                raise sqlite3.OperationalError("database or disk is full")
        append(store, run_id, events)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "append", refusing)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        await pilot.press("escape")
        await until(pilot, lambda: not app.follower.active)
        full = False
        await app.open_run("r1", resume=True)
        await until(pilot, lambda: completed(app))
    assert_complete(database, plan)


@pytest.mark.parametrize("phase", ["loading", "speed", "latency", "answering", "paused"])
async def test_cancelled_in_any_phase_it_keeps_all_and_goes_on_later(plan: Plan, database: Path, phase: str) -> None:
    app, session = start(plan, database)
    async with app.run_test(size=(100, 30)) as pilot:
        if phase == "paused":
            await until(pilot, lambda: bool(app.follower.board.panels))
            await pilot.press("p")
            await until(pilot, lambda: app.follower.board.paused)
        else:
            await until(pilot, lambda: any(panel.phase == phase for panel in app.follower.board.panels))
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: not app.follower.active)
        ends = [event.outcome for event in stored(database) if isinstance(event, RunFinished)]
        assert ends in (["cancelled"], ["completed"])  # the last answer may come before the key
        assert not session._pool._workers or all(w.pid is None for w in session._pool._workers.values())
        if ends == ["cancelled"]:
            await app.open_run("r1", resume=True)
            await until(pilot, lambda: completed(app))
    assert_complete(database, plan)


async def test_resizing_and_changing_screens_all_through_a_run(plan: Plan, database: Path) -> None:
    app, _session = start(plan, database)
    sizes = [(80, 24), (160, 48), (40, 12), (200, 60), (30, 8)]
    async with app.run_test(size=(120, 40)) as pilot:
        count = 0
        while not completed(app) or count < 25:
            await pilot.resize_terminal(*sizes[count % len(sizes)])
            await pilot.press("1234"[count % 4])
            await pilot.pause(0.02)
            count += 1
            assert count < 2000
    assert_complete(database, plan)


async def test_quit_in_the_middle_and_resume_from_the_history(plan: Plan, database: Path) -> None:
    app, _session = start(plan, database)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.follower.board.answered > 0)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: not app.is_running)
    assert app.return_value == 130
    again = WeighinApp(None, library=StoreLibrary(database), mode="history")
    async with again.run_test(size=(100, 30)) as pilot:
        with contextlib.suppress(AttributeError):
            await until(pilot, lambda: bool(again.screen._lines))  # type: ignore[attr-defined]
        await pilot.press("r")
        await until(pilot, lambda: completed(again))
        assert isinstance(again.follower, RunFollower)
    assert_complete(database, plan)
