"""Bradley-Terry strengths: compared with logistic regression, worked examples and symmetries."""

import math
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from weighin.engine.stats.bradley_terry import Vote, bradley_terry

NAMES = ("a", "b", "c", "d")
pairs = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda pair: pair[0] != pair[1])
votes = st.lists(
    st.builds(lambda p, s: Vote(a=p[0], b=p[1], score_a=s), pairs, st.sampled_from([0.0, 0.5, 1.0])), max_size=40
)


@pytest.mark.filterwarnings("ignore:Perfect separation")
@settings(max_examples=40)
@given(votes)
def test_strengths_agree_with_a_logistic_regression(given_votes: Any) -> None:
    found = {s.candidate: s.log_strength for s in bradley_terry(given_votes, NAMES, resamples=0)}
    # The same model as a binomial regression on +1/−1 columns, with the half pseudo-wins as observations.
    rows, shares, weights = [], [], []
    observed = [(v.a, v.b, v.score_a, 1.0) for v in given_votes]
    observed += [(x, y, 0.5, 1.0) for i, x in enumerate(NAMES) for y in NAMES[i + 1 :]]
    for x, y, score, weight in observed:
        rows.append([(n == x) - (n == y) for n in NAMES[1:]])
        shares.append(score)
        weights.append(weight)
    fit = sm.GLM(shares, np.array(rows, float), family=sm.families.Binomial(), freq_weights=np.array(weights)).fit(
        tol=1e-12
    )
    free = np.array([0.0, *fit.params])
    assert [found[n] for n in NAMES] == pytest.approx(list(free - free.mean()), abs=1e-5)


def test_two_candidates_have_a_closed_form() -> None:
    given_votes = [Vote(a="a", b="b", score_a=1.0)] * 7 + [Vote(a="b", b="a", score_a=1.0)] * 2
    best, other = bradley_terry([*given_votes, Vote(a="a", b="b", score_a=0.5)])
    # Wins 7 + ½ for the tie + ½ pseudo-win, against 2 + ½ + ½.
    assert best.candidate == "a"
    assert best.log_strength - other.log_strength == pytest.approx(math.log(8 / 3))
    assert best.win_share == pytest.approx(8 / 11)
    assert best.low < best.log_strength < best.high


def test_strengths_stay_finite_and_an_unmet_candidate_is_in_the_middle() -> None:
    found = bradley_terry([Vote(a="a", b="b", score_a=1.0)] * 30, ("a", "b", "c"))
    assert [s.candidate for s in found] == ["a", "c", "b"]
    assert all(math.isfinite(s.log_strength) for s in found)
    assert sum(s.log_strength for s in found) == pytest.approx(0)


@settings(max_examples=30)
@given(votes)
def test_the_order_and_sides_of_votes_do_not_matter(given_votes: Any) -> None:
    turned = [Vote(a=v.b, b=v.a, score_a=1 - v.score_a) for v in reversed(given_votes)]
    one = {s.candidate: s for s in bradley_terry(given_votes, NAMES, resamples=20)}
    other = {s.candidate: s for s in bradley_terry(turned, NAMES, resamples=20)}
    for name in NAMES:
        assert one[name].log_strength == pytest.approx(other[name].log_strength, abs=1e-6)
        assert one[name].low <= one[name].log_strength <= one[name].high


def test_many_votes_recover_the_true_strengths() -> None:
    rng = np.random.default_rng(3)
    truth = {"a": 0.9, "b": 0.2, "c": -0.3, "d": -0.8}
    cast = []
    for _ in range(4000):
        x, y = rng.choice(NAMES, 2, replace=False)
        chance = 1 / (1 + math.exp(truth[y] - truth[x]))
        cast.append(Vote(a=str(x), b=str(y), score_a=float(rng.random() < chance)))
    for strength in bradley_terry(cast, resamples=300):
        assert strength.log_strength == pytest.approx(truth[strength.candidate], abs=0.15)
        assert strength.high - strength.low < 0.3


def test_invalid_votes_are_errors_and_small_fields_work() -> None:
    assert bradley_terry([]) == []
    assert bradley_terry([], ("a",))[0].win_share == 0.5
    for wrong in (Vote(a="a", b="a", score_a=1.0), Vote(a="a", b="b", score_a=1.5)):
        with pytest.raises(ValueError, match="cannot be counted"):
            bradley_terry([wrong])
