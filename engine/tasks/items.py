"""Items, suites with their items in the order they are asked, and the order of all items in a run."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec

from .spec import SuiteSpec

DEFAULT_N_CTX = 4096
"""Context length of a plan that does not set one, in tokens."""


class ChoiceItem(msgspec.Struct, frozen=True, kw_only=True):
    """A question with its options, scored by their likelihood."""

    id: str
    question: str
    choices: tuple[str, ...]
    gold: int
    """Index of the correct option."""
    golds: tuple[int, ...] = ()
    """Indexes of all correct options when there are several (TruthfulQA mc2). Empty means only ``gold``."""
    contexts: tuple[str, ...] = ()
    """Complete contexts, one for all options or one per option. Empty: built from the suite's template."""
    continuations: tuple[str, ...] = ()
    """What is scored after the context, including the delimiter. Empty: the delimiter and the option."""
    level: int = 0
    """Difficulty from 1 to 5; 0 when ungraded."""
    group: str = ""
    """What the item shares with others: its subject (means per subject) or its passage (clustered errors)."""
    row: int = -1
    """Position in the data, from 0; within its subject in suites of subjects. Set when the suite is opened."""


class GenerateItem(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt with its correct answers, answered in free text."""

    id: str
    prompt: str
    answers: tuple[str, ...]
    """The first is shown as the expected one. Empty when ``check`` decides what is correct."""
    system: str = ""
    plain_prompt: str = ""
    """The complete prompt for plain style, including worked examples. Empty: built from the suite's template."""
    check: dict[str, Any] = {}
    """What the scorer needs besides the answers: tests for code, a JSON schema, instructions to verify."""
    stop: tuple[str, ...] = ()
    """Stop texts for this item, in addition to the suite's."""
    level: int = 0
    group: str = ""
    row: int = -1
    """As for choice items."""


Item: TypeAlias = ChoiceItem | GenerateItem


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """A spec with its items in the order they are asked."""

    spec: SuiteSpec
    items: tuple[Item, ...]
    doubts: tuple[str, ...] = ()
    """What a person should look at in your own data, because there is another way to read it; a sentence each."""

    def subjects(self) -> dict[str, int]:
        """Number of items per subject, by name; empty when groups are not subjects."""
        if self.spec.group_kind != "subject":
            return {}
        return dict(sorted(Counter(item.group for item in self.items if item.group).items()))


class Place(msgspec.Struct, frozen=True):
    """One item's place in the run."""

    suite: str
    index: int
    """Position in the suite's order."""


def committed_order(suites: Sequence[Suite], seed: int) -> tuple[Place, ...]:
    """All items of all suites as one uniform random permutation, drawn from the seed.

    Shuffles a list that holds each suite's name once per item; each name then stands for its suite's next item. Every
    suite is in random order itself, so the result is one draw without replacement from all items, which is what the
    sequential tests need.
    """
    names = [suite.spec.name for suite in suites for _item in suite.items]
    random.Random(f"{seed}:order of all").shuffle(names)
    taken = dict.fromkeys(names, 0)
    places = []
    for name in names:
        places.append(Place(name, taken[name]))
        taken[name] += 1
    return tuple(places)
