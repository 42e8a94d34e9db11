"""Figures of what was asked again, from the items' own results; bootstrap intervals over items."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from ..events.askings import Figure, RepeatedItem, RewordedItem, Steadiness, TurnedItem
from ..events.run import AnswerScored

if TYPE_CHECKING:
    from ..stats.bootstrap import Estimate

Key = tuple[str, str]
"""Suite and item."""


def steadiness(
    answers: Mapping[Key, AnswerScored],
    turned: Mapping[Key, TurnedItem],
    reworded: Mapping[Key, RewordedItem],
    repeated: Mapping[Key, RepeatedItem],
    samples: Mapping[Key, Sequence[AnswerScored]],
) -> Steadiness:
    """One candidate's figures; ``answers`` are its first ones, which repeated items are held against."""
    if not (turned or reworded or repeated or samples):
        return Steadiness()
    from ..stats import consistency  # numpy, only needed at verdicts

    same_choice = right_in_all = place_recall_sd = rewording = identical = None
    if turned:
        rows = [consistency.RotatedItem(gold=item.gold, chosen=item.chosen) for item in turned.values()]
        order = consistency.order_consistency(rows)
        same_choice, right_in_all = _figure(order.same_choice), _figure(order.right_in_all)
        place_recall_sd = _figure(order.recall_sd)
    scores = [item.scores for item in reworded.values() if len(item.scores) > 1]
    if scores:
        rewording = _figure(consistency.template_robustness(scores))
    pairs = [(answers[key], item) for key, item in repeated.items() if key in answers]
    if pairs:
        identical = _figure(
            consistency.determinism(
                [first.output for first, _again in pairs], [again.output for _first, again in pairs]
            )
        )
    shifts = [shift for first, again in pairs if (shift := largest_shift_nats(first, again)) is not None]
    whole = Steadiness(
        same_choice=same_choice,
        right_in_all=right_in_all,
        place_recall_sd=place_recall_sd,
        rewording=rewording,
        identical=identical,
        largest_shift_nats=max(shifts, default=None),
    )
    k = max((len(drawn) for drawn in samples.values()), default=0)
    # A part that is under way, or a plan that was changed, may leave fewer samples to some items.
    full = [drawn for drawn in samples.values() if len(drawn) == k]
    if k < 2:
        return whole
    said = [[answer.extracted for answer in drawn] for drawn in full]
    right = [[answer.correct for answer in drawn] for drawn in full]
    return msgspec.structs.replace(
        whole,
        samples=k,
        entropy=_figure(consistency.answer_entropy(said)),
        avg_at_k=_figure(consistency.avg_at_k(right)),
        maj_at_k=_figure(consistency.maj_at_k(said, right)),
        pass_at_k=_figure(consistency.pass_at(k, right)),
        pass_all_k=_figure(consistency.pass_all(k, right)),
    )


def largest_shift_nats(first: AnswerScored, again: RepeatedItem) -> float | None:
    """How far an option's log-probability moved at most; None where text was generated."""
    if len(first.options) != len(again.log_likelihoods):
        return None
    moved = [
        abs(option.log_likelihood - value)
        for option, value in zip(first.options, again.log_likelihoods, strict=True)
        if math.isfinite(option.log_likelihood) and math.isfinite(value)
    ]
    return max(moved, default=None)


def _figure(estimate: Estimate) -> Figure:
    return Figure(value=estimate.value, low=estimate.low, high=estimate.high, items=estimate.items)
