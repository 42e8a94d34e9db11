"""Asks one candidate's worker and scores what it answers. Knows nothing of rounds, races and resuming."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypeVar

from ..errors import WeighinError
from ..events.run import AnswerScored, Phase
from ..plan.model import Candidate, Plan, PromptStyle
from ..tasks.items import GenerateItem, Item, Suite
from ..tasks.limited import GivenUpError, Row, limited
from ..tasks.requests import ChoiceRequest, GenerateRequest, GenerateResult
from ..tasks.scoring import score
from ..worker.protocol import ChoicesScored, Command, Generate, Generated, ScoreChoices
from .log import RunLog
from .pool import Interrupted, WorkerPool

R = TypeVar("R")
Request = ChoiceRequest | GenerateRequest


class Asker:
    """Asks ``candidate``, whose model must be loaded, under the conditions of ``plan``."""

    def __init__(self, candidate: Candidate, plan: Plan, log: RunLog, pool: WorkerPool) -> None:
        self.candidate = candidate
        self.plan = plan
        self.log = log
        self._pool = pool

    def tell(self, phase: Phase, detail: str) -> None:
        """Tell what the candidate is doing."""
        self.log.phase(self.candidate.id, phase, detail)

    def style(self, suite: Suite) -> PromptStyle:
        """How the candidate is prompted in ``suite``."""
        return suite.spec.prompt_style if self.candidate.prompt_style != "plain" else "plain"

    async def ask(self, command: Command, expected: type[R], phase: Phase) -> R:
        """Send ``command`` and wait for its report.

        Raises:
            WorkerLostError, WorkerRefusedError: the worker died, or cannot do it.
            Interrupted: the user wants to end or skip.
            WeighinError: the worker answered with a report of another type.
        """
        report = await self._pool.ask(self.candidate.id, command, lambda beat: self.tell(phase, beat.note))
        if not isinstance(report, expected):
            raise WeighinError(f"The worker for {self.candidate.id} answered {type(report).__name__} out of turn.")
        return report

    async def answer(self, suite: Suite, requests: Sequence[Request]) -> ChoicesScored | Generated:
        """Answer ``requests`` as one block; all of them are of the suite's kind. Raises as ``ask`` does."""
        style = self.style(suite)
        choices = tuple(request for request in requests if isinstance(request, ChoiceRequest))
        if choices:
            return await self.ask(ScoreChoices(requests=choices, style=style), ChoicesScored, "answering")
        texts = tuple(request for request in requests if isinstance(request, GenerateRequest))
        return await self.ask(Generate(requests=texts, style=style), Generated, "answering")

    async def scored(
        self, suite: Suite, items: Sequence[Item], done: ChoicesScored | Generated, *, repeats: Sequence[int] = ()
    ) -> list[AnswerScored]:
        """Score the results of ``done``, one per item; ``repeats`` numbers them where an item was asked again.

        Raises:
            SandboxError: code cannot be run safely on this machine.
            Interrupted: the user wants to end or skip.
        """
        numbers = repeats or [0] * len(items)
        results = list(zip(items, done.results, numbers, strict=True))
        texts = [
            (item, result, number)
            for item, result, number in results
            if isinstance(item, GenerateItem) and isinstance(result, GenerateResult)
        ]
        scored_texts = iter(await self._scored_texts(suite, texts) if texts else ())
        return [
            next(scored_texts)
            if isinstance(item, GenerateItem) and isinstance(result, GenerateResult)
            else score(suite, item, result, candidate=self.candidate.id, repeat=number)
            for item, result, number in results
        ]

    async def _scored_texts(self, suite: Suite, rows: Sequence[Row]) -> list[AnswerScored]:
        # A user's pattern or a model's answer can keep a scorer busy, so the loop that paints and hears Ctrl-C is free.
        def score_all() -> list[AnswerScored]:
            return limited().score(suite, rows, candidate=self.candidate.id, asker=self)

        scoring = asyncio.create_task(asyncio.to_thread(score_all))
        interrupted = asyncio.create_task(self._pool.interrupt.wait())
        try:
            await asyncio.wait({scoring, interrupted}, return_when=asyncio.FIRST_COMPLETED)
            while not scoring.done():
                limited().give_up(self)
                await asyncio.wait({scoring}, timeout=0.05)
            return scoring.result()
        except GivenUpError:
            raise Interrupted from None
        finally:
            interrupted.cancel()
