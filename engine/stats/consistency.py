"""How consistent a candidate's answers are, which says nothing about correctness: a model may be consistently wrong.

All functions take answers by item, in the canonical form of the suite's extractor (None, if it found nothing, counts
as one more answer), and return a mean over items with a bootstrap interval over items.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from .bootstrap import RESAMPLES, bootstrap_mean, bootstrap_of_sums
from .intervals import Estimate

Floats = NDArray[np.float64]
Answer = Hashable
"""A canonical answer; None if there was none."""
T = TypeVar("T")

# Sampling: k answers to the same prompt


def self_agreement(samples: Sequence[Sequence[Answer]], *, resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """Probability that two different samples of an item agree: mean of Σ_v n_v(n_v − 1) / (k(k − 1)).

    Raises:
        ValueError: there are no items, or an item has fewer than two samples.
    """
    values = []
    for answers in _at_least(samples, 2):
        k = len(answers)
        values.append(sum(n * (n - 1) for n in Counter(answers).values()) / (k * (k - 1)))
    return bootstrap_mean(values, resamples=resamples, seed=seed)


def answer_entropy(samples: Sequence[Sequence[Answer]], *, resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """Mean of H/ln k, H the entropy of an item's answers: 0 if all are the same, 1 if all differ.

    Raises:
        ValueError: there are no items, or an item has fewer than two samples.
    """
    values = []
    for answers in _at_least(samples, 2):
        k = len(answers)
        entropy = -math.fsum(n / k * math.log(n / k) for n in Counter(answers).values())
        values.append(min(1.0, max(0.0, entropy / math.log(k))))
    return bootstrap_mean(values, resamples=resamples, seed=seed)


def avg_at_k(right: Sequence[Sequence[bool]], *, resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """Share of samples that are right, averaged over items.

    Raises:
        ValueError: there are no items, or an item has no samples.
    """
    return bootstrap_mean([sum(item) / len(item) for item in _at_least(right, 1)], resamples=resamples, seed=seed)


def maj_at_k(
    samples: Sequence[Sequence[Answer]],
    right: Sequence[Sequence[bool]],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """Share of items whose most common answer is right; equally common answers share the item.

    Args:
        samples: answers by item.
        right: whether each of them is right.
        resamples: number of bootstrap samples.
        seed: seed of the bootstrap.

    Raises:
        ValueError: there are no items, an item has no samples, or there is not one mark per answer.
    """
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
    return bootstrap_mean(values, resamples=resamples, seed=seed)


def pass_at(j: int, right: Sequence[Sequence[bool]], *, resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """pass@j: probability that at least one of j samples is right, 1 − C(n − c, j)/C(n, j) (Chen et al. 2021).

    Raises:
        ValueError: there are no items, or an item has fewer than j samples.
    """
    values = [1 - math.comb(len(item) - sum(item), j) / math.comb(len(item), j) for item in _at_least(right, j)]
    return bootstrap_mean(values, resamples=resamples, seed=seed)


def pass_all(j: int, right: Sequence[Sequence[bool]], *, resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """pass^j: probability that all of j samples are right, C(c, j)/C(n, j) (Yao et al. 2024, arXiv 2406.12045).

    Raises:
        ValueError: there are no items, or an item has fewer than j samples.
    """
    values = [math.comb(sum(item), j) / math.comb(len(item), j) for item in _at_least(right, j)]
    return bootstrap_mean(values, resamples=resamples, seed=seed)


# Order of options: the same choice item under all cyclic rotations


class RotatedItem(msgspec.Struct, frozen=True, kw_only=True):
    """What was chosen under each rotation. In rotation r, place p holds option ``(p + r) % n``."""

    gold: int
    """Index of the right option in the item as written."""
    chosen: tuple[int, ...]
    """Index of the chosen option in the item as written, for each of the n rotations from 0 on."""


class OrderConsistency(msgspec.Struct, frozen=True, kw_only=True):
    """How much the place of an option influences the choice."""

    same_choice: Estimate
    """Share of items where the same option is chosen under all rotations."""
    right_in_all: Estimate
    """Share of items answered right under all rotations."""
    recall_sd: Estimate
    """Standard deviation over places (letters) of the recall of gold answers at that place (Zheng et al. 2024,
    arXiv 2309.03882: RStd); 0 when no place is preferred."""


def order_consistency(items: Sequence[RotatedItem], *, resamples: int = RESAMPLES, seed: int = 0) -> OrderConsistency:
    """The three figures over items that were asked under all their rotations.

    Raises:
        ValueError: there are no items, or an index is not an option of its item.
    """
    if not items:
        raise ValueError("There are no items.")
    most = max(len(item.chosen) for item in items)
    hits, asked = np.zeros((len(items), most)), np.zeros((len(items), most))
    for row, item in enumerate(items):
        n = len(item.chosen)
        if not n or not all(0 <= option < n for option in (item.gold, *item.chosen)):
            raise ValueError(f"An item with {n} rotations has the options {item.chosen} and gold {item.gold}.")
        for r, option in enumerate(item.chosen):
            place = (item.gold - r) % n
            asked[row, place] += 1
            hits[row, place] += option == item.gold
    same = [float(len(set(item.chosen)) == 1) for item in items]
    right = [float(set(item.chosen) == {item.gold}) for item in items]

    def spread(sums: Floats) -> Floats:
        deviation: Floats = np.nanstd(_share(sums[:, :most], sums[:, most:]), axis=1)
        return deviation

    return OrderConsistency(
        same_choice=bootstrap_mean(same, resamples=resamples, seed=seed),
        right_in_all=bootstrap_mean(right, resamples=resamples, seed=seed),
        recall_sd=bootstrap_of_sums(np.hstack([hits, asked]), spread, resamples=resamples, seed=seed),
    )


def _share(hits: Floats, asked: Floats) -> Floats:
    return np.divide(hits, asked, out=np.full_like(hits, np.nan), where=asked > 0)


# Templates and repetition


def template_robustness(scores: Sequence[Sequence[float]], *, resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """Mean of 1 − (best − worst score of an item over templates): 1 if the wording of the prompt changes nothing.

    Raises:
        ValueError: there are no items, or an item has fewer than two templates.
    """
    values = [1 - (max(item) - min(item)) for item in _at_least(scores, 2)]
    return bootstrap_mean(values, resamples=resamples, seed=seed)


def determinism(first: Sequence[str], second: Sequence[str], *, resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """Share of items whose greedy output came out identical, character for character, when asked again.

    Raises:
        ValueError: there are no items, or not the same number in both runs.
    """
    same = [float(a == b) for a, b in zip(first, second, strict=True)]
    return bootstrap_mean(same, resamples=resamples, seed=seed)


def _at_least(items: Sequence[Sequence[T]], n: int) -> Sequence[Sequence[T]]:
    """The items, checked to have at least ``n`` answers each."""
    short = min((len(item) for item in items), default=n)
    if short < n or n < 1:
        raise ValueError(f"An item has {short} answers; at least {max(n, 1)} are needed.")
    return items
