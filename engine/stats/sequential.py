"""Tests that stay valid however often their result is checked, for a finite pool in one committed random order.

Not covered: items drawn with replacement, or an order chosen after seeing answers.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .intervals import Interval

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_BETS = np.arange(1, 16) / 16


class Evidence:
    """Many parallel tests, each of H0: the mean of d over the pool is ≤ ``at_most``, for d between −1 and 1.

    Betting without replacement (Waudby-Smith and Ramdas 2020, arXiv 2006.04347), averaged over a grid of bets:
    with e = (N·at_most − Σd) / items left, each bet g multiplies its wealth by 1 + g·min(1, 1/(1 + e))·(d − e).
    All tests advance item by item together; tests that are switched off keep their evidence.
    """

    def __init__(self, pool: int, at_most: ArrayLike = 0.0) -> None:
        """``pool`` is the number of items, ``at_most`` one bound per test; its shape is the shape of all results."""
        self._pool = pool
        self._bound = pool * np.asarray(at_most, dtype=np.float64)
        self.seen = 0
        self.sums: Floats = np.zeros(self._bound.shape)
        self._bets = _BETS.reshape(-1, *(1 for _ in self._bound.shape))
        self._wealth: Floats = np.ones((_BETS.size, *self._bound.shape))
        self.e_values: Floats = np.ones(self._bound.shape)
        """Infinite once H0 is impossible. A value of 1/α or more at any time rejects H0 at level α."""

    def add(self, differences: ArrayLike, on: Bools | None = None) -> Floats:
        """Add the next item's d of every test, broadcast to the shape of the bounds; returns the e-values.

        ``on`` is False for tests that take no more items.

        Raises:
            ValueError: all items of the pool were added.
        """
        if self.seen >= self._pool:
            raise ValueError(f"All {self._pool} items of the pool were already added.")
        d = np.asarray(differences, dtype=np.float64)
        left = self._pool - self.seen
        expected = (self._bound - self.sums) / left
        stake = (d - expected) / np.maximum(1.0, 1.0 + expected)
        if on is not None:
            stake, d = np.where(on, stake, 0.0), np.where(on, d, 0.0)
        with np.errstate(over="ignore"):  # evidence beyond 1e308 may be infinite
            self._wealth *= 1.0 + self._bets * stake
            values = self._wealth.mean(axis=0)
        self.sums = self.sums + d
        self.seen += 1
        # Certain: even if every remaining d were −1, the mean would be above the bound.
        values = np.where(self.sums - (left - 1) > self._bound + 1e-9, np.inf, values)
        self.e_values = values if on is None else np.where(on, values, self.e_values)
        return self.e_values


@lru_cache(maxsize=8)
def _log_factorials(up_to: int) -> Floats:
    """ln 0!, ln 1!, … ln up_to!."""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, up_to + 1)))])


def log_posterior(pool: int, seen: ArrayLike, correct: ArrayLike, total: ArrayLike) -> Floats:
    """ln P(``total`` correct answers in the pool | ``correct`` of ``seen`` drawn), from a uniform prior on 0 … pool.

    The beta-binomial BB(K − S; N − t, 1 + S, 1 + t − S); the arguments broadcast. −∞ if impossible.
    """
    t, s, k = (np.asarray(value, dtype=np.int64) for value in (seen, correct, total))
    log_f = _log_factorials(pool + 1)
    possible = (k >= s) & (k - s <= pool - t)
    hits, rest = np.where(possible, k - s, 0), np.where(possible, pool - t - (k - s), pool - t)
    ways = log_f[pool - t] - log_f[hits] - log_f[rest]
    seen_beta = log_f[s] + log_f[t - s] - log_f[t + 1]
    value = ways + log_f[k] + log_f[pool - k] - log_f[pool + 1] - seen_beta
    return np.where(possible, value, -np.inf)


def live_interval(seen: int, correct: int, pool: int, alpha: float = 0.05) -> Interval:
    """Interval for the accuracy on the whole pool that is valid at any time, so also for a candidate stopped early.

    Prior-posterior ratio (arXiv 2006.04347, uniform prior): all counts K of correct answers in the pool for which
    BB(K; N, 1, 1) / BB(K − S; N − t, 1 + S, 1 + t − S) < 1/α. With nothing seen, or without a pool, it is 0 to 1.
    """
    if pool <= 0 or seen <= 0:
        return Interval(0.0, 1.0)
    counts = np.arange(correct, correct + pool - seen + 1)
    inside = counts[log_posterior(pool, seen, correct, counts) > math.log(alpha / (pool + 1))]
    return Interval(int(inside[0]) / pool, int(inside[-1]) / pool)
