"""The level reached in a graded suite."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.tasks.levels import level_reached, threshold_above_chance


def _answers(*shares: tuple[int, int]) -> list[tuple[int, bool]]:
    """(right, n) of level 1, 2, …"""
    return [(level, place < right) for level, (right, n) in enumerate(shares, 1) for place in range(n)]


def test_the_highest_level_with_enough_right_at_it_and_below() -> None:
    reached = level_reached(_answers((30, 30), (24, 30), (18, 30), (17, 30), (3, 30)))
    assert reached.level == 3
    assert [(each.level, each.n_right, each.n) for each in reached.shares] == [
        (1, 30, 30), (2, 24, 30), (3, 18, 30), (4, 17, 30), (5, 3, 30),
    ]  # fmt: skip
    # Wilson 95 %: 18 of 30 is 42 to 75 %, 24 of 30 is 63 to 90 %, 17 of 30 is 39 to 73 %, 3 of 30 is 3 to 26 %.
    assert (reached.surely, reached.possibly) == (2, 4)


def test_a_gap_below_ends_it_however_good_the_rest() -> None:
    assert level_reached(_answers((30, 30), (5, 30), (30, 30))).level == 1
    assert level_reached([(level, True) for level in (1, 2, 4, 5) for _ in range(40)]).level == 2
    assert level_reached([(2, True)] * 40).level == 0


def test_few_items_leave_much_possible_and_nothing_sure() -> None:
    reached = level_reached(_answers((2, 2), (1, 2)))
    assert (reached.surely, reached.level, reached.possibly) == (0, 1, 2)


def test_nothing_answered_and_ungraded_items() -> None:
    assert level_reached([]).level == 0
    assert level_reached([(0, True)] * 50).shares == ()


@pytest.mark.parametrize("threshold", [0, -0.1, 1.01])
def test_thresholds_out_of_range_fail(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        level_reached([(1, True)], threshold=threshold)


def test_negative_levels_fail() -> None:
    with pytest.raises(ValueError, match="no level -1"):
        level_reached([(-1, True)])


def test_guessing_raises_the_threshold() -> None:
    assert threshold_above_chance(0.0) == 0.6
    assert threshold_above_chance(0.25) == pytest.approx(0.7)
    assert level_reached(_answers((13, 20)), threshold=threshold_above_chance(0.25)).level == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=200), st.floats(0.05, 1))
def test_bounds_enclose_the_level_and_more_right_answers_never_lower_it(
    results: list[tuple[int, bool]], threshold: float
) -> None:
    reached = level_reached(results, threshold=threshold)
    assert 0 <= reached.surely <= reached.level <= reached.possibly <= 5
    better = level_reached([(level, True) for level, _ in results], threshold=threshold)
    assert better.level >= reached.level
    for level in range(1, reached.level + 1):
        rights = [right for at, right in results if at == level]
        assert sum(rights) >= threshold * len(rights) - 1e-9
        assert rights
