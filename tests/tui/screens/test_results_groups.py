"""Suites with subjects on the results screen, and candidates that cannot be compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from weighin.engine.events.ranking import GroupShare, SuiteGroups
from weighin.engine.events.run import Event
from weighin.tui.run.board import fold_all
from weighin.tui.screens.results_text import groups, ranking_table, strengths


@pytest.fixture
def board(run_events: Callable[..., list[Event]]) -> Any:
    """A finished run of three candidates, the first with figures by subject."""
    found = fold_all(run_events(3))
    assert found.verdict is not None
    shares = (("world_religions", 20, 4), ("anatomy", 10, 6), ("one_item", 1, 1), ("law", 10, 1))
    mmlu = SuiteGroups(
        suite="mmlu",
        accuracy=12 / 41,
        standard_error=0.071,
        groups=tuple(GroupShare(name=name, items=items, correct=correct) for name, items, correct in shares),
    )
    rankings = [msgspec.structs.replace(found.verdict.rankings[0], groups=(mmlu,)), *found.verdict.rankings[1:]]
    return msgspec.structs.replace(found, verdict=msgspec.structs.replace(found.verdict, rankings=tuple(rankings)))


def test_the_mean_and_the_best_and_worst_subject_are_shown(board: Any) -> None:
    shown = groups(board, 120).plain
    assert "mmlu  4 subjects" in shown
    assert "29.3 % ± 7.1   best anatomy 60 % of 10   worst law 10 % of 10" in shown
    # A single right answer does not make a subject the best.
    assert "one item" not in shown
    assert max(map(len, groups(board, 40).plain.splitlines()[2:])) <= 40


def test_too_few_items_name_no_best(board: Any) -> None:
    few = tuple(GroupShare(name=str(n), items=2, correct=1) for n in range(9))
    first = board.verdict.rankings[0]
    mmlu = msgspec.structs.replace(first.groups[0], groups=few, standard_error=None)
    rankings = (msgspec.structs.replace(first, groups=(mmlu,)), *board.verdict.rankings[1:])
    shown = groups(
        msgspec.structs.replace(board, verdict=msgspec.structs.replace(board.verdict, rankings=rankings)), 120
    ).plain
    assert "too few to name the best" in shown


def test_without_subjects_the_section_is_empty(run_events: Callable[..., list[Event]]) -> None:
    assert not groups(fold_all(run_events(3)), 120).plain


def test_nobody_leads_before_anything_is_measured(run_events: Callable[..., list[Event]]) -> None:
    assert "most accurate overall" in strengths(fold_all(run_events(3))).plain
    assert not strengths(fold_all(run_events(3)[:1])).plain


def test_what_cannot_be_compared_is_marked_and_explained(board: Any) -> None:
    assert "?" not in ranking_table(board, 150).plain
    *others, last = board.verdict.rankings
    apart = msgspec.structs.replace(
        last, tied_with_best=False, ruled_out=(), not_comparable="not comparable: no common items"
    )
    verdict = msgspec.structs.replace(board.verdict, rankings=(*others, apart))
    shown = ranking_table(msgspec.structs.replace(board, verdict=verdict), 150).plain
    assert any(line.startswith("?") for line in shown.splitlines())
    assert "? no items in common with the best" in shown
