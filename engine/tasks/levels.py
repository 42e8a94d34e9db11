"""The level a model reaches in a graded suite."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ..stats.intervals import Interval, accuracy_interval

DEFAULT_THRESHOLD = 0.6
"""Share correct from which a level counts as reached, where guessing scores 0."""


class LevelShare(msgspec.Struct, frozen=True, kw_only=True):
    """The answers at one level."""

    level: int
    n: int
    n_right: int
    interval: Interval
    """95 % interval for the share correct at this level alone."""

    @property
    def share(self) -> float:
        """Share correct, 0 to 1."""
        return self.n_right / self.n


class LevelReached(msgspec.Struct, frozen=True, kw_only=True):
    """How far up a model gets; 0 when the first level is already too hard."""

    level: int
    """By the observed shares."""
    surely: int
    """By the lower ends of the intervals: reached even if the items were lucky."""
    possibly: int
    """By the upper ends: the highest level it could reach if they were unlucky. ``surely <= level <= possibly``."""
    threshold: float
    shares: tuple[LevelShare, ...]
    """Every level with answers, lowest first."""


def threshold_above_chance(chance: float) -> float:
    """The threshold when guessing scores ``chance``: the default share of the distance from chance to 1."""
    return chance + DEFAULT_THRESHOLD * (1 - chance)


def level_reached(results: Iterable[tuple[int, bool]], *, threshold: float = DEFAULT_THRESHOLD) -> LevelReached:
    """The highest level L whose share correct, like that of every level below it, is at least ``threshold``.

    ``results`` holds (level, correct) for each answer; level 0 means ungraded and is left out. A level without answers
    ends the count, because its share is unknown. Shares of few items are uncertain, so the result has three levels: by
    the observed shares, and by the lower and upper ends of each level's 95 % interval (Wilson, or Clopper-Pearson below
    30 items). The intervals hold for each level alone, not for all levels together.

    Raises:
        ValueError: the threshold is not in (0, 1], or a level is negative.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"a threshold of {threshold} is not above 0 and at most 1")
    counts: dict[int, list[int]] = {}
    for level, right in results:
        if level < 0:
            raise ValueError(f"there is no level {level}")
        if level:
            n_and_right = counts.setdefault(level, [0, 0])
            n_and_right[0] += 1
            n_and_right[1] += bool(right)
    shares = tuple(
        LevelShare(level=level, n=n, n_right=right, interval=accuracy_interval(right, n))
        for level, (n, right) in sorted(counts.items())
    )
    return LevelReached(
        level=_climb({each.level: each.share for each in shares}, threshold),
        surely=_climb({each.level: each.interval.low for each in shares}, threshold),
        possibly=_climb({each.level: each.interval.high for each in shares}, threshold),
        threshold=threshold,
        shares=shares,
    )


def _climb(shares: dict[int, float], threshold: float) -> int:
    level = 0
    while shares.get(level + 1, -1.0) >= threshold:
        level += 1
    return level
