"""Which items are asked again in another way: pure planning over the plan and its suites, the same for everybody."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

import msgspec

from ..plan.model import ConsistencyPlan
from ..tasks.items import ChoiceItem, Item, Suite
from ..tasks.requests import ChoiceRequest, GenerateRequest
from ..tasks.variants import TEMPLATES, reworded, turned

PART_ITEMS = 10
"""Items of a step: little is lost when it is broken off, and enough run side by side."""
_ALWAYS_TOKENS = 2048
"""Output tokens that asking again may take in any case: few items with short answers are asked in full."""


class SampleStep(msgspec.Struct, frozen=True):
    """Several sampled answers to a few items of a suite."""

    suite: str
    part: int


class TurnStep(msgspec.Struct, frozen=True):
    """A few choice items with their options in every cyclic order."""

    suite: str
    part: int


class RewordStep(msgspec.Struct, frozen=True):
    """A few items under other prompt templates."""

    suite: str
    part: int


class RepeatStep(msgspec.Struct, frozen=True):
    """A block that was answered, once more as it was."""

    suite: str
    block: int


ReaskStep: TypeAlias = SampleStep | TurnStep | RewordStep | RepeatStep
Turned: TypeAlias = tuple[ChoiceItem, tuple[ChoiceItem, ...]]
Reworded: TypeAlias = tuple[Item, tuple[ChoiceRequest | GenerateRequest, ...]]
T = TypeVar("T")


class Reasking:
    """What a run asks again. Nothing at all where ``plan.items`` is 0."""

    def __init__(self, plan: ConsistencyPlan, suites: Sequence[Suite]) -> None:
        self._samples = plan.samples
        self._suites = {suite.spec.name: suite for suite in suites}
        self._sampled = {
            suite.spec.name: suite.items[: min(plan.items, most_items(plan, suite, ways=plan.samples))]
            for suite in suites
            if suite.spec.kind == "generate"
        }
        self._turned = _shared(min(plan.items, plan.order_items), suites, _turned)
        self._reworded = {
            name: found[: most_items(plan, self._suites[name], ways=len(TEMPLATES))]
            for name, found in _shared(min(plan.items, plan.template_items), suites, _reworded).items()
        }
        # Log-probabilities tell a difference before any text does, and cost less: choice suites first.
        inclined = sorted((suite for suite in suites if suite.items), key=lambda suite: suite.spec.kind != "choice")
        self._repeated = [suite.spec.name for suite in inclined[: plan.repeat_blocks]] if plan.items else []

    def steps(self) -> list[ReaskStep]:
        """All steps in their order."""
        steps: list[ReaskStep] = []
        steps += [SampleStep(name, part) for name, items in self._sampled.items() for part in _parts(items)]
        steps += [TurnStep(name, part) for name, found in self._turned.items() for part in _parts(found)]
        steps += [RewordStep(name, part) for name, found in self._reworded.items() for part in _parts(found)]
        return [*steps, *(RepeatStep(name, 0) for name in self._repeated)]

    @property
    def words(self) -> str:
        """What is asked again, for a user before it starts; empty when nothing is."""
        counts = (
            (self._sampled, f"answered {self._samples} times more"),
            (self._turned, "asked with their options turned"),
            (self._reworded, "asked in other words"),
        )
        said = [(sum(map(len, found.values())), how) for found, how in counts]
        return ", ".join(f"{n} {'item' if n == 1 else 'items'} {how}" for n, how in said if n)

    def sampled(self, step: SampleStep) -> Sequence[Item]:
        """The items that are sampled in this step."""
        return _of_part(self._sampled[step.suite], step.part)

    def turned(self, step: TurnStep) -> Sequence[Turned]:
        """The items of this step, each with itself under every cyclic order of its options."""
        return _of_part(self._turned[step.suite], step.part)

    def reworded(self, step: RewordStep) -> Sequence[Reworded]:
        """The items of this step, each with its request under every template."""
        return _of_part(self._reworded[step.suite], step.part)


def most_items(plan: ConsistencyPlan, suite: Suite, *, ways: int) -> int:
    """Items of ``suite`` that may be answered ``ways`` more times each.

    A free answer costs as much again every time, unlike an option's likelihood, and consistency is a figure beside
    accuracy: by default it takes no longer than that did (``plan.share``). Without the bound six items of 256 tokens
    were asked sixty times. The length of an answer is taken as half of what the suite allows, as in estimates.
    """
    if not plan.share or not plan.items or suite.spec.kind == "choice":
        return len(suite.items)
    shared = plan.share * len(suite.items) / ways
    always = _ALWAYS_TOKENS / (ways * suite.spec.max_tokens / 2)
    return min(len(suite.items), max(1, int(max(shared, always))))


def _turned(suite: Suite, item: Item) -> Turned | None:
    ways = turned(suite.spec, item)
    return (item, ways) if ways and isinstance(item, ChoiceItem) else None


def _reworded(suite: Suite, item: Item) -> Reworded | None:
    ways = reworded(suite.spec, item)
    return (item, ways) if ways else None


def _shared(items: int, suites: Sequence[Suite], ask: Callable[[Suite, Item], T | None]) -> dict[str, list[T]]:
    """The first items of each suite that can be asked so; suites where some can share the number evenly."""
    found = {}
    for suite in suites:
        able = [asked for item in suite.items[:items] if (asked := ask(suite, item)) is not None]
        if able:
            found[suite.spec.name] = able
    share = math.ceil(items / len(found)) if found else 0
    return {name: able[:share] for name, able in found.items()}


def _parts(items: Sequence[object]) -> range:
    return range(math.ceil(len(items) / PART_ITEMS))


def _of_part(items: Sequence[T], part: int) -> Sequence[T]:
    return items[part * PART_ITEMS : (part + 1) * PART_ITEMS]
