"""The app on the real engine: deaths, a full disk, cancelling in every phase, resizing, quitting and resuming."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import psutil
import pytest
from fixtures.runs import BRIEF, choice_suite, tiny_plan, write_choice_file, write_writing_file, writing_suite
from textual.pilot import Pilot

from weighin.engine.events.run import (
    AnswerScored,
    BlockRepeated,
    Event,
    PhaseChanged,
    PromptsReworded,
    RunFinished,
    SamplesDrawn,
    SpeedMeasured,
    VerdictReached,
)
from weighin.engine.plan.model import ConsistencyPlan, Plan, RacePlan
from weighin.engine.prepare.freeze import freeze_plan
from weighin.engine.run.session import Session
from weighin.engine.store.store import Store, explained
from weighin.engine.worker.protocol import Report
from weighin.engine.worker.supervisor import Worker
from weighin.tui.app.app import WeighinApp
from weighin.tui.modals.dialogs import Confirm, ErrorDialog
from weighin.tui.run.follower import RunFollower
from weighin.tui.run.library import StoreLibrary
from weighin.tui.run.source import SessionSource

CHOICES = 40
WRITTEN = 8


@pytest.fixture(scope="module")
def plan(tiny_models: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Two candidates that answer everything, however good they are."""
    data = write_choice_file(tmp_path_factory.mktemp("choices"))
    return tiny_plan(tiny_models[:2], choice_suite(data), speed=BRIEF, race=RacePlan(enabled=False))


