"""Marks of a ranking, and Markdown that stays safe whatever text goes into it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..events.ranking import Ranking
from ..events.run import VerdictReached

NONE = "–"
"""Stands for a figure that was not measured."""


def number(value: float | None, digits: int, scale: float = 1) -> str:
    """``value`` times ``scale``, or ``NONE``."""
    return NONE if value is None else f"{value * scale:.{digits}f}"


def ranking_mark(row: Ranking, verdict: VerdictReached | None) -> str:
    """▶ recommended, ✗ ruled out, = tied with the most accurate, ? not comparable with it; "" for the rest."""
    if verdict is not None and row.candidate == verdict.winner:
        return "▶"
    if row.ruled_out:
        return "✗"
    return "=" if row.tied_with_best else "?" if row.not_comparable else ""


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> list[str]:
    """A Markdown table. Columns from index ``left`` on are right-aligned, as numbers are."""
    rule = ["---" if place < left else "---:" for place in range(len(header))]
    return [f"| {' | '.join(cells)} |" for cells in (header, rule, *rows)]


def escaped(text: str) -> str:
    """``text`` on one line and without markup: names and paths come from files, and must not become links."""
    out = " ".join(text.split())
    for sign in ("\\", "`", "*", "[", "]", "<", ">", "|", "#"):
        out = out.replace(sign, "\\" + sign)
    return out
