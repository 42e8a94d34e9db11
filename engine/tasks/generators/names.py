"""Names that the generators write texts with."""

from __future__ import annotations

import random

from ..tables import Words, read_table

_NAMES = read_table("names", dict[str, Words])
PEOPLE, TOWNS, MONTHS = (_NAMES[kind] for kind in ("people", "towns", "months"))


def first_name(rng: random.Random) -> str:
    """A given name."""
    return rng.choice(PEOPLE).split()[0]