@pytest.fixture(scope="module")
def thorough(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The plan with generate items, too, so that answers are sampled, reworded and repeated."""
    suite = writing_suite(write_writing_file(tmp_path_factory.mktemp("writing")), limit=WRITTEN)
    consistency = ConsistencyPlan(items=6, samples=2, share=0.0)
    return freeze_plan(msgspec.structs.replace(plan, suites=(*plan.suites, suite), consistency=consistency)).plan


PHASES: dict[str, Callable[[PhaseChanged], bool]] = {
    "loading": lambda told: told.phase == "loading",
    "warming up": lambda told: told.phase == "warming up",
    "speed": lambda told: told.phase == "speed",
    "latency": lambda told: told.phase == "latency",
    "answering": lambda told: told.phase == "answering",
    "sampling": lambda told: told.detail.endswith(", 2 times"),
    "other words": lambda told: ", worded as " in told.detail,
    "once more": lambda told: told.detail.endswith(", once more"),
}
"""How each phase shows in an event."""


@pytest.fixture
def database(home: Path) -> Path:
    return home / "runs.sqlite3"


class Held(SessionSource):
    """Stops after the first event that matches ``hold_at`` until ``go_on`` is set, so that no short phase is missed."""

    def __init__(
        self, session: Session, *, title: str, close: Callable[[], None], hold_at: Callable[[Event], bool]
    ) -> None:
        super().__init__(session, title=title, close=close)
        self.hold_at = hold_at
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()

    async def events(self) -> AsyncIterator[Event]:
        async for event in super().events():
            yield event
            if not self.reached.is_set() and self.hold_at(event):
                self.reached.set()
                await self.go_on.wait()


def start(
    plan: Plan, database: Path, *, hold_at: Callable[[Event], bool] = lambda event: False
) -> tuple[WeighinApp, Session, Held]:
    store = Store.open(database)
    store.create_run("r1", "a run", plan)
    session = Session(freeze_plan(plan), store, "r1")
    source = Held(session, title="a run", close=store.close, hold_at=hold_at)
    return WeighinApp(source, library=StoreLibrary(database)), session, source


async def until(pilot: Pilot[int], what: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "that did not happen in time"
        await pilot.pause(0.02)


def completed(app: WeighinApp) -> bool:
    board = app.follower.board
    return board.verdict is not None and board.finished is not None and board.finished.outcome == "completed"


def stored(database: Path, run_id: str = "r1") -> list[object]:
    with Store.open(database) as store:
        return list(store.events(run_id))


def assert_complete(database: Path, plan: Plan) -> None:
    events = stored(database)
    told = [(e.candidate, e.suite, e.item, e.repeat) for e in events if isinstance(e, AnswerScored)]
    assert len(told) == len(set(told))
    answers = CHOICES + (WRITTEN if len(plan.suites) > 1 else 0)
    assert sum(repeat == 0 for *_, repeat in told) == answers * len(plan.candidates)
    speeds = {(e.candidate, e.kind, e.repeat) for e in events if isinstance(e, SpeedMeasured) and e.final}
    assert len(speeds) == 2 * 2 * len(plan.candidates)
    if len(plan.suites) > 1:
        assert sum(repeat > 0 for *_, repeat in told) == 6 * 2 * len(plan.candidates)
        for kind in (SamplesDrawn, PromptsReworded, BlockRepeated):
            assert {e.candidate for e in events if isinstance(e, kind)} == {c.id for c in plan.candidates}


class Halt:
    """Holds back every worker report from the event that matches ``begins``, so that the engine stays in that phase.

    Holding back events is not enough: the engine would continue behind them, to the end of a short run.
    """

    def __init__(
        self, session: Session, monkeypatch: pytest.MonkeyPatch, begins: Callable[[PhaseChanged], bool]
    ) -> None:
        self.candidate = ""
        """The candidate in that phase; empty until the phase begins."""
        self.pids: set[int] = set()
        """The process ids of the workers."""
        emit, next_report = session._log.emit, Worker._next_report

        def emitting(*events: Event) -> None:
            emit(*events)
            for event in events:
                if not self.candidate and isinstance(event, PhaseChanged) and begins(event):
                    self.candidate = event.candidate

        async def reading(worker: Worker) -> Report:
            if worker.pid is not None:
                self.pids.add(worker.pid)
            if self.candidate:
                await self.over.wait()
            return await next_report(worker)

        self.over = asyncio.Event()
        monkeypatch.setattr(session._log, "emit", emitting)
        monkeypatch.setattr(Worker, "_next_report", reading)


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
async def test_a_killed_worker_is_shown_with_its_log_and_the_run_continues(plan: Plan, database: Path) -> None:
    victim = plan.candidates[0].id
    app, session, source = start(
        plan, database, hold_at=lambda event: isinstance(event, SpeedMeasured) and event.candidate == victim
    )
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, source.reached.is_set)
        pid = session._pool._workers[victim].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        source.go_on.set()
        await until(pilot, lambda: any(panel.death for panel in app.follower.board.panels))
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        death = next(panel.death for panel in app.follower.board.panels if panel.death)
        await pilot.press("c")
        assert death.reason in app.clipboard
        assert death.log_path in app.clipboard
        assert all(line in app.clipboard for line in death.log_tail)
        await pilot.press("escape")
        await until(pilot, lambda: completed(app))
    assert_complete(database, plan)


async def test_a_full_disk_ends_in_a_dialog_and_the_run_can_be_resumed(
    plan: Plan, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, _session, _source = start(plan, database)
    append = Store.append
    full = True

    def refusing(store: Store, run_id: str, events: list[object]) -> None:
        if full and any(isinstance(event, AnswerScored) for event in events):
            with explained(store.path):
                raise sqlite3.OperationalError("database or disk is full")
        append(store, run_id, events)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "append", refusing)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        await pilot.press("escape")
        await until(pilot, lambda: not app.follower.active)
        full = False
        await app.open_runs.open("r1", resume=True)
        await until(pilot, lambda: completed(app))
    assert_complete(database, plan)


@pytest.mark.parametrize("phase", PHASES)
async def test_a_run_cancelled_in_any_phase_keeps_everything_and_resumes(
    thorough: Plan, database: Path, monkeypatch: pytest.MonkeyPatch, phase: str
) -> None:
    app, session, _source = start(thorough, database)
    halt = Halt(session, monkeypatch, PHASES[phase])
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: bool(halt.candidate))
        await until(pilot, lambda: session._log._queue.empty())
        panel = app.follower.board.panel(halt.candidate)
        assert panel is not None
        assert PHASES[phase](PhaseChanged(candidate=halt.candidate, phase=panel.phase, detail=panel.detail))
        before = stored(database)
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: not app.follower.active)
        events = stored(database)
        assert events[: len(before)] == before
        assert [type(event) for event in events[len(before) :]] == [RunFinished, VerdictReached]
        assert [event.outcome for event in events if isinstance(event, RunFinished)] == ["cancelled"]
        assert halt.pids
        assert not any(map(psutil.pid_exists, halt.pids))
        halt.over.set()
        await app.open_runs.open("r1", resume=True)
        await until(pilot, lambda: completed(app))
    assert_complete(database, thorough)


async def test_a_run_cancelled_while_paused_keeps_everything_and_resumes(plan: Plan, database: Path) -> None:
    app, session, _source = start(plan, database)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: bool(app.follower.board.panels))
        await pilot.press("p")
        await until(pilot, lambda: app.follower.board.paused)
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: not app.follower.active)
        assert [event.outcome for event in stored(database) if isinstance(event, RunFinished)] == ["cancelled"]
        assert all(worker.pid is None for worker in session._pool._workers.values())
        await app.open_runs.open("r1", resume=True)
        await until(pilot, lambda: completed(app))
    assert_complete(database, plan)


async def test_resizing_and_changing_screens_all_through_a_run(plan: Plan, database: Path) -> None:
    app, _session, _source = start(plan, database)
    sizes = [(80, 24), (160, 48), (40, 12), (200, 60), (30, 8)]
    async with app.run_test(size=(120, 40)) as pilot:
        count = 0
        while not completed(app) or count < 25:
            await pilot.resize_terminal(*sizes[count % len(sizes)])
            await pilot.press("1234"[count % 4])
            await pilot.pause(0.1)
            count += 1
            assert count < 2000
    assert_complete(database, plan)


async def test_quit_in_the_middle_and_resume_from_the_history(plan: Plan, database: Path) -> None:
    app, _session, source = start(plan, database, hold_at=lambda event: isinstance(event, AnswerScored))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, source.reached.is_set)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        source.go_on.set()
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
