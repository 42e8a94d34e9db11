"""Tests that stay valid however often one looks: a finite pool of items, drawn in one committed random order.

Not covered: items drawn with replacement, or an order chosen after seeing answers.
"""

from __future__ import annotations

import math

_BETS = tuple((k + 1) / 16 for k in range(15))


class PairedEvidence:
    """Evidence against H0: mean over the pool of x_A − x_B ≤ ``at_most``; ``e_value`` ≥ 1/α rejects it at level α.

    Betting without replacement (Waudby-Smith and Ramdas 2020, arXiv 2006.04347), averaged over a grid of bets.
    """

    def __init__(self, pool: int, at_most: float = 0.0) -> None:
        self._pool, self._at_most = pool, at_most
        self._seen, self._sum = 0, 0.0
        self._log_wealth = [0.0] * len(_BETS)
        self._impossible = False

    def add(self, difference: float) -> None:
        """The next item's x_A − x_B, between −1 and 1.

        Raises:
            ValueError: the pool is used up.
        """
        if self._seen >= self._pool:
            raise ValueError(f"All {self._pool} items of the pool were already added.")
        expected = (self._pool * self._at_most - self._sum) / (self._pool - self._seen)
        self._seen += 1
        self._sum += difference
        if expected < -1 - 1e-12:  # even if A lost every item left, the mean would be above the bound
            self._impossible = True
        if self._impossible:
            return
        scale = min(1.0, 1 / (1 + expected)) if expected > -1 + 1e-12 else 1.0
        for index, bet in enumerate(_BETS):
            self._log_wealth[index] += math.log1p(bet * scale * (difference - expected))

    @property
    def e_value(self) -> float:
        """Infinite when H0 has become impossible."""
        if self._impossible or self._sum - (self._pool - self._seen) > self._pool * self._at_most + 1e-9:
            return math.inf
        top = max(self._log_wealth)
        return math.exp(min(700.0, top)) * sum(math.exp(w - top) for w in self._log_wealth) / len(_BETS)


class PoolCounts:
    """Confidence sequence for the number of right answers in the whole pool: prior-posterior ratio, intersected.

    C_t = {K : BB(K; N, 1, 1) / BB(K − S; N − t, 1 + S, 1 + t − S) < 1/α} (arXiv 2006.04347, uniform prior).
    """

    def __init__(self, pool: int, alpha: float = 0.05) -> None:
        self._pool, self._alpha = pool, alpha
        self.low, self.high = 0, pool

    def update(self, seen: int, correct: int) -> tuple[float, float]:
        """The interval for the pool's accuracy after ``seen`` items; it never widens."""
        from scipy.stats import betabinom  # slow to import, needed while racing only

        left = self._pool - seen
        enough = math.log(self._alpha / (self._pool + 1))
        inside = [
            k
            for k in range(max(self.low, correct), min(self.high, correct + left) + 1)
            if float(betabinom.logpmf(k - correct, left, 1 + correct, 1 + seen - correct)) > enough
        ]
        if inside:
            self.low, self.high = inside[0], inside[-1]
        return self.low / self._pool, self.high / self._pool


def practically_equal(a_better: PairedEvidence, b_better: PairedEvidence, alpha: float = 0.05) -> bool:
    """Both "A is better by the margin" and "B is" rejected, each at α/2.

    Args:
        a_better: fed x_B − x_A with ``at_most`` = −margin, so that it gathers evidence against A − B ≥ margin.
        b_better: fed x_A − x_B with ``at_most`` = −margin.
    """
    return min(a_better.e_value, b_better.e_value) >= 2 / alpha
