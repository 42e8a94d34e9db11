"""All consistency questions of a run: pure planning over the plan and its suites, the same for every candidate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...events.run import BlockRepeated, ConsistencyEvent, Event
from ...plan.model import ConsistencyPlan
from ...tasks.items import Suite
from ..asking import Asker
from ..steps import Reask
from ..work import Work
from .kind import ConsistencyKind
from .reordered import REORDERED
from .repeated import REPEATED
from .reworded import REWORDED
from .sampled import SAMPLED

KINDS: dict[str, ConsistencyKind[Any]] = {kind.name: kind for kind in (SAMPLED, REORDERED, REWORDED, REPEATED)}
"""By name, in the order in which a run asks them. A new kind is a module beside this one and an entry here."""


class ConsistencyQuestions:
    """What a run asks again; nothing where ``plan.items`` is 0."""

    def __init__(self, plan: ConsistencyPlan, suites: Sequence[Suite]) -> None:
        self._plan = plan
        self._suites = {suite.spec.name: suite for suite in suites}
        self._parts = {kind.name: kind.choose(plan, suites) for kind in KINDS.values()}

    def steps(self) -> list[Reask]:
        """All steps in the order in which they are asked."""
        return [
            Reask(kind, suite, part)
            for kind, suites in self._parts.items()
            for suite, parts in suites.items()
            for part in range(len(parts))
        ]

    def of(self, step: Reask) -> Sequence[Any]:
        """The questions of a step, one per item."""
        return self._parts[step.kind][step.suite][step.part]

    async def ask(self, asker: Asker, step: Reask) -> list[Event]:
        """Ask the questions of a step; returns the events to store in one transaction. Raises as ``Asker.ask``."""
        return await KINDS[step.kind].ask(asker, self._suites[step.suite], step.part, self.of(step))

    def prompts(self, step: Reask) -> int:
        """How many prompts a step asks."""
        return KINDS[step.kind].prompts(self._plan, self.of(step))

    def work(self) -> Work:
        """The tokens that one candidate computes for all steps."""
        return sum(
            (KINDS[step.kind].work(self._plan, self._suites[step.suite], self.of(step)) for step in self.steps()),
            Work(),
        )

    @property
    def summary(self) -> str:
        """What is asked again, for the user before a run starts; empty when nothing is."""
        phrases = []
        for name, kind in KINDS.items():
            n = sum(len(part) for parts in self._parts[name].values() for part in parts)
            if n and kind.label is not None:
                phrases.append(f"{n} {'item' if n == 1 else 'items'} {kind.label(self._plan)}")
        return ", ".join(phrases)


def step_done(event: ConsistencyEvent) -> Reask:
    """The step that a stored event says is done."""
    kind = next(kind for kind in KINDS.values() if kind.event is type(event))
    return Reask(kind.name, event.suite, event.block if isinstance(event, BlockRepeated) else event.part)
