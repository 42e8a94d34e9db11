"""Standard errors: of a mean, of items that share a passage, of a group of suites.

Formulas of lm-evaluation-harness (api/metrics.py: mean_stderr, pooled_sample_stderr) and of Miller 2024, "Adding Error
Bars to Evals" (arXiv 2411.00640).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import msgspec
import numpy as np

from .intervals import Z95


class MeanError(msgspec.Struct, frozen=True, kw_only=True):
    """A mean with its standard error."""

    mean: float
    standard_error: float
    n: int
    """Items."""

    @property
    def low(self) -> float:
        """Lower end of the normal 95 % interval."""
        return self.mean - Z95 * self.standard_error

    @property
    def high(self) -> float:
        """Upper end of the normal 95 % interval."""
        return self.mean + Z95 * self.standard_error


def standard_error(values: Sequence[float]) -> float:
    """sd(ddof=1)/√n, as lm-evaluation-harness prints it; not a number below two values."""
    n = len(values)
    return math.nan if n < 2 else float(np.std(np.asarray(values, dtype=np.float64), ddof=1)) / math.sqrt(n)


def clustered_mean(values: Sequence[float], clusters: Sequence[Hashable] | None = None) -> MeanError:
    """Mean of items whose errors go together within a cluster, such as questions about one passage.

    SE² = sd²/n + (1/n²)·Σ over clusters of Σ_{i≠j} (s_i − s̄)(s_j − s̄) (Miller 2024, section 2.2). Without clusters it
    is ``standard_error``.

    Raises:
        ValueError: no values, or not one cluster a value.
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


def paired_difference(a: Sequence[float], b: Sequence[float], clusters: Sequence[Hashable] | None = None) -> MeanError:
    """Mean of A − B over the same items with its paired, and where asked for clustered, standard error.

    Raises:
        ValueError: no items, or not the same number of A, B and clusters.
    """
    if len(a) != len(b):
        raise ValueError(f"A has {len(a)} scores and B has {len(b)}; they must be of the same items.")
    return clustered_mean([x - y for x, y in zip(a, b, strict=True)], clusters)


def micro_average(parts: Sequence[MeanError]) -> MeanError:
    """A group of suites as one: mean weighted by items, with lm-evaluation-harness's pooled standard error.

    SE = √[Σ(n_k − 1)·n_k·se_k² / (N − K) / N]. A part of one item, whose error is unknown, adds nothing to the sum.

    Raises:
        ValueError: no parts, or no items in them.
    """
    total = sum(part.n for part in parts)
    if total == 0:
        raise ValueError("There are no items.")
    mean = math.fsum(part.mean * part.n for part in parts) / total
    if total == len(parts):
        return MeanError(mean=mean, standard_error=math.nan, n=total)
    pooled = math.fsum((p.n - 1) * p.n * p.standard_error**2 for p in parts if p.n > 1) / (total - len(parts))
    return MeanError(mean=mean, standard_error=math.sqrt(pooled / total), n=total)
