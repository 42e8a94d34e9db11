"""The one committed order in which a run's items count, whatever order they are computed in."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec

from .items import Suite


class Place(msgspec.Struct, frozen=True):
    """One item's place in the run."""

    suite: str
    index: int
    """In the suite's own order."""


def committed_order(suites: Sequence[Suite], seed: int) -> tuple[Place, ...]:
    """All items of all suites as one uniform random permutation, drawn from the seed.

    The suites' names are shuffled as often as they have items, and each name stands for its suite's next item; since
    each suite is in a random order of its own, the whole is one draw without replacement from the pool, which is what
    the sequential tests need.
    """
    names = [suite.spec.name for suite in suites for _item in suite.items]
    random.Random(f"{seed}:order of all").shuffle(names)
    taken = dict.fromkeys(names, 0)
    places = []
    for name in names:
        places.append(Place(name, taken[name]))
        taken[name] += 1
    return tuple(places)
