"""How consistent each candidate's answers are, as a section of the results screen."""

from __future__ import annotations

import msgspec
from textual.content import Content

from weighin.engine.stats.intervals import Estimate

from .. import formatting
from ..run.board import Board
from ..run.standings import rankings_of
from .results_text import heading, letters

_MUTED = "$foreground-muted"
_COLUMNS = (("agree", 5), ("any order", 11), ("wording", 9), ("again", 7), ("fragile", 9))
"""Title and width; together no wider than the column beside the chart at 120 cells."""


class _Row(msgspec.Struct, frozen=True):
    candidate: str
    agree: float | None
    order: float | None
    wording: float | None
    again: str
    fragile: float | None

    @property
    def is_known(self) -> bool:
        """Whether any item was asked again."""
        return self.agree is not None or self.order is not None or self.wording is not None or bool(self.again)


def steadiness(board: Board) -> Content:
    """One line per candidate; empty while no item was asked again. No figure is marked as better than another."""
    rows = [row for row in _rows(board) if row.is_known]
    if not rows:
        return Content("")
    marks = letters(board)
    cells = [_cells(row) for row in rows]
    shown = [place for place in range(len(_COLUMNS)) if any(row[place] != formatting.NOTHING for row in cells)]
    head = "".join(f"{_COLUMNS[place][0]:>{_COLUMNS[place][1]}}" for place in shown)
    lines = [Content.styled(f"  {head}", _MUTED)]
    for row, values in zip(rows, cells, strict=True):
        line = "".join(f"{values[place]:>{_COLUMNS[place][1]}}" for place in shown)
        lines.append(Content.assemble((f"{marks.get(row.candidate, ' ')} ", "bold"), line))
    return Content("\n").join([heading("Consistency", "not the same as accuracy"), *lines])


def _cells(row: _Row) -> tuple[str, ...]:
    fragile = formatting.NOTHING if row.fragile is None else f"{row.fragile * 100:.0f} %"
    return (
        formatting.number(row.agree, 2),
        formatting.number(row.order, 2),
        formatting.number(row.wording, 2),
        row.again or formatting.NOTHING,
        fragile,
    )


def _rows(board: Board) -> list[_Row]:
    if board.verdict is not None:
        return [
            _Row(
                row.candidate,
                row.consistency,
                _value(row.steadiness.same_choice),
                _value(row.steadiness.rewording),
                _again(row.steadiness.identical),
                row.fragile_share,
            )
            for row in board.verdict.rankings
        ]
    provisional = []
    for row in rankings_of(board):
        panel = board.panel(row.candidate)
        if panel is not None:
            reasked = panel.reasked
            again = f"{sum(reasked.repeated.values())}/{len(reasked.repeated)}" if reasked.repeated else ""
            share = panel.fragile_share
            provisional.append(
                _Row(row.candidate, panel.consistency, reasked.same_choice, reasked.rewording, again, share)
            )
    return provisional


def _value(figure: Estimate | None) -> float | None:
    return None if figure is None else figure.value


def _again(figure: Estimate | None) -> str:
    return "" if figure is None else f"{figure.value * figure.items:.0f}/{figure.items}"
