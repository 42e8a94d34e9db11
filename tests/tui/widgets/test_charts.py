"""Graphs, bars and the chart: what is drawn where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.events.run import Event
from weighin.engine.plan.model import Limits, Plan
from weighin.tui.formatting import cut, duration, milliseconds
from weighin.tui.run.board import fold_all
from weighin.tui.screens.results_text import chart, letters
from weighin.tui.widgets.graph import braille_graph, nice_bound
from weighin.tui.widgets.panel import interval_bar
from weighin.tui.widgets.scatter import Point, pareto_front, scatter


@given(st.floats(1e-6, 1e9))
def test_the_bound_is_at_or_just_above_the_highest_value(value: float) -> None:
    bound = nice_bound(value)
    assert value <= bound <= value * 2


def test_the_same_value_is_as_high_in_every_graph_with_the_same_bound() -> None:
    full = braille_graph([60.0] * 8, 4, 2, 60.0)
    half = braille_graph([30.0] * 8, 4, 2, 60.0)
    assert full == ["⣿⣿⣿⣿", "⣿⣿⣿⣿"]
    assert half == ["    ", "⣿⣿⣿⣿"]


def test_few_values_are_drawn_wider_and_nothing_draws_nothing() -> None:
    assert braille_graph([], 3, 2, 1.0) == ["   ", "   "]
    assert braille_graph([1.0], 4, 1, 1.0) == ["⣿⣿⣿⣿"]
    assert braille_graph([1.0], 0, 3, 1.0) == []


def test_a_tiny_value_is_still_visible() -> None:
    assert braille_graph([0.01, 0.01], 1, 1, 100.0) == ["⣀"]


@given(st.lists(st.floats(0, 1e6)), st.integers(0, 60), st.integers(0, 8), st.floats(0.1, 1e6))
def test_a_graph_always_has_its_size(values: Any, width: int, height: int, bound: float) -> None:
    lines = braille_graph(values, width, height, bound)
    assert len(lines) == (height if width else 0)
    assert all(len(line) == width for line in lines)


def test_interval_bar_places_estimate_bounds_and_chance() -> None:
    bar = interval_bar(21, 0.5, 0.25, 0.75, 0.1)
    assert (bar.index("["), bar.index("●"), bar.index("]"), bar.index("┊")) == (5, 10, 15, 2)
    assert interval_bar(5, None, 0, 1, None) == "├───┤"
    assert "╪" in interval_bar(21, 0.5, 0.25, 0.75, 0.4)
    assert interval_bar(2, 0.5, 0, 1, None) == ""


@given(st.integers(3, 120), st.floats(0, 1), st.floats(0, 1), st.one_of(st.none(), st.floats(0, 1)))
def test_interval_bar_always_has_its_width(width: int, a: float, b: float, chance: Any) -> None:
    low, high = sorted((a, b))
    assert len(interval_bar(width, (low + high) / 2, low, high, chance)) == width


def test_the_front_has_the_points_that_no_other_beats_in_both() -> None:
    points = [
        Point("A", 10, 0.9, 0.8, 1.0),
        Point("B", 20, 0.7, 0.6, 0.8),
        Point("C", 15, 0.6, 0.5, 0.7),
        Point("D", 90, 0.5, 0.4, 0.6, admitted=False),
    ]
    assert [p.letter for p in pareto_front(points)] == ["A", "B"]


def test_the_chart_shows_all_points_and_the_limit() -> None:
    points = [
        Point("A", 10, 0.9, 0.8, 1.0),
        Point("B", 40, 0.6, 0.5, 0.7),
        Point("C", 80, 0.4, 0.3, 0.5, admitted=False),
    ]
    drawn = scatter(points, 60, 16, least_speed=20.0).plain
    for mark in ("A", "B", "c", "┆", "╌", "tok/s"):
        assert mark in drawn
    assert all(len(line) <= 60 for line in drawn.splitlines())
    assert scatter(points, 10, 16).plain == ""


def test_the_chart_shows_chance_even_below_all_points() -> None:
    points = [Point("A", 10, 0.9, 0.8, 1.0), Point("B", 40, 0.8, 0.7, 0.9)]
    drawn = scatter(points, 60, 16, chance=0.25).plain.splitlines()
    dotted = [line for line in drawn if line.count("·") > 40]
    assert len(dotted) == 1
    assert drawn.index(dotted[0]) > next(n for n, line in enumerate(drawn) if "B" in line)
    assert "·" not in scatter(points, 60, 16).plain


def test_limits_on_neither_axis_are_listed_with_the_candidates_that_exceed_them(
    run_events: Callable[..., list[Event]],
) -> None:
    board = fold_all(run_events(3))
    assert board.verdict is not None
    rows = board.verdict.rankings
    memory = sorted(row.memory_bytes or 0 for row in rows)
    limits = Limits(max_memory_bytes=memory[-2], max_ttft_s=60.0)
    biggest = letters(board)[max(rows, key=lambda row: row.memory_bytes or 0).candidate].lower()
    shown = chart(board, Plan(limits=limits), 100, 20).plain
    assert f"GiB: {biggest} over" in shown
    assert "ms: all within" in shown
    assert "TTFT" not in chart(board, Plan(), 100, 20).plain
    assert len(shown.splitlines()) == len(chart(board, Plan(), 100, 20).plain.splitlines())


def test_two_points_in_one_place_are_both_drawn() -> None:
    points = [Point("A", 10, 0.5, 0.4, 0.6), Point("B", 10, 0.5, 0.4, 0.6)]
    drawn = scatter(points, 60, 16).plain
    assert "A" in drawn
    assert "B" in drawn


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "5 s"), (89, "89 s"), (360, "6 min"), (4800, "1 h 20 min"), (3600, "1 h 00 min")]
)
def test_durations(seconds: int, words: str) -> None:
    assert duration(seconds) == words


def test_short_texts() -> None:
    assert milliseconds(0.2123) == "212"
    assert milliseconds(0.0223) == "22.3"
    assert milliseconds(None) == "–"
    assert cut("abcdef", 4) == "abc…"
