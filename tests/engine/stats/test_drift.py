"""Drift: common trends are detected, noise is not."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, norm

from weighin.engine.stats.drift import drift


def test_a_common_slowdown_is_detected_at_any_speed() -> None:
    fast, slow = [100.0, 97.0, 95.0, 92.0, 90.0], [10.0, 9.7, 9.5, 9.2, 9.0]
    found = drift([fast, slow])
    assert found.matters
    assert found.change == pytest.approx(-0.1, abs=0.02)
    assert found.p_value < 0.01


def test_small_changes_and_single_outliers_do_not_matter() -> None:
    assert not drift([[100.0, 99.5, 99.0, 98.5, 98.0]] * 3).matters
    assert not drift([[100.0, 101.0, 60.0, 100.5, 99.5], [50.0, 49.8, 50.2, 50.1, 49.9]]).matters
    assert not drift([[1.0, 2.0, 1.0, 2.0, 1.0]]).matters
    assert drift([[1.0, 2.0], []]) is None


def test_a_long_series_is_averaged_in_parts() -> None:
    rng = np.random.default_rng(6)
    falls = np.linspace(0.0, np.log(0.8), 3000)
    found = drift([np.exp(falls + rng.normal(0.0, 0.3, 3000)).tolist() for _ in range(3)])
    assert found.matters
    assert found.change == pytest.approx(-0.2, abs=0.03)
    assert not drift([np.exp(rng.normal(0.0, 0.3, 3000)).tolist() for _ in range(3)]).matters


def test_drift_is_rarely_reported_without_a_trend(capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(3)
    noisy = np.exp(rng.normal(0.0, 0.15, (2000, 3, 5)))
    called = np.mean([drift(series.tolist()).matters for series in noisy])
    with capsys.disabled():
        print(f"\nno trend, 15 % noise: drift called in {called:.2%} of 2000 runs")
    assert called <= 0.05


def test_a_slowdown_of_a_tenth_is_detected_under_typical_noise() -> None:
    rng = np.random.default_rng(4)
    falls = np.linspace(0.0, np.log(0.9), 5)
    found = [drift(np.exp(falls + rng.normal(0.0, 0.015, (3, 5))).tolist()).matters for _ in range(300)]
    assert np.mean(found) > 0.9


@given(st.lists(st.floats(0.1, 1e4), min_size=3, max_size=30, unique_by=lambda rate: round(rate, 3)))
def test_for_one_series_it_is_kendalls_test(rates: Any) -> None:
    found = drift([rates])
    n = len(rates)
    score = kendalltau(range(n), rates).statistic * n * (n - 1) / 2
    z = max(0.0, abs(round(score)) - 1) / np.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    assert found.p_value == pytest.approx(2 * norm.sf(z))
    assert drift([[rate * 7 for rate in rates]]).change == pytest.approx(found.change)
    assert drift([rates[::-1]]).p_value == pytest.approx(found.p_value)
