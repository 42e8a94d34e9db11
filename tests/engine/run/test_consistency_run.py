"""Sampled answers in real workers: the same whenever they are drawn, and told apart from the answers that count."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from fixtures.runs import cancel_at, run_plan, tiny_plan, writing_suite

from weighin.engine.events import run as ev
from weighin.engine.plan.model import ConsistencyPlan, Plan
from weighin.engine.store.store import Store

ITEMS, SAMPLES = 12, 4


@pytest.fixture
def plan(tiny_models: list[Path], writing_file: Path) -> Plan:
    again = ConsistencyPlan(items=ITEMS, samples=SAMPLES, temperature=1.5)
    return tiny_plan(tiny_models[:2], writing_suite(writing_file, limit=20), consistency=again)


def samples(store: Store, run_id: str) -> dict[tuple[str, str, int], str]:
    answers = [e for e in store.events(run_id) if isinstance(e, ev.AnswerScored) and e.repeat > 0]
    found = {(e.candidate, e.item, e.repeat): e.output for e in answers}
    assert len(found) == len(answers)
    return found


def test_every_candidate_is_sampled_and_accuracy_is_unchanged(plan: Plan, home: Path) -> None:
    store = Store.open(home / "runs.sqlite3")
    sampled = run_plan(plan, store, "sampled")
    plain = run_plan(msgspec.structs.replace(plan, consistency=ConsistencyPlan(items=0)), store, "plain")
    drawn = samples(store, "sampled")
    assert len(drawn) == 2 * ITEMS * SAMPLES
    assert len(set(drawn.values())) > ITEMS  # they do vary at this temperature
    with_, without = (
        next(e for e in reversed(events) if isinstance(e, ev.VerdictReached)) for events in (sampled, plain)
    )
    others = {row.candidate: row for row in without.rankings}  # the order may differ: ties go by speed
    for a in with_.rankings:
        b = others[a.candidate]
        assert (a.accuracy, a.items) == (b.accuracy, b.items)
        assert b.consistency is None
        assert a.consistency is not None
        assert a.consistency_low is not None
        assert a.consistency_high is not None
        assert 0 <= a.consistency_low <= a.consistency <= a.consistency_high <= 1


def test_a_cancelled_and_resumed_run_has_the_same_samples(plan: Plan, home: Path) -> None:
    store = Store.open(home / "runs.sqlite3")
    run_plan(plan, store, "whole")
    run_plan(plan, store, "cut", cancel_at(ev.SamplesDrawn))
    assert len(samples(store, "cut")) < len(samples(store, "whole"))
    run_plan(plan, store, "cut")
    assert samples(store, "cut") == samples(store, "whole")


def test_a_model_at_a_low_temperature_always_gives_the_same_answer(plan: Plan, home: Path) -> None:
    store = Store.open(home / "runs.sqlite3")
    cold = msgspec.structs.replace(plan, consistency=ConsistencyPlan(items=6, samples=3, temperature=1e-4))
    events = run_plan(cold, store, "cold")
    verdict = next(e for e in reversed(events) if isinstance(e, ev.VerdictReached))
    assert [row.consistency for row in verdict.rankings] == [1.0, 1.0]
