"""Sequential statistics in 2000 simulated runs each: at most 5 % errors with a check after every item."""

import math
from typing import Any

import numpy as np
import pytest
from benchmarks import racing_simulation as simulation

from weighin.engine.stats.racing import Race
from weighin.engine.stats.sequential import Evidence, live_interval, log_posterior

REPLICATIONS = 2000
ALPHA = 0.05


def shuffled_pools(rng: Any, pool: Any) -> Any:
    """The same pool in many random orders, [replications, items]."""
    return rng.permuted(np.tile(pool, (REPLICATIONS, 1)), axis=1)


@pytest.mark.parametrize(("pool", "total"), [(200, 100), (200, 30), (60, 57)])
def test_the_interval_for_a_pool_is_rarely_wrong(pool: int, total: int, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(11)
    seen = np.arange(1, pool + 1)
    correct = shuffled_pools(rng, np.arange(pool) < total).cumsum(axis=1)
    missed = (log_posterior(pool, seen, correct, total) <= math.log(ALPHA / (pool + 1))).any(axis=1).mean()
    # For comparison, a Wilson interval checked after every item.
    z, share = 1.959964, correct / seen
    centre = (share + z**2 / (2 * seen)) / (1 + z**2 / seen)
    half = z / (1 + z**2 / seen) * np.sqrt(share * (1 - share) / seen + z**2 / (4 * seen**2))
    wilson = (abs(centre - total / pool) > half)[:, 9:].any(axis=1).mean()
    with capsys.disabled():
        print(f"\npool of {pool}, {total} right: missed {missed:.2%}; Wilson from the 10th item on {wilson:.2%}")
    assert missed <= ALPHA
    assert wilson > 2 * missed


def test_the_interval_for_a_difference_is_rarely_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(12)
    for ups, downs in ((40, 40), (60, 30), (10, 2)):
        d = np.zeros(200)
        d[:ups], d[ups : ups + downs] = 1, -1
        orders = shuffled_pools(rng, d)
        mean = d.mean()
        tests = Evidence(200, np.stack([np.full(REPLICATIONS, mean), np.full(REPLICATIONS, -mean)]))
        highest = np.zeros((2, REPLICATIONS))
        for item in orders.T:
            highest = np.maximum(highest, tests.add(np.stack([item, -item])))
        missed = (highest >= 2 / ALPHA).any(axis=0).mean()
        with capsys.disabled():
            print(f"\ndifference {mean:+.2f} of 200 items: missed {missed:.2%}")
        assert missed <= ALPHA


@pytest.mark.parametrize(
    ("field", "accuracies", "difficulty_sd", "least_saved"),
    [
        ("all alike", (0.5, 0.5, 0.5, 0.5), 0.0, 0.0),
        ("close", (0.5, 0.52, 0.54), 2.5, 0.02),
        ("far apart", (0.25, 0.4, 0.5, 0.75), 0.0, 0.4),
    ],
)
def test_the_best_of_the_pool_is_rarely_dropped(
    field: str, accuracies: Any, difficulty_sd: float, least_saved: float, capsys: pytest.CaptureFixture[str]
) -> None:
    right = simulation.answers(np.random.default_rng(14), REPLICATIONS, 120, accuracies, difficulty_sd)
    running, saved = simulation.races(right, ALPHA)
    false = simulation.best_dropped(right, running).mean()
    with capsys.disabled():
        print(f"\n{field}: best of 120 items dropped in {false:.2%} of races, {saved.mean():.1%} of answers saved")
    assert false <= ALPHA
    assert saved.mean() >= least_saved
    assert running.any(axis=1).all()


def test_simulated_races_equal_real_races() -> None:
    right = simulation.answers(np.random.default_rng(15), 40, 80, (0.3, 0.5, 0.7))
    running, saved = simulation.races(right)
    for one, wanted, share in zip(right, running, saved, strict=True):
        race, used = Race("abc", 80), 0
        for item in one:
            if race.settled:
                break
            used += len(race.running)
            race.add({name: float(item["abc".index(name)]) for name in race.running})
        assert race.running == [name for name, runs in zip("abc", wanted, strict=True) if runs]
        assert 1 - used / 240 == pytest.approx(share)


def test_live_intervals_equal_the_simulated_ones() -> None:
    rng = np.random.default_rng(16)
    for _ in range(20):
        order = rng.permutation(np.arange(60) < 25)
        for t in range(1, 61):
            s = int(order[:t].sum())
            inside = log_posterior(60, t, s, np.arange(61)) > math.log(ALPHA / 61)
            live = live_interval(t, s, 60)
            assert (round(live.low * 60), round(live.high * 60)) == (inside.argmax(), 60 - inside[::-1].argmax())
