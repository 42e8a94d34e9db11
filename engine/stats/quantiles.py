"""Medians and percentiles of timings."""

from __future__ import annotations

import math
from collections.abc import Sequence


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two middle values."""
    return percentile(values, 50)


def percentile(values: Sequence[float], percent: float) -> float:
    """Linear interpolation between closest ranks, as numpy's default; ``values`` must not be empty."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def half_spread(values: Sequence[float]) -> float:
    """Half the distance between the quartiles: how far a typical repeat is from the median."""
    return (percentile(values, 75) - percentile(values, 25)) / 2
