"""One run, from the frozen plan to the verdict; every durable fact is stored before it is told.

A run is a sequence of rounds. In each, every candidate still in the race does a speed repeat, a chat prompt and the
same blocks of items; the order of the candidates turns round by round, so that heat and neighbours hit all alike.
One candidate computes at a time. A block is a fixed set of items computed from an empty cache, so that a resumed run
computes exactly what an uninterrupted one would have.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import msgspec

from .. import paths
from ..errors import WeighinError
from ..events.run import (
    DURABLE,
    CandidateCard,
    CandidateStopped,
    Event,
    Phase,
    PhaseChanged,
    RoundStarted,
    RunContinued,
    RunFinished,
    RunOutcome,
    RunPaused,
    RunStarted,
    SpeedKind,
    StopReason,
    SuiteCard,
    SuiteDropped,
    WorkerDied,
)
from ..judging.summary import summarize
from ..judging.verdict import reach_verdict
from ..plan.model import Candidate
from ..prepare.freeze import OpenedRun, fit_together
from ..store.store import Store
from ..tasks.chatprompts import chat_prompts
from ..worker.protocol import Beat, Command, Report
from ..worker.supervisor import Patience, WorkerLostError, WorkerRefusedError
from .pool import Interrupted, WorkerPool
from .progress import Progress, fold
from .race import RaceWatch
from .rounds import Schedule, Step
from .visit import Visit


class CancelledByUser(Exception):  # noqa: N818 - no error: the user's wish
    """The run ends here; everything so far stays."""


class CandidateLeft(Exception):  # noqa: N818 - no error: the user's wish
    """The candidate being worked on was skipped."""


class Session:
    """Runs a stored plan. Controls may be called from the same event loop at any moment while ``run`` goes on."""

    def __init__(
        self,
        opened: OpenedRun,
        store: Store,
        run_id: str,
        *,
        clock: Callable[[], float] = time.time,
        logs: Path | None = None,
        patience: Patience | None = None,
        machine: str = "",
    ) -> None:
        self.plan = plan = opened.plan
        self.run_id = run_id
        self._store = store
        self._clock = clock
        self._pool = WorkerPool(plan.settings, logs=logs or paths.logs_dir(), patience=patience)
        self._machine = machine
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._running = asyncio.Event()
        self._running.set()
        self._cancelled = False
        self._skipped: set[str] = set()
        self._active = ""
        self._suites = opened.suites
        self._progress = Progress()
        self._race = RaceWatch(plan, opened.suites)
        self._started_at = 0.0

    # Controls

    def pause(self) -> None:
        """Stop after the command under way, until ``unpause``."""
        if self._running.is_set():
            self._running.clear()
            self.emit(RunPaused())

    def unpause(self) -> None:
        """Go on."""
        if not self._running.is_set():
            self._running.set()
            self.emit(RunContinued())

    def skip(self, candidate: str) -> None:
        """Ask nothing more of ``candidate``; its results so far stay."""
        self._skipped.add(candidate)
        if candidate == self._active:
            self._pool.interrupt.set()

    def drop_suite(self, suite: str) -> None:
        """Ask no more items of ``suite``."""
        if suite not in self._progress.dropped_suites:
            self.emit(SuiteDropped(suite=suite))

    def cancel(self) -> None:
        """End the run now; at most the items in flight are lost, and the run can be resumed."""
        self._cancelled = True
        self._running.set()
        self._pool.interrupt.set()

    # Running

    async def run(self) -> AsyncIterator[Event]:
        """Do the run and yield every event; durable ones are stored already. The last one is the verdict.

        Raises:
            StoreError: the database failed; the run can be resumed once it works again.
            RunBusyError: another process is working on this run.
        """
        with self._store.lock(self.run_id):
            driver = asyncio.create_task(self._drive())
            try:
                while (event := await self._events.get()) is not None:
                    yield event
                await driver
            finally:
                self.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await driver

    async def _drive(self) -> None:
        outcome: RunOutcome = "failed"
        detail = ""
        try:
            await self._begin()
            outcome = await self._rounds()
        except CancelledByUser:
            outcome = "cancelled"
        except WeighinError as error:
            detail = str(error)
            raise
        finally:
            await self._pool.kill_all()
            try:
                if outcome != "failed" or not detail:
                    await self._finish(outcome, detail)
            finally:
                self._events.put_nowait(None)

    async def _begin(self) -> None:
        earlier = await asyncio.to_thread(self._stored_events)
        self._progress = fold(earlier)
        self._started_at = self._clock()
        self._store.set_status(self.run_id, "running")
        for event in earlier:
            self._race.note(event)
        self.emit(
            RunStarted(
                run_id=self.run_id,
                candidates=tuple(
                    CandidateCard(id=c.id, name=c.name, quant=c.quant, size_bytes=c.size_bytes, note=c.note)
                    for c in self.plan.candidates
                ),
                suites=tuple(
                    SuiteCard(
                        name=s.spec.name,
                        title=s.spec.title,
                        items=len(s.items),
                        chance=s.spec.chance,
                        metric=s.spec.metric,
                        group_kind=s.spec.group_kind,
                        groups=s.subjects(),
                        n_shot=s.spec.n_shot or len(s.spec.shots),
                    )
                    for s in self._suites
                ),
                repeats=self.plan.speed.repeats,
                resumed=bool(earlier),
                n_threads=self.plan.settings.n_threads,
                machine=self._machine,
            )
        )

    async def _rounds(self) -> RunOutcome:
        schedule = Schedule(self.plan, self._suites, self._progress, together=fit_together(self.plan.candidates))
        prompts = chat_prompts()[: self.plan.speed.chat_prompts]
        candidates = {c.id: c for c in self.plan.candidates}
        number = 0
        while True:
            racing = [name for name in candidates if not self._progress.of(name).stopped]
            work = schedule.next_round(racing, len(prompts), left_s=self._left())
            if work is None:
                return "completed"
            number += 1
            seconds = schedule.seconds_left(len(prompts))
            self.emit(
                RoundStarted(
                    number=number,
                    planned=number + schedule.rounds_left(len(prompts)),
                    seconds_left=None if seconds is None else min(seconds, self._left()),
                )
            )
            loading_before_s, started = self._pool.loading_s, time.monotonic()
            for candidate_id in work.order:
                if not await self._visit(candidates[candidate_id], schedule.visit(candidate_id, work), prompts):
                    return "out of time"
                if not schedule.together:
                    await self._pool.unload(candidate_id)
            await self._judge()
            schedule.round_done(loading_s=self._pool.loading_s - loading_before_s, elapsed_s=time.monotonic() - started)

    async def _judge(self) -> None:
        """After a round: open the race once all are measured, and stop whom it decides on."""
        if self._race.wanted:
            summary = summarize(self._store.events(self.run_id))
            started = self._race.open([summary.of(c.id) for c in self.plan.candidates])
            if started is not None:
                self.emit(started)
        for decision in self._race.decide():
            self.emit(decision)
            if isinstance(decision, CandidateStopped):
                self.phase(decision.candidate, "stopped", decision.detail)
                await self._pool.unload(decision.candidate)

    async def _visit(self, candidate: Candidate, steps: Sequence[Step], prompts: Sequence[str]) -> bool:
        """Let one candidate do its steps of the round; False when the time budget is spent."""
        if not steps:
            return True
        self._active = candidate.id
        self._pool.interrupt.clear()
        visit = Visit(self, candidate, self._suites, prompts)
        pending = list(steps)
        try:
            while pending:
                await self.checkpoint()
                if self._left() <= 0:
                    return False
                try:
                    await self._ensure_loaded(candidate)
                    await visit.do(pending[0])
                    pending.pop(0)
                except Interrupted:
                    await self.checkpoint()
                    raise CandidateLeft from None
                except WorkerLostError as error:
                    self._worker_lost(candidate, error)
                except WorkerRefusedError as error:
                    self._stop(candidate.id, "failed", str(error))
                if self._progress.of(candidate.id).stopped:
                    await self._pool.unload(candidate.id)
                    return True
        except CandidateLeft:
            self._stop(candidate.id, "skipped by the user", "")
            await self._pool.unload(candidate.id)
            return True
        finally:
            self._active = ""
        self.phase(candidate.id, "waiting")
        return True

    # What visits use

    def emit(self, event: Event) -> None:
        """Store ``event`` if it is durable, count it, and hand it on."""
        self.emit_all([event])

    def emit_all(self, events: Sequence[Event]) -> None:
        """As ``emit``, all in one transaction."""
        stamped = [msgspec.structs.replace(event, at=self._clock()) for event in events]
        durable = [event for event in stamped if isinstance(event, DURABLE)]
        if durable:
            self._store.append(self.run_id, durable)
        for event in stamped:
            self._progress.note(event)
            self._race.note(event)
            self._events.put_nowait(event)

    def phase(self, candidate: str, phase: Phase, detail: str = "") -> None:
        """Tell what a candidate is doing."""
        self.emit(PhaseChanged(candidate=candidate, phase=phase, detail=detail))

    def memory_measured(self, candidate: str) -> bool:
        """Whether the candidate's memory is known already."""
        return self._progress.of(candidate).memory_measured

    def repeats_done(self, candidate: str, kind: SpeedKind) -> set[int]:
        """Numbers of the speed repeats that need not be measured again."""
        return self._progress.of(candidate).repeats[kind]

    async def ask(self, candidate: Candidate, command: Command, phase: Phase) -> Report:
        """Ask the candidate's worker, given up when the user cancels or skips."""

        def beat(report: Beat) -> None:
            self.phase(candidate.id, phase, report.note)

        return await self._pool.ask(candidate.id, command, beat)

    async def checkpoint(self) -> None:
        """Wait while paused; leave when cancelled or skipped."""
        await self._running.wait()
        if self._cancelled:
            raise CancelledByUser
        if self._active in self._skipped and not self._progress.of(self._active).stopped:
            raise CandidateLeft

    # Workers

    async def _ensure_loaded(self, candidate: Candidate) -> None:
        def beat(report: Beat) -> None:
            if report.note == "warming up":
                self.phase(candidate.id, "warming up")
            else:
                self.phase(candidate.id, "loading", "" if report.share is None else f"{report.share:.0%}")

        if not self._pool.has(candidate.id):
            self.phase(candidate.id, "loading")
        loaded = await self._pool.load(candidate, beat)
        if loaded is not None:
            self.emit(loaded)

    def _worker_lost(self, candidate: Candidate, error: WorkerLostError) -> None:
        self.emit(
            WorkerDied(
                candidate=candidate.id,
                failure=error.failure,
                reason=error.what,
                log_path=str(error.log_path),
                log_tail=error.log_tail,
            )
        )
        if not self._pool.bury(candidate.id, error.failure):
            self._stop(candidate.id, "failed", error.what)

    def _stop(self, candidate: str, reason: StopReason, detail: str) -> None:
        self.emit(CandidateStopped(candidate=candidate, reason=reason, detail=detail))
        self.phase(candidate, "failed" if reason == "failed" else "stopped", detail)

    # Time and end

    def _left(self) -> float:
        """Seconds of the time budget left; infinite without one."""
        if not self.plan.time_budget_s:
            return float("inf")
        return self.plan.time_budget_s - self._progress.active_s - (self._clock() - self._started_at)

    async def _finish(self, outcome: RunOutcome, detail: str) -> None:
        for candidate in self.plan.candidates:
            if not self._progress.of(candidate.id).stopped:
                self.phase(candidate.id, "done")
        self.emit(RunFinished(outcome=outcome, detail=detail))
        self.emit(await asyncio.to_thread(lambda: reach_verdict(self.plan, self._stored_events())))
        self._store.set_status(self.run_id, outcome)

    def _stored_events(self) -> list[Event]:
        """All events of the run, read by a connection of its own: for a thread, since a long run has many."""
        with Store.open(self._store.path) as store:
            return store.events(self.run_id)
