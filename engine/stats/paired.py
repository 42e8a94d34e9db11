"""Comparing two models on the same items."""

from __future__ import annotations

from collections.abc import Sequence


def mcnemar_p(only_a: int, only_b: int) -> float:
    """Exact two-sided McNemar test: p = min(1, 2·P(X ≤ min(b, c))), X ~ Binomial(b + c, ½).

    Args:
        only_a: number of items that only A got right.
        only_b: number of items that only B got right.
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
