"""Which items are asked again in another way: pure planning over the plan and its suites, the same for everybody."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from .plan import ConsistencyPlan
from .tasks.items import ChoiceItem, Item, Suite
from .tasks.requests import ChoiceRequest, GenerateRequest
from .tasks.variants import reworded, turned

PART_ITEMS = 10
"""Items of a step: little is lost when it is broken off, and enough run side by side."""


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


def reask_steps(suites: Sequence[Suite], plan: ConsistencyPlan) -> list[ReaskStep]:
    """All steps of a run, in their order. None at all where ``plan.items`` is 0."""
    if not plan.items:
        return []
    steps: list[ReaskStep] = []
    for suite in suites:
        if suite.spec.kind == "generate":
            steps += [SampleStep(suite.spec.name, part) for part in _parts(suite, plan.items)]
    for suite in suites:
        wanted = _parts(suite, min(plan.items, plan.order_items))
        steps += [TurnStep(suite.spec.name, part) for part in wanted if turned_items(suite, plan, part)]
    for suite in suites:
        wanted = _parts(suite, min(plan.items, plan.template_items))
        steps += [RewordStep(suite.spec.name, part) for part in wanted if reworded_items(suite, plan, part)]
    # Log-probabilities tell a difference before any text does, and cost less: choice suites first.
    inclined = sorted((suite for suite in suites if suite.items), key=lambda suite: suite.spec.kind != "choice")
    return [*steps, *(RepeatStep(suite.spec.name, 0) for suite in inclined[: plan.repeat_blocks])]


def sampled_items(suite: Suite, plan: ConsistencyPlan, part: int) -> tuple[Item, ...]:
    """The items of a part that are sampled."""
    return _of_part(suite, plan.items, part)


def turned_items(suite: Suite, plan: ConsistencyPlan, part: int) -> list[tuple[ChoiceItem, tuple[ChoiceItem, ...]]]:
    """The items of a part whose options are shown, each with itself under every cyclic order of them."""
    items = _of_part(suite, min(plan.items, plan.order_items), part)
    return [(item, ways) for item in items if isinstance(item, ChoiceItem) and (ways := turned(suite.spec, item))]


def reworded_items(
    suite: Suite, plan: ConsistencyPlan, part: int
) -> list[tuple[Item, tuple[ChoiceRequest | GenerateRequest, ...]]]:
    """The items of a part that other templates suit, each with its request under every template."""
    items = _of_part(suite, min(plan.items, plan.template_items), part)
    return [(item, ways) for item in items if (ways := reworded(suite.spec, item))]


def _parts(suite: Suite, items: int) -> range:
    return range(math.ceil(min(items, len(suite.items)) / PART_ITEMS))


def _of_part(suite: Suite, items: int, part: int) -> tuple[Item, ...]:
    return suite.items[part * PART_ITEMS : min((part + 1) * PART_ITEMS, items, len(suite.items))]
