"""Whether speed drifted while a run went on: a machine that grows hot, or other work that came and stayed.

Not covered: a single disturbed measurement, which is watched while it is taken (``hardware.load``).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

import msgspec

from .quantiles import median

_ALPHA = 0.05
_LEAST_CHANGE = 0.05
"""Smaller ones change no recommendation."""
_MOST = 50
"""Values of a series, neighbours taken together where there are more: pairs grow with the square."""


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """What the rates of several candidates did over a run, together."""

    change: float
    """From the first to the last, as a share of the first: −0.1 is a tenth slower."""
    p_value: float
    """Two-sided, of the test for any trend."""

    @property
    def matters(self) -> bool:
        """Significant and large enough to tell the user."""
        return self.p_value < _ALPHA and abs(self.change) >= _LEAST_CHANGE


def drift(series: Iterable[Sequence[float]]) -> Drift | None:
    """The common trend of ``series``, each the positive rates of one candidate at one task in the order measured.

    The seasonal Kendall test (Hirsch, Slack and Smith 1982, doi 10.1029/WR018i001p00107): rises minus falls over all
    pairs within each series, so that neither level nor scale of a series matters and one outlier counts for little;
    normal approximation with continuity correction. The change is that of Sen's slope: the median over these pairs of
    the change in logarithm, taken to the length of the run. None where no series has three values; of long ones
    neighbours are averaged first.
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
