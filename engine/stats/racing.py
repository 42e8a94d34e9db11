"""Which candidates may stop early. Items come in the committed order, so that a replay ends the same way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from .sequential import Bools, Evidence, Floats


def beaten(e_values: Floats, running: Bools, alpha: float) -> Bools:
    """Which of ``running`` stop: every i for which the mean over all others j of E(j beats i) is at least 1/α.

    The E of eliminated candidates stays in the mean, frozen. For the best of the pool every H0 "j is no better than i"
    is true, so the mean of its E is an e-process too: the probability that it is ever eliminated is at most α, without
    a correction for the number of candidates (Ville's inequality).

    ``e_values`` is [..., j, i], its diagonal ignored; ``running`` and the result are [..., i]. Never all running stop.
    """
    n = running.shape[-1]
    if n < 2:
        return np.zeros_like(running)
    others = ~np.eye(n, dtype=bool)
    against = np.where(others, e_values, 0.0).sum(axis=-2) / (n - 1)
    out: Bools = running & (against >= 1 / alpha)
    # Evidence frozen at different times could, in theory, eliminate the last ones together: the least beaten stays.
    none_left = (running & ~out).sum(axis=-1, keepdims=True) == 0
    least = np.where(running, against, np.inf).argmin(axis=-1)[..., None] == np.arange(n)
    stay: Bools = none_left & least
    return out & ~stay


class Race:
    """Eliminates i when the mean over all others j of E(j beats i) reaches 1/α (see ``beaten``)."""

    def __init__(self, candidates: Sequence[str], pool: int, alpha: float = 0.05, *, margin: float = 0.0) -> None:
        """``margin``: smaller differences count as equal, in units of the scores; with 0 nothing is ever equal."""
        self._names = tuple(candidates)
        self._pool, self._alpha, self._margin = pool, alpha, margin
        self.running = list(candidates)
        self.eliminated: dict[str, int] = {}
        """Number of items seen when a candidate was stopped."""
        n = len(self._names)
        # [0, j, i]: against "j is no better than i". [1, j, i]: against "j is worse than i by the margin or more".
        bounds = np.zeros((2 if margin > 0 else 1, n, n))
        bounds[1:] = -margin
        self._tests = Evidence(pool, bounds)
        self._near = np.zeros((n, n), dtype=bool)
        self._seen = 0

    def add(self, scores: Mapping[str, float], *, unfinished: Collection[str] = ()) -> tuple[str, ...]:
        """Add one item's scores (0 to 1) of every running candidate; returns whom it eliminates.

        For ``unfinished`` candidates, whose answer was cut off, the item is no evidence that others are better: its
        difference counts as 0. That only lowers d, so the test of "j is no better than i" stays valid.

        Raises:
            ValueError: all items of the pool were added.
        """
        row = np.array([scores[name] if name in self.running else 0.0 for name in self._names])
        mask = self._mask()
        differences = np.broadcast_to(row[:, None] - row, self._tests.sums.shape).copy()
        cut = [n for n, name in enumerate(self._names) if name in unfinished]
        differences[0][:, cut] = np.minimum(differences[0][:, cut], 0.0)
        values = self._tests.add(differences, mask[:, None] & mask)
        self._seen += 1
        if self._margin > 0:
            self._near |= values[1] >= 2 / self._alpha
        stops = beaten(values[0], mask, self._alpha)
        out = tuple(name for name, stop in zip(self._names, stops, strict=True) if stop)
        for name in out:
            self.eliminated[name] = self._seen
            self.running.remove(name)
        return out

    def withdraw(self, candidate: str) -> None:
        """Take out a candidate that failed or was skipped; its evidence stays."""
        self.running.remove(candidate)

    def equal(self, a: str, b: str) -> bool:
        """Whether A and B were shown to differ by less than the margin: both sides were rejected, each at α/2."""
        i, j = self._names.index(a), self._names.index(b)
        return bool(self._near[i, j] and self._near[j, i])

    @property
    def settled(self) -> bool:
        """Whether more items would decide nothing: at most one runs, all running are equal, or no item is left."""
        if self._seen >= self._pool or len(self.running) < 2:
            return True
        return self._margin > 0 and all(
            self.equal(a, b) for n, a in enumerate(self.running) for b in self.running[n + 1 :]
        )

    def _mask(self) -> Bools:
        return np.array([name in self.running for name in self._names], dtype=bool)
