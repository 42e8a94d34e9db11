"""Results of asking items again in another way, and the figures made from them. Plain data for events and rankings."""

from __future__ import annotations

import msgspec

from ..stats.intervals import Estimate


class ReorderedItem(msgspec.Struct, frozen=True, kw_only=True):
    """A choice item that was asked with its options in every cyclic order."""

    item: str
    gold: int
    """Index of the correct option in the item as written."""
    chosen: tuple[int, ...]
    """Index of the chosen option in the item as written, one per order. In order r, place p shows option
    ``(p + r) % n``."""


class RewordedItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item that was asked under several neutral prompt templates."""

    item: str
    scores: tuple[float, ...]
    """Scores by the suite's leading metric, 0 to 1, one per template."""
    answers: tuple[str | None, ...]
    """The extracted answers, or the texts of the chosen options, one per template."""


class RepeatedItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item that was asked again exactly as before."""

    item: str
    output: str
    """Raw text generated, or the text of the chosen option."""
    log_likelihoods: tuple[float, ...] = ()
    """Of each option, in nats; empty if text was generated."""


class Steadiness(msgspec.Struct, frozen=True, kw_only=True):
    """How little a candidate's answers depend on what should not matter. A figure is None if it was not measured.

    Figures that say *correct* are about correctness; the others are not.
    """

    same_choice: Estimate | None = None
    """Share of items where the same option is chosen in every order."""
    right_in_all: Estimate | None = None
    """Share of items answered correctly in every order."""
    place_recall_sd: Estimate | None = None
    """Standard deviation, over places, of the share of correct options chosen there; 0 if no place is preferred."""
    rewording: Estimate | None = None
    """Mean over items of 1 − (best score − worst score over prompt templates)."""
    identical: Estimate | None = None
    """Share of items with the same greedy answer when asked again: the same text, or the same option."""
    largest_shift_nats: float | None = None
    """Largest change of an option's log-probability between the two times."""
    samples: int | None = None
    """k, the sampled answers per item from which the figures below are made."""
    entropy: Estimate | None = None
    """Mean of H/ln k of an item's sampled answers: 0 if all are the same, 1 if all differ."""
    avg_at_k: Estimate | None = None
    """Share of sampled answers that are correct."""
    maj_at_k: Estimate | None = None
    """Share of items whose most common answer is correct."""
    pass_at_k: Estimate | None = None
    """Share of items with a correct answer among the k."""
    pass_all_k: Estimate | None = None
    """Share of items with all k answers correct (pass^k)."""
