"""The results by subject: for each suite with subjects the mean and each candidate's best and worst subject."""

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
    """One line per candidate for each suite with subjects; empty without such a suite or without a verdict."""
    rows = rankings_of(board)
    marks = letters(board)
    suites = sorted({each.suite for row in rows for each in row.groups})
    lines: list[Content] = []
    for suite in suites:
        lines += _suite_lines(suite, rows, marks, width)
    if not lines:
        return Content("")
    note = "mean ± standard error; best and worst are not tested; the exports have all subjects"
    return Content("\n").join([heading("By subject", note), *lines])


def _suite_lines(suite: str, rows: tuple[Ranking, ...], marks: Mapping[str, str], width: int) -> list[Content]:
    suite_rows = [(row, each) for row in rows for each in row.groups if each.suite == suite]
    most = max(len(each.groups) for _row, each in suite_rows)
    lines = [Content.assemble((suite, "bold"), (f"  {most} subjects", _MUTED))]
    for row, each in suite_rows:
        lines.append(
            Content.assemble((f"{marks.get(row.candidate, ' ')} ", "bold"), formatting.cut(by_subject(each), width - 2))
        )
    return lines
