"""Intervals for a share of correct answers, and p values for comparing models on the same items."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

Z95 = 1.959963984540054
"""Normal quantile of a two-sided 95 % interval."""
_SMALL_N = 30


class Interval(msgspec.Struct, frozen=True):
    """From ``low`` to ``high``, both included."""

    low: float
    high: float


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A figure with its 95 % interval; stored in verdicts."""

    value: float
    low: float
    high: float
    items: int
    """Number of items it is based on."""


def accuracy_interval(correct: float, n: float) -> Interval:
    """95 % interval for a share: Wilson, or Clopper-Pearson where Wilson is too narrow (n < 30, none or all right).

    Counts may be fractional, see ``clustered.effective_counts``.
    """
    if n == 0:
        return Interval(0.0, 1.0)
    if n < _SMALL_N or correct in (0, n):
        return clopper_pearson(correct, n)
    return wilson(correct, n)


def wilson(correct: float, n: float, z: float = Z95) -> Interval:
    """Wilson (1927) score interval; n > 0."""
    share = correct / n
    center = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(max(0.0, center - half), min(1.0, center + half))


def clopper_pearson(correct: float, n: float, alpha: float = 0.05) -> Interval:
    """Clopper and Pearson (1934) exact interval; n > 0."""
    from scipy.stats import beta

    low = 0.0 if correct == 0 else float(beta.ppf(alpha / 2, correct, n - correct + 1))
    high = 1.0 if correct == n else float(beta.ppf(1 - alpha / 2, correct + 1, n - correct))
    return Interval(low, high)


def mean_of_suites_interval(suites: Sequence[tuple[float, float]]) -> Interval:
    """95 % interval for the unweighted mean of suite accuracies, each ``(correct, n)`` with n > 0.

    For one suite this is ``accuracy_interval``. For several, their intervals are combined by the method of variance
    estimates recovery (Newcombe 1998), which keeps each suite's asymmetry; items of different suites are independent.
    """
    if len(suites) == 1:
        return accuracy_interval(*suites[0])
    shares = [correct / n for correct, n in suites]
    parts = [accuracy_interval(correct, n) for correct, n in suites]
    mean = sum(shares) / len(shares)
    below = math.sqrt(sum((share - part.low) ** 2 for share, part in zip(shares, parts, strict=True))) / len(suites)
    above = math.sqrt(sum((part.high - share) ** 2 for share, part in zip(shares, parts, strict=True))) / len(suites)
    return Interval(max(0.0, mean - below), min(1.0, mean + above))


def new_items_interval(seen: int, correct: int, alpha: float = 0.05) -> Interval:
    """Interval for the accuracy on new items like these that is valid at any time, for a panel that people watch.

    Prior-posterior ratio for draws with replacement, uniform prior (Waudby-Smith and Ramdas 2020, arXiv 2006.04347,
    the pool grown without bound): all p at which the density of Beta(1 + S, 1 + t − S) is above α.
    """
    if seen <= 0:
        return Interval(0.0, 1.0)
    wrong = seen - correct
    peak = math.lgamma(seen + 2) - math.lgamma(correct + 1) - math.lgamma(wrong + 1)

    def inside(p: float) -> bool:
        logs = (correct * math.log(p) if correct else 0.0) + (wrong * math.log1p(-p) if wrong else 0.0)
        return peak + logs > math.log(alpha)

    def edge(out: float, within: float) -> float:
        for _ in range(40):
            middle = (out + within) / 2
            out, within = (out, middle) if inside(middle) else (middle, within)
        return out

    mode = min(max(correct / seen, 1e-12), 1 - 1e-12)
    return Interval(0.0 if not correct else edge(0.0, mode), 1.0 if not wrong else edge(1.0, mode))


def minimum_detectable_difference(n: int, *, discordant_share: float = 0.3) -> float:
    """Difference in accuracy that a paired test on ``n`` items detects in 80 % of runs at the 5 % level.

    (1.96 + 0.84) · √(ψ/n), with ψ the share of items on which the two differ (Connor 1987, without the difference
    itself in the variance); 0.3 is typical of two models of similar strength.
    """
    return 1.0 if n == 0 else min(1.0, (Z95 + 0.8416212335729143) * math.sqrt(discordant_share / n))


def mcnemar_p(only_a: int, only_b: int) -> float:
    """Exact two-sided McNemar test: p = min(1, 2·P(X ≤ min(b, c))), X ~ Binomial(b + c, ½).

    ``only_a`` items are right for A only, ``only_b`` for B only.
    """
    from scipy.stats import binom

    n = only_a + only_b
    return 1.0 if n == 0 else min(1.0, 2.0 * float(binom.cdf(min(only_a, only_b), n, 0.5)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm (1979) adjusted p values, in the order given."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted
