"""Filters over all answers, and differences between two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.events.run import Event
from weighin.tui.run.answerbook import FILTERS, Query, answer_rows, differences, filtered, mark
from weighin.tui.run.board import Board, fold_all


@pytest.fixture
def rows(run_events: Callable[..., list[Event]]) -> Any:
    return answer_rows(fold_all(run_events(4)))


def test_rows_are_in_the_runs_order_with_numbers_in_order(rows: Any) -> None:
    assert [row.item for row in rows[:3]] == ["clause-000", "clause-001", "clause-002"]
    assert [row.suite for row in rows] == ["contract-clauses"] * 40 + ["extract-dates"] * 20
    assert rows[39].answers[3] is None
    assert answer_rows(Board()) == []


def test_a_right_b_wrong(rows: Any) -> None:
    kept = filtered(rows, Query("A right, B wrong", a=0, b=1))
    assert kept
    assert all(row.answers[0].correct and not row.answers[1].correct for row in kept)
    turned = filtered(rows, Query("A wrong, B right", a=1, b=0))
    assert turned == kept


def test_pairs_with_a_missing_answer_or_candidate_show_nothing(rows: Any) -> None:
    kept = filtered(rows, Query("A right, B wrong", a=0, b=3))
    assert all(row.answers[3] is not None for row in kept)
    assert filtered(rows, Query("A right, B wrong", a=0, b=99)) == []


def test_the_filters_split_the_items(rows: Any) -> None:
    counts = {kind: len(filtered(rows, Query(kind))) for kind in FILTERS}
    assert counts["all"] == len(rows) == counts["all wrong"] + counts["all right"] + counts["they differ"]
    assert counts["fragile"] > 0


def test_suite_and_text(rows: Any) -> None:
    assert {row.suite for row in filtered(rows, Query(suite="extract-dates"))} == {"extract-dates"}
    assert [row.item for row in filtered(rows, Query(text="LETTER-003"))] == ["letter-003"]
    assert len(filtered(rows, Query(text="notice in writing"))) == 40


def test_marks(rows: Any) -> None:
    assert mark(None) == "·"
    assert {mark(a) for row in rows for a in row.answers} == {"·", "✓", "✗", "✓~", "✗~"}


def test_differences_are_marked_by_word() -> None:
    left, right = differences("The date is 2024-01-02.", "The day is 2024-01-02.")
    assert [piece for piece, new in left if new] == ["date"]
    assert [piece for piece, new in right if new] == ["day"]


@given(st.text(max_size=200), st.text(max_size=200))
def test_differences_keep_both_texts(a: str, b: str) -> None:
    left, right = differences(a, b)
    assert "".join(piece for piece, _ in left) == a
    assert "".join(piece for piece, _ in right) == b
