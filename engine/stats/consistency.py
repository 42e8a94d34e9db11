"""How consistent a candidate's answers are, which says nothing about correctness: a model may be consistently wrong.

All functions take answers by item, in the canonical form of the suite's extractor (None, if it found nothing, counts
as one more answer), and return a mean over items with a bootstrap interval over items. They raise ``ValueError`` if
there are no items, or an item has too few answers.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .bootstrap import RESAMPLES, bootstrap_mean, bootstrap_of_sums
from .intervals import Estimate

Floats = NDArray[np.float64]
Answer = Hashable
"""A canonical answer; None if there was none."""
T = TypeVar("T")

# Sampling: k answers to the same prompt


def self_agreement(samples: Sequence[Sequence[Answer]], *, resamples: int = RESAMPLES) -> Estimate:
    """Probability that two different samples of an item agree: mean of Σ_v n_v(n_v − 1) / (k(k − 1))."""
    values = []
    for answers in _at_least(samples, 2):
        k = len(answers)
        values.append(sum(n * (n - 1) for n in Counter(answers).values()) / (k * (k - 1)))
    return bootstrap_mean(values, resamples=resamples)


def answer_entropy(samples: Sequence[Sequence[Answer]], *, resamples: int = RESAMPLES) -> Estimate:
    """Mean of H/ln k, H the entropy of an item's answers: 0 if all are the same, 1 if all differ."""
    values = []
    for answers in _at_least(samples, 2):
        k = len(answers)
        entropy = -math.fsum(n / k * math.log(n / k) for n in Counter(answers).values())
        values.append(min(1.0, max(0.0, entropy / math.log(k))))
    return bootstrap_mean(values, resamples=resamples)


def avg_at_k(right: Sequence[Sequence[bool]], *, resamples: int = RESAMPLES) -> Estimate:
    """Share of samples that are right, averaged over items."""
    return bootstrap_mean([sum(item) / len(item) for item in _at_least(right, 1)], resamples=resamples)


def maj_at_k(
    samples: Sequence[Sequence[Answer]], right: Sequence[Sequence[bool]], *, resamples: int = RESAMPLES
) -> Estimate:
    """Share of items whose most common answer is right; equally common answers share the item."""
    values = []
    for answers, marks in zip(_at_least(samples, 1), right, strict=True):
        if len(answers) != len(marks):
            raise ValueError(f"An item has {len(answers)} answers and {len(marks)} marks.")
        counts = Counter(answers)
        top = max(counts.values())
        # Scorers mark equal answers equally; if one does not, the share of them that is right counts.
        shares = [
            sum(m for a, m in zip(answers, marks, strict=True) if a == value) / top
            for value, n in counts.items()
            if n == top
        ]
        values.append(sum(shares) / len(shares))
    return bootstrap_mean(values, resamples=resamples)


def pass_at(j: int, right: Sequence[Sequence[bool]], *, resamples: int = RESAMPLES) -> Estimate:
    """pass@j: probability that at least one of j samples is right, 1 − C(n − c, j)/C(n, j) (Chen et al. 2021)."""
    values = [1 - math.comb(len(item) - sum(item), j) / math.comb(len(item), j) for item in _at_least(right, j)]
    return bootstrap_mean(values, resamples=resamples)


def pass_all(j: int, right: Sequence[Sequence[bool]], *, resamples: int = RESAMPLES) -> Estimate:
    """pass^j: probability that all of j samples are right, C(c, j)/C(n, j) (Yao et al. 2024, arXiv 2406.12045)."""
    values = [math.comb(sum(item), j) / math.comb(len(item), j) for item in _at_least(right, j)]
    return bootstrap_mean(values, resamples=resamples)


# Order of options: the same choice item under all cyclic rotations


def order_consistency(
    items: Sequence[tuple[int, Sequence[int]]], *, resamples: int = RESAMPLES
) -> tuple[Estimate, Estimate, Estimate]:
    """How much the place of an option influences the choice.

    ``items`` holds the right option of each item and the option chosen under each of its n rotations, as indices into
    the item as written. In rotation r, place p holds option ``(p + r) % n``.

    Returns:
        Share of items where the same option is always chosen; share of items that are always right; standard deviation
        over places of the recall of right options there (Zheng et al. 2024, arXiv 2309.03882: RStd), 0 when no place
        is preferred.
    """
    if not items:
        raise ValueError("There are no items.")
    most = max(len(chosen) for _gold, chosen in items)
    hits, asked = np.zeros((len(items), most)), np.zeros((len(items), most))
    for row, (gold, chosen) in enumerate(items):
        n = len(chosen)
        if not n or not all(0 <= option < n for option in (gold, *chosen)):
            raise ValueError(f"An item with {n} rotations has the options {chosen} and gold {gold}.")
        for r, option in enumerate(chosen):
            place = (gold - r) % n
            asked[row, place] += 1
            hits[row, place] += option == gold
    same = [float(len(set(chosen)) == 1) for _gold, chosen in items]
    right = [float(set(chosen) == {gold}) for gold, chosen in items]

    def spread(sums: Floats) -> Floats:
        right_there, asked_there = sums[:, :most], sums[:, most:]
        recall = np.divide(right_there, asked_there, out=np.full_like(right_there, np.nan), where=asked_there > 0)
        deviation: Floats = np.nanstd(recall, axis=1)
        return deviation

    return (
        bootstrap_mean(same, resamples=resamples),
        bootstrap_mean(right, resamples=resamples),
        bootstrap_of_sums(np.hstack([hits, asked]), spread, resamples=resamples),
    )


# Templates and repetition


def template_robustness(scores: Sequence[Sequence[float]], *, resamples: int = RESAMPLES) -> Estimate:
    """Mean of 1 − (best − worst score of an item over templates): 1 if the wording of the prompt changes nothing."""
    values = [1 - (max(item) - min(item)) for item in _at_least(scores, 2)]
    return bootstrap_mean(values, resamples=resamples)


def determinism(first: Sequence[str], second: Sequence[str], *, resamples: int = RESAMPLES) -> Estimate:
    """Share of items whose greedy output came out identical, character for character, when asked again."""
    same = [float(a == b) for a, b in zip(first, second, strict=True)]
    return bootstrap_mean(same, resamples=resamples)


def _at_least(items: Sequence[Sequence[T]], n: int) -> Sequence[Sequence[T]]:
    """The items, checked to have at least ``n`` answers each."""
    short = min((len(item) for item in items), default=n)
    if short < n or n < 1:
        raise ValueError(f"An item has {short} answers; at least {max(n, 1)} are needed.")
    return items
