"""Beginnings that token sequences share: decoded once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

Row = TypeVar("Row", list[int], tuple[int, ...])

MIN_SHARED_PREFIX = 16
"""A shorter prefix shared by all items costs more in bookkeeping than it saves."""


def common_prefix(rows: Sequence[Row]) -> int:
    """How many tokens all of ``rows`` begin with."""
    shortest, longest = min(rows), max(rows)  # the extremes in dictionary order differ first
    for index, (a, b) in enumerate(zip(shortest, longest, strict=False)):
        if a != b:
            return index
    return min(len(shortest), len(longest))
