"""Intervals and paired tests: compared with statsmodels and NumPy."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from weighin.engine.stats.intervals import (
    accuracy_interval,
    clopper_pearson,
    holm,
    mcnemar_p,
    mean_of_suites_interval,
    minimum_detectable_difference,
    wilson,
)
from weighin.engine.stats.quantiles import half_spread, percentile

counts = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_intervals_agree_with_statsmodels(count: Any) -> None:
    correct, n = count
    for ours, method in ((wilson, "wilson"), (clopper_pearson, "beta")):
        low, high = proportion_confint(correct, n, method=method)
        interval = ours(correct, n)
        assert interval.low == pytest.approx(low, abs=1e-9)
        assert interval.high == pytest.approx(high, abs=1e-9)


@pytest.mark.parametrize(("correct", "n", "exact"), [(0, 50, True), (50, 50, True), (9, 29, True), (9, 30, False)])
def test_small_counts_and_the_edges_use_the_exact_interval(correct: int, n: int, exact: bool) -> None:
    assert accuracy_interval(correct, n) == (clopper_pearson if exact else wilson)(correct, n)


def test_without_answers_the_interval_is_everything() -> None:
    interval = accuracy_interval(0, 0)
    assert (interval.low, interval.high) == (0.0, 1.0)


@given(st.lists(counts, min_size=1, max_size=6))
def test_a_mean_of_suites_lies_in_its_interval(suites: Any) -> None:
    interval = mean_of_suites_interval(suites)
    mean = sum(correct / n for correct, n in suites) / len(suites)
    assert 0 <= interval.low <= mean + 1e-9
    assert mean - 1e-9 <= interval.high <= 1


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_agrees_with_statsmodels(b: int, c: int) -> None:
    p = mcnemar_p(b, c)
    assert p == mcnemar_p(c, b)
    if b + c:
        assert p == pytest.approx(mcnemar([[0, b], [c, 0]], exact=True).pvalue, abs=1e-9)


@settings(max_examples=15)  # statsmodels takes 0.2 s for each
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_agrees_with_statsmodels(p_values: Any) -> None:
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]), abs=1e-12)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0, 100))
def test_percentiles_agree_with_numpy(values: Any, percent: float) -> None:
    assert percentile(values, percent) == pytest.approx(float(np.percentile(values, percent)), rel=1e-9, abs=1e-6)
    assert half_spread(values) >= 0


def test_more_items_detect_smaller_differences() -> None:
    differences = [minimum_detectable_difference(n) for n in (10, 50, 200, 1000)]
    assert differences == sorted(differences, reverse=True)
    assert minimum_detectable_difference(0) == 1.0


@pytest.mark.parametrize("n", [100, 200, 1000])
def test_the_detectable_difference_is_detected_in_about_four_of_five_runs(n: int) -> None:
    difference, discordant = minimum_detectable_difference(n), 0.3
    # Items that only A, only B, or both or neither get right, drawn 2000 times.
    shares = [(discordant + difference) / 2, (discordant - difference) / 2, 1 - discordant]
    counts = np.random.default_rng(5).multinomial(n, shares, size=2000)
    found = np.mean([mcnemar_p(int(a), int(b)) <= 0.05 for a, b, _ in counts])
    # The exact test is slightly conservative, and the formula leaves the difference out of the variance.
    assert 0.74 <= found <= 0.88
