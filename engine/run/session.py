"""One run, from the opened plan to the verdict; every durable fact is stored before it is told.

A run is a sequence of rounds. In each, every candidate still in the race does a speed repeat, a chat prompt and the
same blocks of items; the order of the candidates alternates from round to round, so that heat and neighbors affect all
alike. One candidate computes at a time. A block is a fixed set of items computed from an empty cache, so that a resumed
run computes exactly what an uninterrupted one would have.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable

from ..errors import WeighinError
from ..events.notes import Note, StoreSettingsUnused, TriedAgain
from ..events.run import (
    CandidateCard,
    CandidateNoted,
    CandidateStopped,
    Event,
    RoundStarted,
    RunContinued,
    RunFinished,
    RunOutcome,
    RunPaused,
    RunStarted,
    SuiteCard,
    SuiteDropped,
)
from ..judging.summary import summarize
from ..judging.verdict import reach_verdict
from ..plan.model import Plan
from ..prepare.freeze import OpenedRun, fit_together
from ..store.store import Store
from ..tasks.chatprompts import chat_prompts
from ..tasks.items import Suite
from .asked import chat_shapes, lengths_to_check
from .consistency.questions import ConsistencyQuestions
from .controls import CancelledByUser, Controls
from .log import RunLog
from .model_files import ModelFiles
from .pool import WorkerPool
from .progress import Progress
from .race import RaceWatch
from .rounds import Schedule
from .visit import RunContext, Visit


class Session:
    """Executes a stored run. While ``run`` is at work, its controls may be called at any time from the same loop."""

    def __init__(self, opened: OpenedRun, store: Store, run_id: str, *, machine: str = "") -> None:
        self.plan = plan = opened.plan
        self.run_id = run_id
        self._suites = opened.suites
        self._store = store
        self._machine = machine
        self._started_at = 0.0
        self._retries = False
        self._controls = Controls()
        self._progress = Progress()
        self._race = RaceWatch(plan, opened.suites)
        self._log = RunLog(store, run_id, listeners=(self._progress.note, self._race.note))
        self._pool = WorkerPool(
            plan.settings,
            interrupt=self._controls.interrupt,
            noticed=self._noticed,
            needs=chat_shapes(opened.suites),
        )

    # Controls

    def retry_failed(self) -> None:
        """Try candidates again that failed in earlier parts of the run. Only before it runs."""
        self._retries = True

    def pause(self) -> None:
        """Hold after the command under way, until ``unpause``."""
        if not self._controls.paused:
            self._controls.pause()
            self._log.emit(RunPaused())

    def unpause(self) -> None:
        """Continue."""
        if self._controls.paused:
            self._controls.unpause()
            self._log.emit(RunContinued())

    def skip(self, candidate: str) -> None:
        """Ask nothing more of ``candidate``; its results so far stay."""
        self._controls.skip(candidate)

    def drop_suite(self, suite: str) -> None:
        """Ask no more items of ``suite``."""
        if suite not in self._progress.dropped_suites:
            self._log.emit(SuiteDropped(suite=suite))

    def cancel(self) -> None:
        """End the run now; only the items being computed are lost, and the run can be resumed."""
        self._controls.cancel()

    # Running

    async def run(self) -> AsyncIterator[Event]:
        """Execute the run and yield every event; durable ones are stored already. The last one is the verdict.

        Raises:
            StoreError: the database failed; the run can be resumed once it works again.
            RunBusyError: another process is working on this run.
        """
        with self._store.locks.hold(self.run_id):
            driver = asyncio.create_task(self._drive())
            try:
                while (event := await self._log.next()) is not None:
                    yield event
                await driver
            finally:
                self.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await driver

    async def _drive(self) -> None:
        """Do everything up to the verdict.

        A ``WeighinError`` is something the user can fix, such as a full disk: the run stays unfinished, to be resumed.
        Any other error is a fault of ours, which resuming would meet again: the run is finished as failed, with a
        verdict on what was measured.
        """
        outcome: RunOutcome | None = "failed"
        detail = ""
        try:
            await self._begin()
            outcome = await self._rounds()
        except CancelledByUser:
            outcome = "cancelled"
        except WeighinError:
            outcome = None
            raise
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"
            raise
        finally:
            await self._pool.kill_all()
            try:
                if outcome is not None:
                    await self._finish(outcome, detail)
            finally:
                self._log.close()

    async def _begin(self) -> None:
        earlier = await self._log.stored()
        self._progress.replay(earlier)
        for event in earlier:
            self._race.note(event)
        self._started_at = time.monotonic()
        self._store.set_status(self.run_id, "running")
        self._log.emit(_run_started(self.run_id, self.plan, self._suites, machine=self._machine, resumed=bool(earlier)))
        for name in _failed(earlier) if self._retries else ():
            attempts = sum(isinstance(note, TriedAgain) for note in self._progress.of(name).notes)
            self._log.emit(CandidateNoted(candidate=name, note=TriedAgain(attempt=attempts + 2)))
        for candidate in self.plan.candidates:
            if candidate.store_unused:
                note = StoreSettingsUnused(store=candidate.store, parts=candidate.store_unused)
                self._noticed(candidate.id, note)

    async def _rounds(self) -> RunOutcome:
        plan, pool = self.plan, self._pool
        run = RunContext(
            plan=plan,
            suites={suite.spec.name: suite for suite in self._suites},
            prompts=chat_prompts()[: plan.speed.chat_prompts],
            questions=ConsistencyQuestions(plan.consistency, self._suites),
            lengths=lengths_to_check(self._suites, plan.settings),
            log=self._log,
            progress=self._progress,
            pool=pool,
            files=ModelFiles(plan),
            controls=self._controls,
        )
        together = fit_together(plan.candidates)
        schedule = Schedule(plan, self._suites, self._progress, run.questions, together=together)
        candidates = {c.id: c for c in plan.candidates}
        chats = len(run.prompts)
        number = 0
        while True:
            racing = [name for name in candidates if not self._progress.of(name).stopped]
            work = schedule.next_round(racing, chats, left_s=self._left_s())
            if work is None:
                return "completed"
            number += 1
            seconds = schedule.seconds_left(chats)
            self._log.emit(
                RoundStarted(
                    number=number,
                    planned=number + schedule.rounds_left(chats),
                    seconds_left=None if seconds is None else min(seconds, self._left_s()),
                )
            )
            loading_before_s, started = pool.loading_s, time.monotonic()
            for name in work.order:
                steps = schedule.visit(name, work)
                if steps and not await Visit(run, candidates[name]).carry_out(steps, left_s=self._left_s):
                    return "out of time"
                if not together:
                    await pool.unload(name)
            await self._judge()
            schedule.round_done(loading_s=pool.loading_s - loading_before_s, elapsed_s=time.monotonic() - started)

    def _noticed(self, candidate: str, note: Note) -> None:
        """Tell a note once, also if the run was resumed or the model loaded again."""
        if note not in self._progress.of(candidate).notes:
            self._log.emit(CandidateNoted(candidate=candidate, note=note))

    async def _judge(self) -> None:
        """After a round, open the race once every candidate is measured, and stop those that it decides against."""
        if self._race.wanted:
            stored = await self._log.stored()
            summary = await asyncio.to_thread(summarize, stored)
            started = self._race.open([summary.of(c.id) for c in self.plan.candidates])
            if started is not None:
                self._log.emit(started)
        for decision in self._race.decide():
            self._log.emit(decision)
            if isinstance(decision, CandidateStopped):
                self._log.phase(decision.candidate, "stopped", decision.detail)
                await self._pool.unload(decision.candidate)

    def _left_s(self) -> float:
        """Seconds of the time budget left; infinite without one."""
        if not self.plan.time_budget_s:
            return float("inf")
        return self.plan.time_budget_s - self._progress.active_s - (time.monotonic() - self._started_at)

    async def _finish(self, outcome: RunOutcome, detail: str) -> None:
        for candidate in self.plan.candidates:
            if not self._progress.of(candidate.id).stopped:
                self._log.phase(candidate.id, "done")
        self._log.emit(RunFinished(outcome=outcome, detail=detail))
        stored = await self._log.stored()
        self._log.emit(await asyncio.to_thread(reach_verdict, self.plan, stored))
        self._store.set_status(self.run_id, outcome)


def _failed(events: Iterable[Event]) -> list[str]:
    """The candidates that failed and were not tried again."""
    failed: dict[str, None] = {}
    for event in events:
        if isinstance(event, CandidateStopped) and event.reason == "failed":
            failed[event.candidate] = None
        elif isinstance(event, CandidateNoted) and isinstance(event.note, TriedAgain):
            failed.pop(event.candidate, None)
    return list(failed)


def _run_started(run_id: str, plan: Plan, suites: tuple[Suite, ...], *, machine: str, resumed: bool) -> RunStarted:
    return RunStarted(
        run_id=run_id,
        candidates=tuple(
            CandidateCard(id=c.id, name=c.name, quant=c.quant, size_bytes=c.size_bytes, note=c.note)
            for c in plan.candidates
        ),
        suites=tuple(
            SuiteCard(
                name=suite.spec.name,
                title=suite.spec.title,
                items=len(suite.items),
                chance=suite.spec.chance,
                metric=suite.spec.metric,
                group_kind=suite.spec.group_kind,
                groups=suite.subjects(),
                n_shot=suite.spec.n_shot or len(suite.spec.shots),
            )
            for suite in suites
        ),
        repeats=plan.speed.repeats,
        resumed=resumed,
        n_threads=plan.settings.n_threads,
        machine=machine,
    )
