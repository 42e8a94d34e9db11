"""Bootstrap intervals: compared with the normal interval, and by simulation."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighin.engine.stats.bootstrap import bootstrap_mean, bootstrap_mean_of_means, bootstrap_of_sums
from weighin.engine.stats.clustered import standard_error


def test_bootstrap_is_seeded_and_close_to_the_normal_interval() -> None:
    rng = np.random.default_rng(2)
    values = rng.random(500).tolist()
    found = bootstrap_mean(values)
    assert found == bootstrap_mean(values)
    assert found != bootstrap_mean(values, seed=1)
    se = standard_error(values)
    assert found.low == pytest.approx(found.value - 1.96 * se, abs=0.1 * se)
    assert found.high == pytest.approx(found.value + 1.96 * se, abs=0.1 * se)


def test_whole_clusters_are_drawn() -> None:
    values = [1.0, 0.0, 1.0, 0.0, 1.0, 1.0] * 8
    twice = [v for v in values for _ in range(4)]
    alone = bootstrap_mean(twice)
    together = bootstrap_mean_of_means([twice], clusters=[[i // 4 for i in range(len(twice))]])
    assert together.value == alone.value
    assert together.items == alone.items == len(twice)
    assert together.high - together.low == pytest.approx(2 * (alone.high - alone.low), rel=0.1)


def test_bootstrap_intervals_of_paired_differences_cover_the_true_difference() -> None:
    rng = np.random.default_rng(4)
    covered = 0
    for seed in range(300):
        x = rng.random((150, 2)) < [0.7, 0.6]
        differences = x[:, 0].astype(float) - x[:, 1]
        interval = bootstrap_mean(differences.tolist(), resamples=400, seed=seed)
        covered += interval.low <= 0.1 <= interval.high
    assert 0.90 <= covered / 300 <= 0.99


@settings(max_examples=30)
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30))
def test_the_value_of_a_statistic_comes_from_the_whole_data(values: Any) -> None:
    found = bootstrap_of_sums(np.array(values)[:, None], lambda sums: sums[:, 0], resamples=20)
    assert found.value == pytest.approx(sum(values), abs=1e-9)


def test_no_values_or_the_wrong_number_of_clusters_is_an_error() -> None:
    with pytest.raises(ValueError, match="no "):
        bootstrap_mean([])
    with pytest.raises(ValueError, match="each value needs one"):
        bootstrap_mean_of_means([[1, 2]], clusters=[["a"]])
