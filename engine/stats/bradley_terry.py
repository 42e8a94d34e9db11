"""Ranking from blind votes between two at a time: the Bradley-Terry model."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_PSEUDO_WINS = 0.5
"""Added for both sides of every pair: keeps strengths finite and all candidates comparable."""
_MOST_STEPS = 10_000
_CONVERGED = 1e-9
_LEVEL = 0.95


class Vote(msgspec.Struct, frozen=True, kw_only=True):
    """One blind comparison."""

    a: str
    b: str
    score_a: float
    """1 if A was better, 0 if B was, 0.5 for a tie."""


class Strength(msgspec.Struct, frozen=True, kw_only=True):
    """How strong a candidate is among those voted on."""

    candidate: str
    log_strength: float
    """Natural log, with mean 0 over all. A beats B with probability 1/(1 + exp(strength of B − strength of A))."""
    low: float
    high: float
    """95 % bootstrap interval of ``log_strength``, over votes."""
    win_share: float
    """Expected share of wins against the others if each is met equally often."""


def bradley_terry(
    votes: Sequence[Vote], candidates: Sequence[str] = (), *, resamples: int = 2000, seed: int = 0
) -> list[Strength]:
    """Strengths from votes, best first; a tie is half a win for both.

    Fitted by minorization-maximization (Hunter 2004, Annals of Statistics 32): p_i ← w_i / Σ_j n_ij / (p_i + p_j).

    ``candidates`` take part in any case, in the order that breaks ties; those found only in votes come after.

    Raises:
        ValueError: a vote names the same candidate twice, or its score is outside 0 to 1.
    """
    for vote in votes:
        if vote.a == vote.b or not 0 <= vote.score_a <= 1:
            raise ValueError(f"A vote of {vote.a} against {vote.b} with score {vote.score_a} cannot be counted.")
    names = list(dict.fromkeys((*candidates, *(name for vote in votes for name in (vote.a, vote.b)))))
    n = len(names)
    if n < 2:
        return [Strength(candidate=name, log_strength=0.0, low=0.0, high=0.0, win_share=0.5) for name in names]
    place = {name: index for index, name in enumerate(names)}
    # Equal votes are one kind, resampled by how often it occurred.
    kinds: dict[tuple[int, int, float], int] = {}
    for vote in votes:
        key = (place[vote.a], place[vote.b], vote.score_a)
        kinds[key] = kinds.get(key, 0) + 1
    wins_of_kind = np.zeros((len(kinds), n, n))
    for row, (i, j, score) in enumerate(kinds):
        wins_of_kind[row, i, j], wins_of_kind[row, j, i] = score, 1 - score
    counts = np.array(list(kinds.values()), dtype=np.float64)
    fitted = _fit(np.tensordot(counts, wins_of_kind, axes=1)[None])[0]
    low, high = fitted, fitted
    if votes and resamples:
        drawn = np.random.default_rng(seed).multinomial(len(votes), counts / len(votes), size=resamples)
        sampled = _fit(np.tensordot(drawn.astype(np.float64), wins_of_kind, axes=1))
        low, high = np.quantile(sampled, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2], axis=0)
    beats = 1 / (1 + np.exp(fitted[None, :] - fitted[:, None]))
    shares = (beats.sum(axis=1) - 0.5) / (n - 1)
    strengths = [
        Strength(
            candidate=name,
            log_strength=float(fitted[i]),
            low=float(min(low[i], fitted[i])),
            high=float(max(high[i], fitted[i])),
            win_share=float(shares[i]),
        )
        for i, name in enumerate(names)
    ]
    return sorted(strengths, key=lambda strength: -strength.log_strength)


def _fit(wins: Floats) -> Floats:
    """Log strengths [samples, n] from wins [samples, n, n] of row over column."""
    n = wins.shape[-1]
    wins = wins + _PSEUDO_WINS * (1 - np.eye(n))
    met = wins + wins.swapaxes(1, 2)
    won = wins.sum(axis=2)
    strengths = np.ones(won.shape)
    for _step in range(_MOST_STEPS):
        better = won / (met / (strengths[:, :, None] + strengths[:, None, :])).sum(axis=2)
        better /= np.exp(np.log(better).mean(axis=1, keepdims=True))
        moved = float(np.abs(np.log(better / strengths)).max())
        strengths = better
        if moved < _CONVERGED:
            break
    fitted: Floats = np.log(strengths)
    return fitted
