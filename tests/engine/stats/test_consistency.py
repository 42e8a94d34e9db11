"""Consistency figures: worked examples, limits, and independence of names and order."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.stats.consistency import (
    answer_entropy,
    avg_at_k,
    determinism,
    maj_at_k,
    order_consistency,
    pass_all,
    pass_at,
    self_agreement,
    template_robustness,
)

answers = st.lists(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=5, max_size=5), min_size=1, max_size=12)
marks = st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=1, max_size=12)


def test_agreement_of_a_worked_example() -> None:
    # 3 × a and 2 × nothing: (3·2 + 2·1) / (5·4) = 0.4; the other item agrees fully.
    found = self_agreement([["a", "a", "a", None, None], ["b"] * 5])
    assert found.value == pytest.approx(0.7)
    assert found.items == 2
    assert (found.low, found.high) == (pytest.approx(0.4), 1.0)


def test_entropy_runs_from_all_the_same_to_all_different() -> None:
    assert answer_entropy([["x"] * 5]).value == 0
    assert answer_entropy([["a", "b", "c", "d", None]]).value == pytest.approx(1)
    half = -(0.6 * math.log(0.6) + 0.4 * math.log(0.4)) / math.log(5)
    assert answer_entropy([["a", "a", "a", "b", "b"]]).value == pytest.approx(half)


def test_the_four_figures_of_sampled_answers() -> None:
    right = [[True, True, False, False], [True, True, True, True]]
    answers = [["4", "4", "5", "6"], ["7", "7", "7", "7"]]
    assert avg_at_k(right).value == pytest.approx(0.75)
    assert maj_at_k(answers, right).value == 1
    # c = 2 of 4: 1 − C(2,2)/C(4,2) = 5/6, and C(2,2)/C(4,2) = 1/6.
    assert pass_at(2, right).value == pytest.approx((5 / 6 + 1) / 2)
    assert pass_all(2, right).value == pytest.approx((1 / 6 + 1) / 2)


def test_tied_majorities_share_the_item_and_no_answer_can_be_the_majority() -> None:
    assert maj_at_k([["4", "4", "5", "5"]], [[True, True, False, False]]).value == 0.5
    assert maj_at_k([[None, None, "4"]], [[False, False, True]]).value == 0


@given(marks, st.integers(1, 5))
def test_pass_all_is_at_most_the_average_and_pass_at_least(right: Any, j: int) -> None:
    average = avg_at_k(right, resamples=50).value
    assert pass_all(j, right, resamples=50).value <= average + 1e-9
    assert pass_at(j, right, resamples=50).value >= average - 1e-9
    for figure in (pass_at(1, right, resamples=50), pass_all(1, right, resamples=50)):
        assert figure.value == pytest.approx(average)


@given(answers, st.permutations(["a", "b", "c", None]))
def test_names_and_order_of_answers_do_not_matter(samples: Any, new_names: Any) -> None:
    other = dict(zip(["a", "b", "c", None], new_names, strict=True))
    renamed = [[other[x] for x in reversed(item)] for item in samples]
    for figure in (self_agreement, answer_entropy):
        found = figure(samples, resamples=100)
        assert found.value == pytest.approx(figure(renamed, resamples=100).value)
        assert -1e-9 <= found.low <= found.value + 1e-9
        assert found.value - 1e-9 <= found.high <= 1 + 1e-9


def test_a_model_that_always_chooses_the_first_place_is_inconsistent() -> None:
    # It chooses option r in rotation r, regardless of the question.
    same_choice, right_in_all, recall_sd = order_consistency([(g, (0, 1, 2, 3)) for g in (0, 1, 2, 3, 2)])
    assert same_choice.value == 0
    assert right_in_all.value == 0
    # Recall 1 at the first place and 0 at three others: sd = √3/4.
    assert recall_sd.value == pytest.approx(math.sqrt(3) / 4)


def test_a_model_that_reads_the_options_is_consistent_right_or_wrong() -> None:
    same_choice, right_in_all, recall_sd = order_consistency([(0, (0, 0, 0)), (1, (2, 2, 2))])
    assert same_choice.value == 1
    assert right_in_all.value == 0.5
    assert recall_sd.value == pytest.approx(0)


@given(st.lists(st.lists(st.floats(0, 1), min_size=2, max_size=4), min_size=1, max_size=10))
def test_robustness_is_what_the_worst_wording_leaves(scores: Any) -> None:
    found = template_robustness(scores, resamples=50)
    assert 0 <= found.value <= 1
    assert found.value == pytest.approx(sum(1 - max(s) + min(s) for s in scores) / len(scores))


def test_determinism_is_the_share_of_identical_outputs() -> None:
    assert determinism(["a", "b", "c", "d"], ["a", "b", "c", "D"]).value == 0.75


@pytest.mark.parametrize(
    ("figure", "data"),
    [
        (self_agreement, [["a"]]),
        (answer_entropy, [["a", "b"], []]),
        (avg_at_k, []),
        (template_robustness, [[1.0]]),
        (order_consistency, []),
        (order_consistency, [(4, (0, 0, 0))]),
    ],
)
def test_too_little_data_is_an_error(figure: Any, data: Any) -> None:
    with pytest.raises(ValueError, match=r"no items|no values|answers|rotations"):
        figure(data)
