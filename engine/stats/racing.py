"""Which candidates may stop early: a reducer fed items in the committed order, so that a replay ends the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from .sequential import PairedEvidence, practically_equal


class Race:
    """Eliminates i when the mean over all others j of E(j beats i) reaches 1/α.

    The E of eliminated candidates stays frozen in the mean, so the best of the pool is ever eliminated with
    probability at most α without a correction for the number of candidates.
    """

    def __init__(self, candidates: Sequence[str], pool: int, alpha: float = 0.05, *, margin: float = 0.0) -> None:
        """``margin``: differences below it do not matter, in units of the scores; 0 never calls two equal."""
        self._alpha = alpha
        self.running = list(candidates)
        self.eliminated: dict[str, int] = {}
        """Items seen when a candidate was stopped."""
        self._seen = 0
        self._pool = pool
        pairs = [(j, i) for j in candidates for i in candidates if i != j]
        self._better = {pair: PairedEvidence(pool) for pair in pairs}
        self._near = {pair: PairedEvidence(pool, at_most=-margin) for pair in pairs} if margin > 0 else {}
        """For (j, i): evidence against j being worse than i by the margin or more."""

    def add(self, scores: Mapping[str, float]) -> tuple[str, ...]:
        """One item's scores (0 to 1) of every running candidate; returns who is eliminated by it."""
        self._seen += 1
        for j in self.running:
            for i in self.running:
                if i != j:
                    self._better[j, i].add(scores[j] - scores[i])
                    if self._near:
                        self._near[j, i].add(scores[j] - scores[i])
        out = tuple(i for i in self.running if len(self.running) > 1 and self._against(i) >= 1 / self._alpha)
        for name in out:
            self.eliminated[name] = self._seen
            self.running.remove(name)
        return out

    def withdraw(self, candidate: str) -> None:
        """It gives no more answers, for reasons of its own; the evidence it gave stays."""
        self.running.remove(candidate)

    @property
    def settled(self) -> bool:
        """Whether more items would decide nothing: one is left, all left are practically equal, or none are left."""
        if self._seen >= self._pool or len(self.running) < 2:
            return True
        return bool(self._near) and all(
            practically_equal(self._near[j, i], self._near[i, j], self._alpha)
            for n, j in enumerate(self.running)
            for i in self.running[n + 1 :]
        )

    def _against(self, candidate: str) -> float:
        values = [evidence.e_value for (_j, i), evidence in self._better.items() if i == candidate]
        return math.inf if math.inf in values else sum(values) / len(values)
