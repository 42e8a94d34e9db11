import math

import numpy as np

from weighin.engine.stats.racing import Race
from weighin.engine.stats.sequential import PairedEvidence, PoolCounts


def test_pool_counts_cover_nearly_always_however_often_one_looks():
    rng = np.random.default_rng(7)
    missed = 0
    for _ in range(60):
        pool = rng.permutation([1] * 40 + [0] * 20)
        counts = PoolCounts(60)
        missed += any(
            not counts.update(t, int(pool[:t].sum()))[0] <= 40 / 60 <= counts.high / 60 for t in range(5, 61, 5)
        )
    assert missed <= 8


def test_the_whole_pool_leaves_one_count():
    assert PoolCounts(40).update(40, 13) == (13 / 40, 13 / 40)


def test_evidence_becomes_certain_once_the_rest_cannot_change_it():
    evidence = PairedEvidence(10)
    for _ in range(6):
        evidence.add(1.0)
    assert evidence.e_value == math.inf


def test_equal_models_are_rarely_told_apart():
    rng = np.random.default_rng(3)
    wrong = 0
    for _ in range(100):
        differences = rng.permutation([1.0] * 20 + [-1.0] * 20 + [0.0] * 60)
        evidence = PairedEvidence(100)
        highest = 0.0
        for difference in differences:
            evidence.add(difference)
            highest = max(highest, evidence.e_value)
        wrong += highest >= 20
    assert wrong <= 12


def test_a_race_drops_the_weak_keeps_the_best_and_replays_alike():
    rng = np.random.default_rng(5)
    scores = [{"a": float(rng.random() < 0.85), "b": float(rng.random() < 0.3)} for _ in range(300)]
    outcomes = []
    for _ in range(2):
        race = Race(["a", "b"], 300)
        for item in scores:
            race.add(item)
            if len(race.running) == 1:
                break
        outcomes.append((race.running, race.eliminated))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0] == ["a"]
    assert outcomes[0][1]["b"] < 150
