"""How consistent the answers are, for reports. Consistent answers may still be wrong."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from ..events.askings import Steadiness
from ..events.ranking import Ranking
from ..events.run import VerdictReached
from ..stats.intervals import Estimate
from .marks import NONE, escaped, table

_HEADER = ("model", "agree", "any order", "right in any order", "place sd", "wording", "again", "fragile %")
_LEGEND = (
    "agree: two sampled answers to an item are the same; any order: the same option is chosen in every order of the"
    " options; place sd: how much accuracy depends on the place of the right option, 0 is not at all; wording: 1 −"
    " (best − worst score of an item over prompt templates), averaged; again: the same answer when asked again;"
    " fragile: close calls that a different batch layout could flip. Intervals: 95 %, by bootstrap over items."
    " Consistent answers may be wrong: only *right in any order* measures correctness."
)

_SAMPLED_HEADER = ("model", "k", "entropy", "avg@k", "maj@k", "pass@k", "pass^k")
_SAMPLED_LEGEND = (
    "Over k sampled answers to an item: entropy, 0 if all are the same and 1 if all differ; avg@k, the share that is"
    " right; maj@k, the most common answer is right; pass@k, at least one is right; pass^k, all are right."
)


def consistency_section(verdict: VerdictReached, names: Mapping[str, str]) -> list[str]:
    """A Markdown table with one row per candidate. Empty if nothing was asked again."""
    rows = [row for row in verdict.rankings if row.consistency is not None or row.steadiness != Steadiness()]
    if not rows:
        return []
    cells = [
        (
            escaped(names[row.candidate]),
            _bounded(row.consistency, row.consistency_low, row.consistency_high),
            _figure(row.steadiness.same_choice),
            _figure(row.steadiness.right_in_all),
            _figure(row.steadiness.place_recall_sd),
            _figure(row.steadiness.rewording),
            again(row.steadiness),
            NONE if row.fragile_share is None else f"{row.fragile_share * 100:.0f}",
        )
        for row in rows
    ]
    return ["## Consistency", "", *table(_HEADER, cells), "", _LEGEND, *_sampled(rows, names)]


def _sampled(rows: Sequence[Ranking], names: Mapping[str, str]) -> list[str]:
    cells = [
        (
            escaped(names[row.candidate]),
            str(steady.samples),
            _figure(steady.entropy),
            _figure(steady.avg_at_k),
            _figure(steady.maj_at_k),
            _figure(steady.pass_at_k),
            _figure(steady.pass_all_k),
        )
        for row in rows
        if (steady := row.steadiness).samples is not None
    ]
    return ["", *table(_SAMPLED_HEADER, cells), "", _SAMPLED_LEGEND] if cells else []


def consistency_lines(verdict: VerdictReached, names: Mapping[str, str], width: int) -> list[str]:
    """One line per candidate for plain text. Sampling is left out: the ranking shows it."""
    lines = []
    for row in verdict.rankings:
        parts = [
            f"{what} {figure.value:.2f} of {figure.items}"
            for what, figure in (
                ("same choice in any order", row.steadiness.same_choice),
                ("steady in any wording", row.steadiness.rewording),
            )
            if figure is not None
        ]
        if row.steadiness.identical is not None:
            parts.append(f"same when asked again {again(row.steadiness)}")
        if parts:
            line = f"Consistency of {names[row.candidate]}: {', '.join(parts)}"
            lines += textwrap.wrap(line, width, subsequent_indent="  ")
    return lines


def again(steadiness: Steadiness) -> str:
    """Share of items with the same answer when asked again, and the largest change of a log-probability if any."""
    figure = steadiness.identical
    if figure is None:
        return NONE
    shift = steadiness.largest_shift_nats
    moved = f", ±{shift:.2g} nats" if shift else ""
    return f"{figure.value * figure.items:.0f}/{figure.items}{moved}"


def _figure(figure: Estimate | None) -> str:
    return NONE if figure is None else _bounded(figure.value, figure.low, figure.high)


def _bounded(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return NONE
    return f"{value:.2f}" + (f" [{low:.2f}–{high:.2f}]" if low is not None and high is not None else "")
