"""What comes of asking items again in another way, and the figures made of it. Plain data, for events and rankings."""

from __future__ import annotations

import msgspec


class ReorderedItem(msgspec.Struct, frozen=True, kw_only=True):
    """A choice item asked with its options in all cyclic orders."""

    item: str
    gold: int
    """The right option's number in the item as written."""
    chosen: tuple[int, ...]
    """The chosen option's number in the item as written, one an order; in order r, number ``(p + r) % n`` stands at
    place p."""


class RewordedItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item asked under several neutral prompt templates."""

    item: str
    scores: tuple[float, ...]
    """By the suite's leading metric, 0 to 1, one a template."""
    answers: tuple[str | None, ...]
    """What the extractor found, or the text of the chosen option."""


class RepeatedItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item asked again exactly as it was."""

    item: str
    output: str
    """Raw text generated, or the text of the chosen option."""
    log_likelihoods: tuple[float, ...] = ()
    """Of the options, in nats; empty where text was generated."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A figure with its 95 % bootstrap interval over items."""

    value: float
    low: float
    high: float
    items: int


class Steadiness(msgspec.Struct, frozen=True, kw_only=True):
    """How little a candidate's answers depend on what should not matter. None where it was not asked.

    Figures with *right* in their words are about correctness, the others are not.
    """

    same_choice: Figure | None = None
    """Share of items where the same content is chosen whatever the order of the options."""
    right_in_all: Figure | None = None
    """Share of items answered right under every order."""
    place_recall_sd: Figure | None = None
    """Standard deviation over places of the share of right answers found there; 0 when no place is preferred."""
    rewording: Figure | None = None
    """Mean over items of 1 − (best − worst score over prompt templates)."""
    identical: Figure | None = None
    """Share of items whose greedy answer came out the same when asked again: the same text, or the same option."""
    largest_shift_nats: float | None = None
    """Largest change of an option's log-probability between the two times."""
    samples: int | None = None
    """k: sampled answers to each item, of which the figures below are made."""
    entropy: Figure | None = None
    """Mean of H/ln k of an item's sampled answers: 0 all the same, 1 all different."""
    avg_at_k: Figure | None = None
    """Share of sampled answers that are right."""
    maj_at_k: Figure | None = None
    """Share of items whose commonest answer is right."""
    pass_at_k: Figure | None = None
    """Share of items with a right answer among the k."""
    pass_all_k: Figure | None = None
    """Share of items with all k answers right (pass^k)."""
