"""What a kind of consistency question is, and how many items it may ask again."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ...events.run import ConsistencyEvent, Event
from ...plan.model import ConsistencyPlan
from ...tasks.items import Item, Suite
from ..asking import Asker
from ..work import Work

Q = TypeVar("Q")

PART_ITEMS = 10
"""Items of a part: little is lost when one is given up, and enough run side by side."""
_ALWAYS_TOKENS = 2048
"""Output tokens that asking again may always take: few items with short answers are asked in full."""


@dataclass(frozen=True, kw_only=True)
class ConsistencyKind(Generic[Q]):
    """One way to ask items again.

    A *question* is what is asked about one item. A *part* is a few questions of a suite that are asked, stored and
    resumed as a whole. The choice of questions depends on the plan and its suites only, so every candidate and every
    resumed run gets the same.
    """

    name: str
    choose: Callable[[ConsistencyPlan, Sequence[Suite]], Mapping[str, Sequence[Sequence[Q]]]]
    """The parts of each suite, by suite name."""
    ask: Callable[[Asker, Suite, int, Sequence[Q]], Awaitable[list[Event]]]
    """Ask part number N of a suite; returns what to store, the event of type ``event`` last."""
    event: type[ConsistencyEvent]
    """The stored event that says a part is done. Its name and fields are in every stored run."""
    prompts: Callable[[ConsistencyPlan, Sequence[Q]], int]
    """How many prompts a part asks, for the time left."""
    work: Callable[[ConsistencyPlan, Suite, Sequence[Q]], Work]
    """The tokens of a part, for the estimate before a run."""
    label: Callable[[ConsistencyPlan], str] | None = None
    """What happens to the items, after their number: ``asked with their options reordered``."""
    compares_with_block: bool = False
    """The part is about a block and needs that block's answers."""


def affordable_items(plan: ConsistencyPlan, suite: Suite, *, times: int) -> int:
    """Items of ``suite`` that may be answered ``times`` more times each.

    Unlike the likelihood of an option, a free answer costs its full length every time. Consistency is a figure beside
    accuracy, so by default it takes no longer than accuracy did (``plan.share``): otherwise six items of 256 tokens
    would be asked sixty times. The length of an answer counts as half of what the suite allows, as in estimates.
    """
    if not plan.share or not plan.items or suite.spec.kind == "choice":
        return len(suite.items)
    shared = plan.share * len(suite.items) / times
    always = _ALWAYS_TOKENS / (times * suite.spec.max_tokens / 2)
    return min(len(suite.items), max(1, int(max(shared, always))))


def shared_evenly(items: int, suites: Sequence[Suite], ask: Callable[[Suite, Item], Q | None]) -> dict[str, list[Q]]:
    """Questions about the first ``items`` items of each suite; suites where some can be asked share that number evenly.

    ``ask`` returns None for an item that cannot be asked this way.
    """
    questions = {}
    for suite in suites:
        possible = [question for item in suite.items[:items] if (question := ask(suite, item)) is not None]
        if possible:
            questions[suite.spec.name] = possible
    share = math.ceil(items / len(questions)) if questions else 0
    return {name: possible[:share] for name, possible in questions.items()}


def in_parts(questions: Mapping[str, Sequence[Q]]) -> dict[str, list[Sequence[Q]]]:
    """The questions of each suite in parts of ``PART_ITEMS``."""
    return {
        name: [rows[start : start + PART_ITEMS] for start in range(0, len(rows), PART_ITEMS)]
        for name, rows in questions.items()
    }
