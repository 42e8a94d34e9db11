"""The fixed order in which a run's items count, whatever order they are computed in."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec

from .items import Suite


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
