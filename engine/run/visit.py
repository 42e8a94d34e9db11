"""One candidate's turn in a round: its model is loaded, its steps are carried out, and a lost worker is replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..events.run import BlockScored, CandidateStopped, SpeedKind, StopReason, WorkerDied
from ..plan.model import Candidate, Plan
from ..tasks.items import Suite
from ..tasks.requests import build_request
from ..worker.protocol import Beat, CheckLengths, Generated, LengthsChecked
from ..worker.supervisor import WorkerLostError, WorkerRefusedError
from .asking import Asker
from .consistency.questions import ConsistencyQuestions
from .controls import CandidateSkipped, Controls
from .log import RunLog
from .model_files import ModelFiles
from .pool import Interrupted, WorkerPool
from .progress import Progress
from .steps import Block, Chat, Reask, Speed, Step, block_range
from .timing import measure_chat, measure_speed

_SPEED_KINDS: tuple[SpeedKind, ...] = ("prompt", "generation")


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """What all visits of a run share."""

    plan: Plan
    suites: Mapping[str, Suite]
    prompts: Sequence[str]
    """The chat prompts."""
    questions: ConsistencyQuestions
    lengths: CheckLengths | None
    """The prompts that may be too long for some candidate."""
    log: RunLog
    progress: Progress
    pool: WorkerPool
    files: ModelFiles
    controls: Controls


class Visit:
    """One candidate's turn."""

    def __init__(self, run: RunContext, candidate: Candidate) -> None:
        self._run = run
        self._candidate = candidate
        self._asker = Asker(candidate, run.plan, run.log, run.pool)

    async def carry_out(self, steps: Sequence[Step], *, left_s: Callable[[], float]) -> bool:
        """Carry out ``steps``; False when the time budget is spent.

        A step whose worker dies is started afresh in another worker, where that is worth it. A candidate that fails or
        is skipped is stopped.

        Raises:
            CancelledByUser: the run ends here.
            WeighinError: the run cannot continue, such as when the database fails.
        """
        controls = self._run.controls
        controls.active = self._candidate.id
        controls.interrupt.clear()
        pending = list(steps)
        try:
            while pending:
                await controls.checkpoint()
                if left_s() <= 0:
                    return False
                await self._attempt(pending)
                if self._run.progress.of(self._candidate.id).stopped:
                    await self._run.pool.unload(self._candidate.id)
                    return True
        except CandidateSkipped:
            self._stop("skipped by the user", "")
            await self._run.pool.unload(self._candidate.id)
            return True
        finally:
            controls.active = ""
        self._run.log.phase(self._candidate.id, "waiting")
        return True

    async def _attempt(self, pending: list[Step]) -> None:
        """Try the first of ``pending`` and remove it if it was done."""
        try:
            await self._run.files.check(self._candidate)
            await self._ensure_loaded()
            await self._do(pending[0])
            pending.pop(0)
        except Interrupted:
            await self._run.controls.checkpoint()  # raises when the run was cancelled
            raise CandidateSkipped from None
        except WorkerLostError as error:
            self._worker_lost(error)
        except WorkerRefusedError as error:
            self._stop("failed", str(error))

    async def _ensure_loaded(self) -> None:
        log, pool, candidate = self._run.log, self._run.pool, self._candidate

        def beat(report: Beat) -> None:
            if report.note == "warming up":
                log.phase(candidate.id, "warming up")
            else:
                log.phase(candidate.id, "loading", "" if report.share is None else f"{report.share:.0%}")

        if not pool.has(candidate.id):
            log.phase(candidate.id, "loading")
        loaded = await pool.load(candidate, beat)
        if loaded is not None:
            log.emit(loaded)
            if self._run.lengths is not None:
                await self._asker.ask(self._run.lengths, LengthsChecked, "loading")

    async def _do(self, step: Step) -> None:
        if isinstance(step, Speed):
            await self._speed(step)
        elif isinstance(step, Chat):
            await measure_chat(self._asker, step.prompt, self._run.prompts[step.prompt])
        elif isinstance(step, Reask):
            self._run.log.emit(*await self._run.questions.ask(self._asker, step))
        else:
            await self._block(step)

    async def _speed(self, step: Speed) -> None:
        progress = self._run.progress.of(self._candidate.id)
        for kind in _SPEED_KINDS:
            if step.repeat not in progress.repeats[kind]:
                with_memory = kind == "generation" and not progress.memory_measured
                await measure_speed(self._asker, kind, step.repeat, with_memory=with_memory)

    async def _block(self, step: Block) -> None:
        suite = self._run.suites[step.suite]
        items = [suite.items[index] for index in block_range(suite, step.block)]
        self._asker.tell("answering", items[0].id)
        done = await self._asker.answer(suite, [build_request(suite.spec, item) for item in items])
        answers = await self._asker.scored(suite, items, done)
        await self._run.files.check(self._candidate)
        block = BlockScored(
            candidate=self._candidate.id,
            suite=step.suite,
            block=step.block,
            items=len(items),
            n_unique_prompt_tokens=done.n_unique_prompt_tokens,
            n_output_tokens=done.n_output_tokens if isinstance(done, Generated) else 0,
            elapsed_s=done.elapsed_s,
        )
        # One transaction: a block is answered as a whole or not at all.
        self._run.log.emit(*answers, block)

    def _worker_lost(self, error: WorkerLostError) -> None:
        self._run.log.emit(
            WorkerDied(
                candidate=self._candidate.id,
                failure=error.failure,
                reason=error.what,
                log_path=str(error.log_path),
                log_tail=error.log_tail,
            )
        )
        if not self._run.pool.may_restart(self._candidate.id, error.failure):
            self._stop("failed", error.what)

    def _stop(self, reason: StopReason, detail: str) -> None:
        self._run.log.emit(CandidateStopped(candidate=self._candidate.id, reason=reason, detail=detail))
        self._run.log.phase(self._candidate.id, "failed" if reason == "failed" else "stopped", detail)
