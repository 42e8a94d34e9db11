"""The steps that rounds are made of: the units of work that are carried out, stored and resumed as a whole.

A block is a fixed set of a suite's items, computed from an empty cache, so its layout never varies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from ..tasks.items import Suite, committed_order

CHOICE_BLOCK_ITEMS = 16
GENERATE_BLOCK_ITEMS = 32
"""Twice as many as run side by side, so that finished items make room for others within the block."""


class Speed(msgspec.Struct, frozen=True):
    """One repeat of the prompt and the generation measurement."""

    repeat: int


class Chat(msgspec.Struct, frozen=True):
    """One real chat prompt."""

    prompt: int


class Block(msgspec.Struct, frozen=True):
    """One block of a suite's items."""

    suite: str
    block: int


class Reask(msgspec.Struct, frozen=True):
    """One part of a suite's consistency questions of one kind."""

    kind: str
    suite: str
    part: int


Step: TypeAlias = Speed | Chat | Block | Reask


def block_items(kind: str) -> int:
    """Items in a block of a suite of ``kind``. Part of the measurement: the layout shifts log-probabilities."""
    return CHOICE_BLOCK_ITEMS if kind == "choice" else GENERATE_BLOCK_ITEMS


def block_range(suite: Suite, block: int) -> range:
    """Indices of the items in a block."""
    size = block_items(suite.spec.kind)
    return range(block * size, min((block + 1) * size, len(suite.items)))


def ordered_blocks(suites: Sequence[Suite], seed: int) -> list[Block]:
    """All blocks of all suites, in the order in which the race needs them.

    A block comes at the place of its last item in the fixed order: once it is done, every item up to there is answered.
    """
    sizes = {suite.spec.name: block_items(suite.spec.kind) for suite in suites}
    last: dict[Block, int] = {}
    for number, place in enumerate(committed_order(suites, seed)):
        last[Block(suite=place.suite, block=place.index // sizes[place.suite])] = number
    return sorted(last, key=last.__getitem__)
