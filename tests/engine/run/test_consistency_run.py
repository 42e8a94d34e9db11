"""Sampled answers in real workers: the same whenever they are drawn, and told apart from the answers that count."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from weighin.engine.events import run as ev
from weighin.engine.plan.model import ConsistencyPlan, FileSource, OwnSuite, Plan, Settings, SpeedPlan
from weighin.engine.prepare.freeze import candidates_from_paths, freeze_plan
from weighin.engine.run.session import Session
from weighin.engine.store.store import Store

ITEMS, SAMPLES = 12, 4


@pytest.fixture
def plan(tiny_models: list[Path], writing_file: Path) -> Plan:
    return freeze_plan(
        Plan(
            candidates=candidates_from_paths(str(file) for file in tiny_models[:2]),
            suites=(OwnSuite(name="writing", source=FileSource(path=str(writing_file)), limit=20),),
            settings=Settings(n_ctx=512, n_batch=256, n_ubatch=128, n_threads=1),
            speed=SpeedPlan(n_prompt=8, n_generate=2, repeats=1, max_disturbed_retries=0, chat_prompts=0),
            consistency=ConsistencyPlan(items=ITEMS, samples=SAMPLES, temperature=1.5),
        )
    ).plan


def run(plan: Plan, store: Store, run_id: str, *, cancel_after: int = 0) -> list[ev.Event]:
    if all(row.id != run_id for row in store.runs()):
        store.create_run(run_id, "test", plan)

    async def main() -> list[ev.Event]:
        session = Session(freeze_plan(plan), store, run_id)
        seen: list[ev.Event] = []
        async for event in session.run():
            seen.append(event)
            if sum(isinstance(e, ev.SamplesDrawn) for e in seen) == cancel_after > 0:
                session.cancel()
        return seen

    return asyncio.run(main())


def samples(store: Store, run_id: str) -> dict[tuple[str, str, int], str]:
    answers = [e for e in store.events(run_id) if isinstance(e, ev.AnswerScored) and e.repeat > 0]
    found = {(e.candidate, e.item, e.repeat): e.output for e in answers}
    assert len(found) == len(answers)
    return found


def test_every_candidate_is_sampled_and_accuracy_stays_what_it_was(plan: Plan, home: Path) -> None:
    store = Store.open(home / "runs.sqlite3")
    sampled = run(plan, store, "sampled")
    plain = run(msgspec.structs.replace(plan, consistency=ConsistencyPlan(items=0)), store, "plain")
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


def test_cancelled_and_resumed_the_samples_are_the_same(plan: Plan, home: Path) -> None:
    store = Store.open(home / "runs.sqlite3")
    run(plan, store, "whole")
    run(plan, store, "cut", cancel_after=1)
    assert len(samples(store, "cut")) < len(samples(store, "whole"))
    run(plan, store, "cut")
    assert samples(store, "cut") == samples(store, "whole")


def test_a_cold_model_always_says_the_same(plan: Plan, home: Path) -> None:
    store = Store.open(home / "runs.sqlite3")
    cold = msgspec.structs.replace(plan, consistency=ConsistencyPlan(items=6, samples=3, temperature=1e-4))
    events = run(cold, store, "cold")
    verdict = next(e for e in reversed(events) if isinstance(e, ev.VerdictReached))
    assert [row.consistency for row in verdict.rankings] == [1.0, 1.0]
