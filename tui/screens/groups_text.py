"""What the results screen says of suites of subjects: the mean, and where a candidate is best and worst."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content

from weighin.engine.events.ranking import Ranking
from weighin.engine.judging.wording import by_subject

from .. import formatting
from ..run.board import Board
from ..run.standings import rankings_of
from .results_text import heading, letters

_MUTED = "$foreground-muted"


def groups(board: Board, width: int) -> Content:
    """A line a candidate for each suite of subjects; empty where there is none, or no verdict yet."""
    rows = rankings_of(board)
    marks = letters(board)
    suites = sorted({each.suite for row in rows for each in row.groups})
    lines: list[Content] = []
    for suite in suites:
        lines += _suite_lines(suite, rows, marks, width)
    if not lines:
        return Content("")
    note = "mean ± standard error; best and worst by the figures, not tested; all are in the exports"
    return Content("\n").join([heading("By subject", note), *lines])


def _suite_lines(suite: str, rows: tuple[Ranking, ...], marks: Mapping[str, str], width: int) -> list[Content]:
    found = [(row, each) for row in rows for each in row.groups if each.suite == suite]
    most = max(len(each.groups) for _row, each in found)
    lines = [Content.assemble((suite, "bold"), (f"  {most} subjects", _MUTED))]
    for row, each in found:
        lines.append(
            Content.assemble((f"{marks.get(row.candidate, ' ')} ", "bold"), formatting.cut(by_subject(each), width - 2))
        )
    return lines
