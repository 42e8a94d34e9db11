"""Items asked again on the board, on a panel and on the results screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from weighin.engine.events.askings import ReorderedItem, RepeatedItem, RewordedItem
from weighin.engine.events.run import BlockRepeated, Event, OptionsTurned, PromptsReworded, VerdictReached
from weighin.tui.run.board import fold, fold_all
from weighin.tui.screens.results_text import steadiness
from weighin.tui.widgets.panel import Look, paint_panel

COMMON: Any = {"candidate": "a", "suite": "s", "elapsed_s": 1.0}


def test_the_board_counts_items_once_however_often_they_are_reported() -> None:
    turned = OptionsTurned(
        part=0,
        items=(ReorderedItem(item="i", gold=0, chosen=(1, 1, 1)), ReorderedItem(item="j", gold=0, chosen=(0, 0, 2))),
        **COMMON,
    )
    reworded = PromptsReworded(
        part=0,
        templates=("q", "bare"),
        items=(RewordedItem(item="i", scores=(0.75, 1.0), answers=("x", "y")),),
        **COMMON,
    )
    board = fold_all([turned, reworded, turned, reworded])
    asked = board.panels[0].reasked
    # Steadily wrong counts as steady: nothing here is about being right.
    assert (asked.same_choice, asked.rewording, asked.identical) == (0.5, 0.75, None)
    assert (board.panels[0].accuracy, board.answered) == (None, 0)
    assert fold(board, turned).panels[0].revision > board.panels[0].revision


def test_repeated_items_are_compared_with_the_first_answers(steady_events: Callable[..., list[Event]]) -> None:
    events = steady_events(1)
    board = fold_all(events)
    assert board.panels[0].reasked.identical == 1.0
    (first,) = [e for e in events if isinstance(e, BlockRepeated)]
    other = msgspec.structs.replace(
        first, items=tuple(RepeatedItem(item=item.item, output="else") for item in first.items[:2])
    )
    assert fold(board, other).panels[0].reasked.identical == pytest.approx(6 / 8)
    unknown = msgspec.structs.replace(first, items=(RepeatedItem(item="never asked", output="x"),))
    assert fold(board, unknown).panels[0].reasked == board.panels[0].reasked


def numbers(shown: str) -> list[list[str]]:
    return [re.findall(r"\d+\.\d\d|\d+/\d+", line) for line in shown.splitlines()[2:]]


def test_the_screen_says_the_same_before_and_after_the_verdict(steady_events: Callable[..., list[Event]]) -> None:
    events = steady_events(3)
    after = fold_all(events)
    before = fold_all(event for event in events if not isinstance(event, VerdictReached))
    shown = {board.verdict is None: steadiness(board).plain for board in (before, after)}
    assert "not the same as accuracy" in shown[False]
    assert sorted(numbers(shown[True])) == sorted(numbers(shown[False]))
    assert len(numbers(shown[False])) == 3
    assert all(len(row) == 4 for row in numbers(shown[False]))
    # It fits beside the chart at 120 cells.
    assert max(map(len, shown[False].splitlines()[1:])) <= 43


def test_without_such_items_the_section_is_empty(run_events: Callable[..., list[Event]]) -> None:
    assert steadiness(fold_all(run_events(3))).plain == ""
    assert steadiness(fold_all([])).plain == ""


@pytest.mark.parametrize(("width", "words"), [(50, ["any order", "wording", "again"]), (30, ["any order", "wording"])])
def test_a_panel_shows_as_much_as_fits(steady_events: Callable[..., list[Event]], width: int, words: Any) -> None:
    panel = fold_all(steady_events(1)).panels[0]
    lines = [line.plain for line in paint_panel(panel, Look(bound=60.0), width, 24)]
    (line,) = [line for line in lines if "any order" in line]
    assert [word for word in ("any order", "wording", "again") if word in line] == words
    assert len(line.rstrip()) <= width
    short = [line.plain for line in paint_panel(panel, Look(bound=60.0), width, 10)]
    assert not any("any order" in line for line in short)
    assert any("accuracy" in line for line in short)
