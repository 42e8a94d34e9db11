"""Items that share a passage count for less in intervals and in paired tests."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.stats.bootstrap import bootstrap_mean, bootstrap_mean_of_means
from weighin.engine.stats.clustered import clustered_mean, effective_counts, paired_p, standard_error
from weighin.engine.stats.intervals import accuracy_interval, mcnemar_p

CLUSTERED_DIFFERENCES = st.lists(st.tuples(st.sampled_from([-1, 0, 1]), st.integers(0, 7)), min_size=1, max_size=30)


@given(CLUSTERED_DIFFERENCES)
def test_the_paired_test_counts_every_pattern_of_signs(rows: Any) -> None:
    differences, clusters = [d for d, _c in rows], [c for _d, c in rows]
    sums = [sum(d for d, c in rows if c == name) for name in sorted(set(clusters))]
    signs = list(itertools.product((-1, 1), repeat=len(sums)))
    as_far = sum(abs(sum(s * t for s, t in zip(pattern, sums, strict=True))) >= abs(sum(sums)) for pattern in signs)
    assert paired_p(differences, clusters) == pytest.approx(as_far / len(signs))


@given(st.lists(st.sampled_from([-1, 0, 1]), min_size=1, max_size=200))
def test_with_one_item_per_passage_it_is_mcnemars_test(differences: Any) -> None:
    exact = mcnemar_p(differences.count(1), differences.count(-1))
    assert paired_p(differences, range(len(differences))) == exact
    # A passage of two items that cancel out selects the other algorithm, but does not change the result.
    with_a_pair = [*differences, 1, -1]
    assert paired_p(with_a_pair, [*range(len(differences)), "pair", "pair"]) == pytest.approx(exact)


def test_repeated_items_add_no_evidence() -> None:
    differences = [1] * 9 + [-1] * 2
    twins = [d for d in differences for _ in range(2)]
    passages = [i // 2 for i in range(len(twins))]
    assert paired_p(twins, passages) == pytest.approx(mcnemar_p(9, 2))
    assert mcnemar_p(18, 4) < 0.01 < 0.05 < paired_p(twins, passages)
    with pytest.raises(ValueError, match="22 values and 3 clusters"):
        paired_p(twins, [1, 2, 3])


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=1, max_size=80))
def test_shared_passages_never_make_an_interval_narrower(rows: Any) -> None:
    right, clusters = [r for r, _c in rows], [c for _r, c in rows]
    correct, n = effective_counts(right, clusters)
    assert 1 <= n <= len(rows)
    assert correct / n == pytest.approx(sum(right) / len(rows))
    found, plain = accuracy_interval(correct, n), accuracy_interval(sum(right), len(rows))
    assert 0 <= found.low <= correct / n + 1e-9
    assert correct / n - 1e-9 <= found.high <= 1
    if n < len(rows) * 0.9 and (n < 30) == (len(rows) < 30):
        assert found.high - found.low >= plain.high - plain.low - 1e-9
    if len(set(clusters)) == len(rows):
        assert (correct, n) == (sum(right), len(rows))


def test_the_effective_number_follows_the_design_effect() -> None:
    # Forty passages, each all right or all wrong, are worth forty items, less the cost of estimating that.
    right = [i // 4 % 2 == 0 for i in range(160)]
    clusters = [i // 4 for i in range(160)]
    effect = (
        clustered_mean([float(r) for r in right], clusters).standard_error / standard_error([float(r) for r in right])
    ) ** 2
    assert effect == pytest.approx(4, rel=0.01)
    # t(159) = 1.97500, t(39) = 2.02269.
    assert effective_counts(right, clusters)[1] == pytest.approx(160 / effect * (1.97500 / 2.02269) ** 2, rel=1e-4)
    assert effective_counts([True] * 160, clusters) == (40, 40)
    assert effective_counts([True, False], ["one", "one"]) == (0.5, 1)


def test_intervals_for_passages_cover_what_plain_ones_miss() -> None:
    rng = np.random.default_rng(5)
    covered = plain = 0
    for _ in range(400):
        chance = np.repeat(rng.beta(2, 1, 40), 6)  # two thirds right on average, correlated within a passage
        right = (rng.random(240) < chance).tolist()
        clusters = [i // 6 for i in range(240)]
        found, naive = accuracy_interval(*effective_counts(right, clusters)), accuracy_interval(sum(right), 240)
        covered += found.low <= 2 / 3 <= found.high
        plain += naive.low <= 2 / 3 <= naive.high
    assert covered / 400 >= 0.93
    assert plain / 400 < 0.9


def test_the_bootstrap_of_means_draws_whole_passages() -> None:
    values = [1.0] * 30 + [0.0] * 30
    passages = [i // 3 for i in range(60)]
    one = bootstrap_mean_of_means([values], clusters=[passages])
    assert (one.value, one.items) == (0.5, 60)
    narrow = bootstrap_mean_of_means([values])
    assert narrow == bootstrap_mean(values)
    assert one.high - one.low > 1.4 * (narrow.high - narrow.low)
    # With one item per passage it is the plain bootstrap, with the same draws.
    assert math.isclose(bootstrap_mean_of_means([values], clusters=[list(range(60))]).low, narrow.low)
