"""How steady the answers are, for reports: what none of the figures says is whether they are right."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from ..events.askings import Figure, Steadiness
from ..events.ranking import Ranking
from ..events.run import VerdictReached
from .marks import escaped, table

_NONE = "–"
_HEADER = ("model", "agree", "any order", "right in any order", "place sd", "wording", "again", "fragile %")
_LEGEND = (
    "agree: two sampled answers to an item are the same; any order: the same content is chosen however the options are"
    " ordered; place sd: how unevenly the right answer is found over its places, 0 is even; wording: 1 − (best − worst"
    " score of an item over prompt templates), averaged; again: the same answer when asked once more; fragile: another"
    " batch layout may turn it. Intervals: 95 %, by bootstrap over items. Steady answers may be wrong: only *right in"
    " any order* is about being right."
)

_SAMPLED_HEADER = ("model", "k", "entropy", "avg@k", "maj@k", "pass@k", "pass^k")
_SAMPLED_LEGEND = (
    "Of k sampled answers to an item: entropy, 0 all the same, 1 all different; share right (avg@k); commonest"
    " one right (maj@k); one right (pass@k); all right (pass^k)."
)


def consistency_section(verdict: VerdictReached, names: Mapping[str, str]) -> list[str]:
    """A Markdown table with a row a candidate; empty when nothing was asked again."""
    rows = [row for row in verdict.rankings if _is_known(row)]
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
            _NONE if row.fragile_share is None else f"{row.fragile_share * 100:.0f}",
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
    """One line a candidate for plain text; what was sampled stands in the ranking."""
    found = []
    for row in verdict.rankings:
        parts = [
            f"{words} {figure.value:.2f} of {figure.items}"
            for words, figure in (
                ("same choice in any order", row.steadiness.same_choice),
                ("steady in any wording", row.steadiness.rewording),
            )
            if figure is not None
        ]
        if row.steadiness.identical is not None:
            parts.append(f"same when asked again {again(row.steadiness)}")
        if parts:
            said = f"Consistency of {names[row.candidate]}: {', '.join(parts)}"
            found += textwrap.wrap(said, width, subsequent_indent="  ")
    return found


def again(steadiness: Steadiness) -> str:
    """Items with the same answer out of those asked once more, and how far log-probabilities moved if they did."""
    figure = steadiness.identical
    if figure is None:
        return _NONE
    shift = steadiness.largest_shift_nats
    moved = f", ±{shift:.2g} nats" if shift else ""
    return f"{figure.value * figure.items:.0f}/{figure.items}{moved}"


def _is_known(row: Ranking) -> bool:
    return row.consistency is not None or row.steadiness != Steadiness()


def _figure(figure: Figure | None) -> str:
    return _NONE if figure is None else _bounded(figure.value, figure.low, figure.high)


def _bounded(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return _NONE
    return f"{value:.2f}" + (f" [{low:.2f}–{high:.2f}]" if low is not None and high is not None else "")
