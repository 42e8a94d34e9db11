"""Bootstrap and standard errors: against statsmodels, lm-eval's figures, and by simulation."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from weighin.engine.stats.bootstrap import bootstrap_mean, bootstrap_of_sums, paired_bootstrap
from weighin.engine.stats.clustered import MeanError, clustered_mean, micro_average, paired_difference, standard_error

scores = st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=2, max_size=60)


def test_the_standard_error_is_the_one_lm_eval_printed():
    # ARC-Easy validation, 300 of 570 right: acc_stderr 0.020932038293196994.
    values = [1.0] * 300 + [0.0] * 270
    assert standard_error(values) == pytest.approx(0.020932038293196994, abs=1e-12)
    assert math.isnan(standard_error([1.0]))


@given(scores.flatmap(lambda v: st.tuples(st.just(v), st.lists(st.integers(0, 5), min_size=len(v), max_size=len(v)))))
def test_clustered_errors_agree_with_statsmodels(data):
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
def test_clusters_of_one_are_no_clusters(values):
    found = clustered_mean(values, list(range(len(values))))
    assert found.standard_error == pytest.approx(standard_error(values), abs=1e-12)
    assert found == clustered_mean(values) or found.standard_error == pytest.approx(
        clustered_mean(values).standard_error
    )


def test_twins_in_a_cluster_count_as_one_item():
    values = [1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0] * 10
    twice = [v for v in values for _ in range(2)]
    clusters = [i // 2 for i in range(len(twice))]
    # Twins tell nothing new: the same error, up to Bessel's correction.
    assert clustered_mean(twice, clusters).standard_error == pytest.approx(standard_error(values), rel=0.01)
    assert standard_error(twice) < 0.8 * standard_error(values)


def test_a_paired_difference_is_sharper_than_two_means():
    rng = np.random.default_rng(1)
    hard = rng.random(400)
    a, b = (hard < 0.62).astype(float), (hard < 0.58).astype(float)
    found = paired_difference(a.tolist(), b.tolist())
    assert found.mean == pytest.approx(float((a - b).mean()))
    assert found.standard_error < 0.5 * math.hypot(standard_error(a.tolist()), standard_error(b.tolist()))
    assert found.low < found.mean < found.high


def test_a_group_of_suites_is_pooled_as_in_lm_eval():
    parts = [MeanError(mean=0.5, standard_error=0.05, n=101), MeanError(mean=0.8, standard_error=0.04, n=51)]
    # √[(100·101·0.0025 + 50·51·0.0016) / (152 − 2) / 152]
    found = micro_average(parts)
    assert found.mean == pytest.approx((0.5 * 101 + 0.8 * 51) / 152)
    assert found.standard_error == pytest.approx(math.sqrt((100 * 101 * 0.0025 + 50 * 51 * 0.0016) / 150 / 152))
    assert micro_average(parts[:1]).standard_error == pytest.approx(0.05)
    assert math.isnan(micro_average([MeanError(mean=1.0, standard_error=math.nan, n=1)]).standard_error)


def test_bootstrap_is_seeded_and_close_to_the_normal_interval():
    rng = np.random.default_rng(2)
    values = rng.random(500).tolist()
    found = bootstrap_mean(values)
    assert found == bootstrap_mean(values)
    assert found != bootstrap_mean(values, seed=1)
    se = standard_error(values)
    assert found.low == pytest.approx(found.value - 1.96 * se, abs=0.1 * se)
    assert found.high == pytest.approx(found.value + 1.96 * se, abs=0.1 * se)


def test_whole_clusters_are_drawn():
    values = [1.0, 0.0, 1.0, 0.0, 1.0, 1.0] * 8
    twice = [v for v in values for _ in range(4)]
    alone, together = bootstrap_mean(twice), bootstrap_mean(twice, clusters=[i // 4 for i in range(len(twice))])
    assert together.value == alone.value
    assert together.items == alone.items == len(twice)
    assert together.high - together.low == pytest.approx(2 * (alone.high - alone.low), rel=0.1)


@given(scores, st.randoms(use_true_random=False))
def test_swapping_the_two_turns_the_sign(a, random):
    b = a[:]
    random.shuffle(b)
    forth, back = paired_bootstrap(a, b, resamples=200), paired_bootstrap(b, a, resamples=200)
    assert forth.value == pytest.approx(-back.value)
    assert forth.low - 1e-9 <= forth.high


def test_bootstrap_intervals_cover():
    rng = np.random.default_rng(4)
    covered = 0
    for seed in range(300):
        x = rng.random((150, 2)) < [0.7, 0.6]
        found = paired_bootstrap(x[:, 0].astype(float), x[:, 1].astype(float), resamples=400, seed=seed)
        covered += found.low <= 0.1 <= found.high
    assert 0.90 <= covered / 300 <= 0.99


@settings(max_examples=30)
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30))
def test_a_statistic_of_sums_is_of_the_whole_data(values):
    found = bootstrap_of_sums(np.array(values)[:, None], lambda sums: sums[:, 0], resamples=20)
    assert found.value == pytest.approx(sum(values), abs=1e-9)


def test_unequal_or_empty_data_is_refused():
    for wrong in (lambda: bootstrap_mean([]), lambda: clustered_mean([]), lambda: micro_average([])):
        with pytest.raises(ValueError, match="no "):
            wrong()
    for wrong in (lambda: paired_bootstrap([1], []), lambda: paired_difference([1], [])):
        with pytest.raises(ValueError, match="same items"):
            wrong()
    for wrong in (lambda: bootstrap_mean([1, 2], clusters=["a"]), lambda: clustered_mean([1, 2], ["a"])):
        with pytest.raises(ValueError, match="each value needs one"):
            wrong()
