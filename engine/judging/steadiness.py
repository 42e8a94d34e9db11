"""Figures from items that were reordered, reworded, repeated or sampled, with bootstrap intervals over items."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from ..events.askings import ReorderedItem, RepeatedItem, RewordedItem, Steadiness
from ..events.run import AnswerScored
from ..stats import consistency

Key = tuple[str, str]
"""Suite and item."""


def steadiness(
    answers: Mapping[Key, AnswerScored],
    reordered: Mapping[Key, ReorderedItem],
    reworded: Mapping[Key, RewordedItem],
    repeated: Mapping[Key, RepeatedItem],
    samples: Mapping[Key, Sequence[AnswerScored]],
) -> Steadiness:
    """One candidate's figures; ``answers`` are its first ones, which repeated items are compared with."""
    steady = Steadiness()
    if reordered:
        steady = _with_order(steady, reordered)
    if scores := [item.scores for item in reworded.values() if len(item.scores) > 1]:
        steady = msgspec.structs.replace(steady, rewording=consistency.template_robustness(scores))
    if pairs := [(answers[key], item) for key, item in repeated.items() if key in answers]:
        steady = _with_repetition(steady, pairs)
    if samples:
        steady = _with_samples(steady, samples)
    return steady


def _with_order(steady: Steadiness, reordered: Mapping[Key, ReorderedItem]) -> Steadiness:
    rows = [(item.gold, item.chosen) for item in reordered.values()]
    same, right, recall_sd = consistency.order_consistency(rows)
    return msgspec.structs.replace(steady, same_choice=same, right_in_all=right, place_recall_sd=recall_sd)


def _with_repetition(steady: Steadiness, pairs: Sequence[tuple[AnswerScored, RepeatedItem]]) -> Steadiness:
    first, again = [first.output for first, _again in pairs], [again.output for _first, again in pairs]
    shifts = [shift for pair in pairs if (shift := largest_shift_nats(*pair)) is not None]
    return msgspec.structs.replace(
        steady,
        identical=consistency.determinism(first, again),
        largest_shift_nats=max(shifts, default=None),
    )


def _with_samples(steady: Steadiness, samples: Mapping[Key, Sequence[AnswerScored]]) -> Steadiness:
    k = max(len(drawn) for drawn in samples.values())
    if k < 2:
        return steady
    # A part that is under way, or a plan that was changed, may leave some items with fewer samples.
    full = [drawn for drawn in samples.values() if len(drawn) == k]
    extracted = [[answer.extracted for answer in drawn] for drawn in full]
    correct = [[answer.correct for answer in drawn] for drawn in full]
    return msgspec.structs.replace(
        steady,
        samples=k,
        entropy=consistency.answer_entropy(extracted),
        avg_at_k=consistency.avg_at_k(correct),
        maj_at_k=consistency.maj_at_k(extracted, correct),
        pass_at_k=consistency.pass_at(k, correct),
        pass_all_k=consistency.pass_all(k, correct),
    )


def largest_shift_nats(first: AnswerScored, again: RepeatedItem) -> float | None:
    """The largest change of an option's log-probability. None if text was generated."""
    if len(first.options) != len(again.log_likelihoods):
        return None
    moved = [
        abs(option.log_likelihood - value)
        for option, value in zip(first.options, again.log_likelihoods, strict=True)
        if math.isfinite(option.log_likelihood) and math.isfinite(value)
    ]
    return max(moved, default=None)
