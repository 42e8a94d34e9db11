"""Standard errors of a mean, of clustered items and of a group of suites, and a paired test for clustered items.

Formulas of lm-evaluation-harness (api/metrics.py: mean_stderr, pooled_sample_stderr) and of Miller 2024, "Adding Error
Bars to Evals" (arXiv 2411.00640).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import msgspec
import numpy as np

from .intervals import mcnemar_p


class MeanError(msgspec.Struct, frozen=True, kw_only=True):
    """A mean with its standard error."""

    mean: float
    standard_error: float
    n: int
    """Number of items."""


def standard_error(values: Sequence[float]) -> float:
    """sd(ddof=1)/√n, as lm-evaluation-harness prints it. NaN for fewer than two values."""
    n = len(values)
    return math.nan if n < 2 else float(np.std(np.asarray(values, dtype=np.float64), ddof=1)) / math.sqrt(n)


def clustered_mean(values: Sequence[float], clusters: Sequence[Hashable] | None = None) -> MeanError:
    """Mean of items whose errors are correlated within a cluster, such as questions about one passage.

    SE² = sd²/n + (1/n²)·Σ over clusters of Σ_{i≠j} (s_i − s̄)(s_j − s̄) (Miller 2024, section 2.2). Without clusters it
    equals ``standard_error``.

    Raises:
        ValueError: there are no values, or not one cluster per value.
    """
    n = len(values)
    if n == 0:
        raise ValueError("There are no values.")
    scores = np.asarray(values, dtype=np.float64)
    mean = float(scores.mean())
    if n == 1:
        return MeanError(mean=mean, standard_error=math.nan, n=1)
    rest = scores - mean
    squares = float(rest @ rest)
    variance = squares / (n - 1) / n
    if clusters is not None:
        if len(clusters) != n:
            raise ValueError(f"There are {n} values and {len(clusters)} clusters; each value needs one.")
        sums: dict[Hashable, float] = {}
        for name, residual in zip(clusters, rest.tolist(), strict=True):
            sums[name] = sums.get(name, 0.0) + residual
        within = math.fsum(value * value for value in sums.values()) - squares
        variance += within / (n * n)
    return MeanError(mean=mean, standard_error=math.sqrt(max(0.0, variance)), n=n)


def effective_counts(right: Sequence[bool], clusters: Sequence[Hashable]) -> tuple[float, float]:
    """Correct answers and answers of as many independent items as give the same certainty, for intervals of counts.

    n / design effect, the design effect being (clustered SE / plain SE)², at least 1, times the squared ratio of the t
    quantiles for n − 1 and for (clusters − 1) degrees of freedom (Korn and Graubard 1998, Survey Methodology 24). If
    all answers are right or all are wrong, no effect can be estimated, and each cluster counts once. With one item per
    cluster the result is the plain counts.

    Raises:
        ValueError: there are no answers, or not one cluster per answer.
    """
    n, different = len(right), len(set(clusters))
    spread = clustered_mean([float(one) for one in right], clusters)
    if different == n:
        return float(sum(right)), float(n)
    if different == 1:
        return spread.mean, 1.0
    if spread.mean in (0.0, 1.0):
        return spread.mean * different, float(different)
    from scipy.stats import t

    plain = standard_error([float(one) for one in right])
    effect = max(1.0, (spread.standard_error / plain) ** 2)
    quantiles = float(t.ppf(0.975, n - 1) / t.ppf(0.975, different - 1))
    effective = max(1.0, n / effect * quantiles**2)
    return spread.mean * effective, effective


def paired_p(differences: Sequence[int], clusters: Sequence[Hashable]) -> float:
    """Exact two-sided p value of "A and B are right equally often", for items that are correlated within clusters.

    Pitman's (1937) test on the clusters' sums of A − B: if A and B are equal, each sum is as likely to have the
    opposite sign; p is the share of all sign patterns whose total is at least as far from 0. With one item per cluster
    this is the exact McNemar test. It counts all patterns instead of sampling them, since the sums are integers.

    ``differences`` are −1, 0 or 1 for each item; ``clusters`` says what each item shares with others.

    Raises:
        ValueError: there is not one cluster per difference.
    """
    if len(clusters) != len(differences):
        raise ValueError(f"There are {len(differences)} values and {len(clusters)} clusters; each value needs one.")
    if len(set(clusters)) == len(differences):
        return mcnemar_p(differences.count(1), differences.count(-1))
    sums: dict[Hashable, int] = {}
    for name, difference in zip(clusters, differences, strict=True):
        sums[name] = sums.get(name, 0) + difference
    sizes = [abs(value) for value in sums.values() if value]
    total = sum(sizes)
    # Probability of each sum s of the clusters that keep their sign; the total is then s − (all − s).
    chances = np.zeros(total + 1)
    chances[0] = 1.0
    for size in sizes:
        moved = np.zeros_like(chances)
        moved[size:] = chances[:-size]
        chances = (chances + moved) / 2
    totals = 2 * np.arange(total + 1) - total
    return min(1.0, float(chances[np.abs(totals) >= abs(sum(sums.values()))].sum()))


def micro_average(parts: Sequence[MeanError]) -> MeanError:
    """A group of suites as one: the mean weighted by items, with lm-evaluation-harness's pooled standard error.

    SE = √[Σ(n_k − 1)·n_k·se_k² / (N − K) / N]. A part with one item, whose error is unknown, adds nothing to the sum.

    Raises:
        ValueError: there are no parts, or no items in them.
    """
    total = sum(part.n for part in parts)
    if total == 0:
        raise ValueError("There are no items.")
    mean = math.fsum(part.mean * part.n for part in parts) / total
    if total == len(parts):
        return MeanError(mean=mean, standard_error=math.nan, n=total)
    pooled = math.fsum((p.n - 1) * p.n * p.standard_error**2 for p in parts if p.n > 1) / (total - len(parts))
    return MeanError(mean=mean, standard_error=math.sqrt(pooled / total), n=total)
