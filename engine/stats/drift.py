"""Whether speed drifted during a run, because the machine grew hot or other work came and stayed.

Not covered: single disturbed measurements, which ``hardware.load`` detects as they happen.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

import msgspec

from .quantiles import median

_ALPHA = 0.05
_LEAST_CHANGE = 0.05
"""Smaller changes do not affect a recommendation."""
_MOST = 50
"""Maximum length of a series. Longer ones are averaged in parts, because the number of pairs grows quadratically."""


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """How the rates of several candidates changed together over a run."""

    change: float
    """From first to last as a share of the first: −0.1 is 10 % slower."""
    p_value: float
    """Two-sided, of the test for any trend."""

    @property
    def matters(self) -> bool:
        """Whether it is significant and large enough to tell the user."""
        return self.p_value < _ALPHA and abs(self.change) >= _LEAST_CHANGE


def drift(series: Iterable[Sequence[float]]) -> Drift | None:
    """The common trend of ``series``, each holding one candidate's positive rates at one task in the order measured.

    The seasonal Kendall test (Hirsch, Slack and Smith 1982, doi 10.1029/WR018i001p00107): rises minus falls over all
    pairs within each series, so that neither level nor scale of a series matters and outliers count for little;
    normal approximation with continuity correction. The change follows Sen's slope: the median over these pairs of the
    change in logarithm, scaled to the length of the run. None if no series has three values.
    """
    score, variance = 0, 0.0
    slopes: list[float] = []
    for rates in series:
        logs = _thinned([math.log(rate) for rate in rates])
        n = len(logs)
        if n < 3:
            continue
        for later in range(1, n):
            for earlier in range(later):
                rise = logs[later] - logs[earlier]
                score += (rise > 0) - (rise < 0)
                slopes.append(rise * (n - 1) / (later - earlier))
        variance += n * (n - 1) * (2 * n + 5) / 18
    if not slopes:
        return None
    z = max(0, abs(score) - 1) / math.sqrt(variance)
    return Drift(change=math.exp(median(slopes)) - 1, p_value=math.erfc(z / math.sqrt(2)))


def _thinned(values: Sequence[float]) -> Sequence[float]:
    if len(values) <= _MOST:
        return values
    cuts = [len(values) * place // _MOST for place in range(_MOST + 1)]
    return [sum(values[start:end]) / (end - start) for start, end in itertools.pairwise(cuts)]
