"""Which work each round holds: pure planning from what is done, so that a resumed run continues where it stopped."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from ..plan.model import Plan
from ..tasks.items import Suite
from .consistency.questions import KINDS, ConsistencyQuestions
from .progress import Progress
from .steps import Block, Chat, Reask, Speed, Step, block_items, ordered_blocks

_MAX_ROUNDS = 12
_LOADING_SHARE = 0.1


class RoundWork(msgspec.Struct, frozen=True):
    """The steps of a round, the same for every candidate, and the order of the candidates."""

    order: tuple[str, ...]
    steps: tuple[Step, ...]


class Schedule:
    """Plans the remaining work, one round at a time."""

    def __init__(
        self,
        plan: Plan,
        suites: Sequence[Suite],
        progress: Progress,
        questions: ConsistencyQuestions,
        *,
        together: bool,
    ) -> None:
        self.together = together
        """Whether all candidates stay loaded; otherwise rounds grow until loading is a small part of them."""
        self._plan = plan
        self._progress = progress
        self.blocks = ordered_blocks(suites, plan.settings.seed)
        self._questions = questions
        self._block_items = {suite.spec.name: block_items(suite.spec.kind) for suite in suites}
        self._rounds = 0
        self._scale = 1
        self._active: tuple[str, ...] = ()

    def next_round(self, active: Sequence[str], chats: int, *, left_s: float = math.inf) -> RoundWork | None:
        """The next round for the candidates still in the race, or None if nothing is left.

        Rounds are cut to what ``left_s`` seconds of a time budget allow. The race is judged as often as without a
        budget, so losers stop early and leave their time to the rest, and the budget ends near the end of a round, when
        all have been asked the same items.
        """
        self._active = tuple(active)
        steps = self._pending(chats)
        if not steps or not active:
            return None
        order = self._active if self._rounds % 2 == 0 else self._active[::-1]
        speed = [s for s in steps if isinstance(s, Speed)][: self._scale]
        chat = [s for s in steps if isinstance(s, Chat)][: self._scale]
        blocks = [s for s in steps if isinstance(s, Block)]
        if not blocks:  # consistency comes last, and only for candidates still in the race
            again = [s for s in steps if isinstance(s, Reask)]
            return RoundWork(order=order, steps=(*speed, *chat, *again[: self._scale]))
        payable = len(blocks)
        if self._rounds == 0:
            count = 1  # every panel shows something soon
        else:
            payable = self._payable(blocks, [*speed, *chat], left_s)
            count = math.ceil(payable / max(1, self._rounds_wanted() - self._rounds))
        return RoundWork(order=order, steps=(*speed, *chat, *blocks[: min(payable, max(1, count) * self._scale)]))

    def _payable(self, blocks: Sequence[Step], first: Sequence[Step], left_s: float) -> int:
        """How many of ``blocks`` fit in the time left after ``first``: at least one, and all if nothing was timed."""
        asking_s, before_s = self._needed(blocks), self._needed(first)
        if math.isinf(left_s) or not asking_s:
            return len(blocks)
        return min(len(blocks), max(1, math.floor(len(blocks) * (left_s - (before_s or 0.0)) / asking_s)))

    def visit(self, candidate: str, work: RoundWork) -> tuple[Step, ...]:
        """The steps of the round that this candidate has not done yet."""
        return tuple(step for step in work.steps if not self._is_done(candidate, step))

    def round_done(self, *, loading_s: float, elapsed_s: float) -> None:
        """Count the round. Where candidates are loaded in turn, double the next one if loading took too long."""
        self._rounds += 1
        if not self.together and loading_s > _LOADING_SHARE * elapsed_s:
            self._scale *= 2

    def rounds_left(self, chats: int) -> int:
        """Minimum number of rounds after this one, at the current pace."""
        steps = self._pending(chats)
        speed = math.ceil(sum(isinstance(s, Speed) for s in steps) / self._scale)
        again = math.ceil(sum(isinstance(s, Reask) for s in steps) / self._scale)
        if any(isinstance(s, Block) for s in steps):
            return max(speed, self._rounds_wanted() - self._rounds, 1) + again - 1
        return max(speed, again, 1) - 1

    def seconds_left(self, chats: int) -> float | None:
        """Computing time of the pending work, from timings so far; None before anything was timed."""
        return self._needed(self._pending(chats))

    def _needed(self, steps: Sequence[Step]) -> float | None:
        total = 0.0
        for step in steps:
            for candidate in self._active:
                if not self._is_done(candidate, step):
                    seconds = self._seconds(candidate, step)
                    if seconds is None:
                        return None
                    total += seconds
        return total

    def _pending(self, chats: int) -> list[Step]:
        steps: list[Step] = [Speed(k) for k in range(self._plan.speed.repeats)]
        steps += [Chat(k) for k in range(chats)]
        steps += [b for b in self.blocks if b.suite not in self._progress.dropped_suites]
        steps += self._questions.steps()
        return [step for step in steps if any(not self._is_done(c, step) for c in self._active)]

    def _is_done(self, candidate: str, step: Step) -> bool:
        mine = self._progress.of(candidate)
        if isinstance(step, Speed):
            return all(step.repeat in done for done in mine.repeats.values())
        if isinstance(step, Chat):
            return step.prompt in mine.chats
        if isinstance(step, Reask):
            # A race that ended early may have left the block unanswered: then there is nothing to compare with.
            needs_block = KINDS[step.kind].compares_with_block and self._progress.settled
            missing = needs_block and (step.suite, step.part) not in mine.blocks
            return step in mine.reasked or missing or step.suite in self._progress.dropped_suites
        unwanted = self._progress.settled or step.suite in self._progress.dropped_suites
        return unwanted or (step.suite, step.block) in mine.blocks

    def _rounds_wanted(self) -> int:
        return max(self._plan.speed.repeats, min(_MAX_ROUNDS, len(self.blocks)))

    def _seconds(self, candidate: str, step: Step) -> float | None:
        mine = self._progress.of(candidate)
        if isinstance(step, Speed):
            return sum(mine.speed_s.values()) if len(mine.speed_s) == 2 else None
        if isinstance(step, Chat):
            return 0.5 * sum(mine.speed_s.values()) if mine.speed_s else None
        if isinstance(step, Reask):
            return self._reask_seconds(candidate, step)
        times = mine.block_s.get(step.suite)
        if times:
            return sum(times) / len(times)
        others = [t for c in self._active for t in self._progress.of(c).block_s.get(step.suite, [])]
        if others:
            return sum(others) / len(others)
        # Before the first block of a suite: as long as a block of another suite, if one was timed.
        known = [t for c in self._active for rows in self._progress.of(c).block_s.values() for t in rows]
        return sum(known) / len(known) if known else None

    def _reask_seconds(self, candidate: str, step: Reask) -> float:
        """From earlier steps of the kind, or from the suite's blocks by the number of prompts."""
        mine = self._progress.of(candidate)
        known = mine.reask_s.get(step.kind)
        if known:
            return sum(known) / len(known)
        times = mine.block_s.get(step.suite)
        if not times:
            return 0.0
        return sum(times) / len(times) * self._questions.prompts(step) / self._block_items[step.suite]
