"""Sequential tests and races: compared with the formulas written out, and edge cases."""

import math
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import betabinom

from weighin.engine.stats.intervals import Interval
from weighin.engine.stats.racing import Race, beaten
from weighin.engine.stats.sequential import Evidence, live_interval, log_posterior

steps = st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]), min_size=1, max_size=40)


def written_out(differences: Any, pool: Any, at_most: Any) -> Any:
    """The e-value by the formula, computed step by step in logarithms."""
    total, wealth = 0.0, [0.0] * 15
    for seen, d in enumerate(differences):
        expected = (pool * at_most - total) / (pool - seen)
        if expected < -1 - 1e-12:
            return math.inf
        scale = min(1.0, 1 / (1 + expected)) if expected > -1 + 1e-12 else 1.0
        wealth = [w + math.log1p((k + 1) / 16 * scale * (d - expected)) for k, w in enumerate(wealth)]
        total += d
    if total - (pool - len(differences)) > pool * at_most + 1e-9:
        return math.inf
    return sum(math.exp(w) for w in wealth) / 15


@given(steps, st.integers(0, 30), st.sampled_from([0.0, -0.03, 0.1]))
def test_evidence_follows_the_formula(differences: Any, left: int, at_most: Any) -> None:
    pool = len(differences) + left
    evidence = Evidence(pool, at_most)
    for seen, d in enumerate(differences, 1):
        evidence.add(d)
        assert evidence.e_values == pytest.approx(written_out(differences[:seen], pool, at_most), rel=1e-9)


def test_the_pool_cannot_be_overdrawn() -> None:
    evidence = Evidence(1)
    evidence.add(0.0)
    with pytest.raises(ValueError, match="already added"):
        evidence.add(0.0)


@given(st.integers(1, 80).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), st.data())
def test_the_posterior_agrees_with_scipy(pool_and_seen: Any, data: st.DataObject) -> None:
    pool, seen = pool_and_seen
    correct = data.draw(st.integers(0, seen))
    totals = np.arange(pool + 1)
    ours = np.exp(log_posterior(pool, seen, correct, totals))
    wanted = betabinom.pmf(totals - correct, pool - seen, 1 + correct, 1 + seen - correct)
    assert ours == pytest.approx(wanted, abs=1e-9)
    assert ours.sum() == pytest.approx(1)


def test_the_whole_pool_leaves_one_count() -> None:
    assert live_interval(40, 13, 40) == Interval(13 / 40, 13 / 40)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), st.data())
def test_a_live_interval_contains_only_what_is_possible(pool_and_seen: Any, data: st.DataObject) -> None:
    pool, seen = pool_and_seen
    correct = data.draw(st.integers(0, seen))
    interval = live_interval(seen, correct, pool)
    assert correct / pool <= interval.low + 1e-12
    assert interval.high <= (correct + pool - seen) / pool + 1e-12
    assert interval.low <= interval.high
    if seen:
        strict = live_interval(seen, correct, pool, alpha=0.2)
        assert interval.low <= strict.low
        assert strict.high <= interval.high


def test_with_nothing_seen_the_interval_is_everything() -> None:
    assert live_interval(0, 0, 50) == live_interval(0, 0, 0)
    assert (live_interval(0, 0, 50).low, live_interval(0, 0, 50).high) == (0.0, 1.0)


def test_evidence_becomes_certain_once_the_rest_cannot_change_it() -> None:
    evidence = Evidence(10)
    for _ in range(6):
        evidence.add(1.0)
    assert evidence.e_values == math.inf


def run(items: Any, names: Any, **options: Any) -> Any:
    race = Race(names, len(items), **options)
    for item in items:
        if race.settled:
            break
        race.add({name: item[name] for name in race.running})
    return race


def test_a_race_drops_the_weak_keeps_the_best_and_replays_alike() -> None:
    rng = np.random.default_rng(5)
    items = [{"a": float(rng.random() < 0.85), "b": float(rng.random() < 0.3)} for _ in range(300)]
    first, second = run(items, "ab"), run(items, "ab")
    assert (first.running, first.eliminated) == (second.running, second.eliminated)
    assert first.running == ["a"]
    assert first.eliminated["b"] < 150


rows = st.lists(st.tuples(*[st.sampled_from([0.0, 0.5, 1.0])] * 3), min_size=1, max_size=60)


@settings(max_examples=60)
@given(rows, st.integers(0, 40), st.sampled_from([0.0, 0.2]))
def test_a_race_equals_pairs_of_evidence_one_by_one(scores: Any, left: int, margin: Any) -> None:
    pool, names = len(scores) + left, "xyz"
    race = Race(names, pool, alpha=0.3, margin=margin)
    pairs = [(j, i) for j in names for i in names if i != j]
    better = {pair: Evidence(pool) for pair in pairs}
    near = {pair: Evidence(pool, -margin) for pair in pairs}
    proven = set()
    running = list(names)
    for row in scores:
        if len(running) < 2:
            break
        item = dict(zip(names, row, strict=True))
        out = race.add({name: item[name] for name in running})
        for j, i in pairs:
            if j in running and i in running:
                better[j, i].add(item[j] - item[i])
                near[j, i].add(item[j] - item[i])
                if margin and near[j, i].e_values >= 2 / 0.3:
                    proven.add((j, i))
        wanted = tuple(
            i for i in running if sum(better[j, i].e_values for j in names if j != i) / 2 >= (1 / 0.3) * (1 + 1e-12)
        )
        if len(wanted) < len(running):
            assert out == wanted
        running = [name for name in running if name not in out]
        assert race.running == running
        for j, i in pairs:
            assert race.equal(j, i) == ((j, i) in proven and (i, j) in proven)


def test_practically_equal_candidates_end_a_race_early() -> None:
    rng = np.random.default_rng(6)
    items = []
    for _ in range(400):
        right = float(rng.random() < 0.6)
        items.append({"a": right, "b": right if rng.random() < 0.99 else 1 - right, "bad": float(rng.random() < 0.2)})
    race = run(items, ("a", "b", "bad"), margin=0.1)
    assert race.settled
    assert race.running == ["a", "b"]
    assert race.equal("a", "b")
    assert set(race.eliminated) == {"bad"}
    unequal = run(items, ("a", "b", "bad"))
    assert not unequal.equal("a", "b")  # without a margin nothing is ever equal


def test_a_withdrawn_candidate_keeps_its_evidence() -> None:
    race = Race("abc", 100)
    for _ in range(5):
        race.add({"a": 1.0, "b": 1.0, "c": 0.0})
    race.withdraw("a")
    race.add({"b": 1.0, "c": 0.0})
    assert race.running == ["b", "c"]
    assert "a" not in race.eliminated


def test_the_last_candidates_are_not_eliminated_together() -> None:
    e_values = np.array([[1.0, 90.0], [80.0, 1.0]])
    both = np.array([True, True])
    assert beaten(e_values, both, 0.05).tolist() == [False, True]
    assert beaten(e_values[:1, :1], both[:1], 0.05).tolist() == [False]


@pytest.mark.performance
def test_many_candidates_and_items_are_fast() -> None:
    right = np.random.default_rng(9).random((2000, 8)) < 0.5
    items = [dict(zip("abcdefgh", map(float, row), strict=True)) for row in right]
    began = time.perf_counter()
    run(items, "abcdefgh", margin=0.03)
    assert time.perf_counter() - began < 10  # 0.3 s on a quiet core
