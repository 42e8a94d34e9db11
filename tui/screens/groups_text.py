"""What the results screen says of suites of subjects: the mean, and where a candidate is best and worst."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content

from weighin.engine.events import GroupShare, Ranking, SuiteGroups

from .. import text
from ..board import Board
from ..ranking import rankings_of
from .results_text import heading, letters

_MUTED = "$foreground-muted"
_ENOUGH = 5
"""Items that a subject needs to be called best or worst; with fewer, chance decides."""


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
    note = "mean ± standard error over subjects; all subjects are in the exports"
    return Content("\n").join([heading("By subject", note), *lines])


def _suite_lines(suite: str, rows: tuple[Ranking, ...], marks: Mapping[str, str], width: int) -> list[Content]:
    found = [(row, each) for row in rows for each in row.groups if each.suite == suite]
    most = max(len(each.groups) for _row, each in found)
    lines = [Content.assemble((suite, "bold"), (f"  {most} subjects", _MUTED))]
    for row, each in found:
        lines.append(Content.assemble((f"{marks.get(row.candidate, ' ')} ", "bold"), text.cut(_line(each), width - 2)))
    return lines


def _line(each: SuiteGroups) -> str:
    error = text.NOTHING if each.standard_error is None else f"{each.standard_error * 100:.1f}"
    words = f"{each.accuracy * 100:5.1f} % ± {error}"
    counted = [group for group in each.groups if group.items >= _ENOUGH]
    if len(counted) < 2:
        return f"{words}   fewer than {_ENOUGH} items in most subjects: none can be called best"
    ordered = sorted(counted, key=lambda group: (group.correct / group.items, group.name))
    return f"{words}   best {_share(ordered[-1])}   worst {_share(ordered[0])}"


def _share(group: GroupShare) -> str:
    return f"{group.name.replace('_', ' ')} {group.correct / group.items * 100:.0f} % of {group.items}"
