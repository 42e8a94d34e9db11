"""Which candidates may stop early: a reducer fed items in the committed order, so that a replay ends the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from .sequential import PairedEvidence


class Race:
    """Eliminates i when the mean over all others j of E(j beats i) reaches 1/α.

    The E of eliminated candidates stays frozen in the mean, so the best of the pool is ever eliminated with
    probability at most α without a correction for the number of candidates.
    """

    def __init__(self, candidates: Sequence[str], pool: int, alpha: float = 0.05) -> None:
        self._needed = 1 / alpha
        self.running = list(candidates)
        self.eliminated: dict[str, int] = {}
        """Items seen when a candidate was stopped."""
        self._seen = 0
        self._evidence = {(j, i): PairedEvidence(pool) for j in candidates for i in candidates if i != j}

    def add(self, scores: Mapping[str, float]) -> tuple[str, ...]:
        """One item's scores (0 to 1) of every running candidate; returns who is eliminated by it."""
        self._seen += 1
        for j in self.running:
            for i in self.running:
                if i != j:
                    self._evidence[j, i].add(scores[j] - scores[i])
        out = tuple(i for i in self.running if len(self.running) > 1 and self._against(i) >= self._needed)
        for name in out:
            self.eliminated[name] = self._seen
            self.running.remove(name)
        return out

    def _against(self, candidate: str) -> float:
        values = [evidence.e_value for (_j, i), evidence in self._evidence.items() if i == candidate]
        return math.inf if math.inf in values else sum(values) / len(values)
