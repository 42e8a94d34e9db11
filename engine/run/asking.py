"""Asks one candidate's worker and scores what it answers. Knows nothing of rounds, races and resuming."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypeVar

from ..errors import WeighinError
from ..events.run import AnswerScored, Phase
from ..plan.model import Candidate, Plan, PromptStyle
from ..tasks.items import Item, Suite
from ..tasks.requests import ChoiceRequest, ChoiceResult, GenerateRequest, GenerateResult
from ..tasks.scoring import score
from ..worker.protocol import ChoicesScored, Command, Generate, Generated, ScoreChoices
from .log import RunLog
from .pool import WorkerPool

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
        """Score the results of ``done``, one per item; ``repeats`` numbers them where an item was asked again."""
        results: tuple[ChoiceResult | GenerateResult, ...] = done.results

        def score_all() -> list[AnswerScored]:
            rows = zip(items, results, repeats or [0] * len(items), strict=True)
            return [score(suite, item, result, candidate=self.candidate.id, repeat=n) for item, result, n in rows]

        # Some scorers import slow libraries or run code: not on the loop that paints.
        return await asyncio.to_thread(score_all)
