"""Standard errors: compared with statsmodels and with figures that lm-eval printed."""

import math
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.stats.clustered import MeanError, clustered_mean, micro_average, standard_error

scores = st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=2, max_size=60)


def test_the_standard_error_is_the_one_that_lm_eval_prints() -> None:
    # ARC-Easy validation, 300 of 570 right: acc_stderr 0.020932038293196994.
    values = [1.0] * 300 + [0.0] * 270
    assert standard_error(values) == pytest.approx(0.020932038293196994, abs=1e-12)
    assert math.isnan(standard_error([1.0]))


@given(scores.flatmap(lambda v: st.tuples(st.just(v), st.lists(st.integers(0, 5), min_size=len(v), max_size=len(v)))))
def test_clustered_errors_agree_with_statsmodels(data: Any) -> None:
    values, clusters = data
    n = len(values)
    found = clustered_mean(values, clusters)
    fit = sm.OLS(values, np.ones(n)).fit(
        cov_type="cluster", cov_kwds={"groups": np.array(clusters), "use_correction": False}
    )
    squares = sum((v - found.mean) ** 2 for v in values)
    # Miller keeps Bessel's correction in the independent part, statsmodels without correction does not.
    wanted = float(fit.bse[0]) ** 2 + squares / n * (1 / (n - 1) - 1 / n)
    assert found.standard_error**2 == pytest.approx(wanted, abs=1e-12)


@given(scores)
def test_clusters_of_one_item_change_nothing(values: Any) -> None:
    found = clustered_mean(values, list(range(len(values))))
    assert found.standard_error == pytest.approx(standard_error(values), abs=1e-12)
    assert found == clustered_mean(values) or found.standard_error == pytest.approx(
        clustered_mean(values).standard_error
    )


def test_twins_in_a_cluster_count_as_one_item() -> None:
    values = [1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0] * 10
    twice = [v for v in values for _ in range(2)]
    clusters = [i // 2 for i in range(len(twice))]
    # Twins add no information: the same error, up to Bessel's correction.
    assert clustered_mean(twice, clusters).standard_error == pytest.approx(standard_error(values), rel=0.01)
    assert standard_error(twice) < 0.8 * standard_error(values)


def test_a_group_of_suites_is_pooled_as_in_lm_eval() -> None:
    parts = [MeanError(mean=0.5, standard_error=0.05, n=101), MeanError(mean=0.8, standard_error=0.04, n=51)]
    # √[(100·101·0.0025 + 50·51·0.0016) / (152 − 2) / 152]
    found = micro_average(parts)
    assert found.mean == pytest.approx((0.5 * 101 + 0.8 * 51) / 152)
    assert found.standard_error == pytest.approx(math.sqrt((100 * 101 * 0.0025 + 50 * 51 * 0.0016) / 150 / 152))
    assert micro_average(parts[:1]).standard_error == pytest.approx(0.05)
    assert math.isnan(micro_average([MeanError(mean=1.0, standard_error=math.nan, n=1)]).standard_error)


def test_no_values_or_the_wrong_number_of_clusters_is_an_error() -> None:
    with pytest.raises(ValueError, match="no "):
        clustered_mean([])
    with pytest.raises(ValueError, match="no "):
        micro_average([])
    with pytest.raises(ValueError, match="each value needs one"):
        clustered_mean([1, 2], ["a"])
