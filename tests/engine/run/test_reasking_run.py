"""Items asked again in real workers: options reordered, prompts reworded, a block repeated; whole, cut and resumed."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import msgspec
import pytest
from fixtures.runs import React, cancel_at, choice_suite, run_plan, tiny_plan, writing_suite

from weighin.engine.events import run as ev
from weighin.engine.judging.verdict import reach_verdict
from weighin.engine.plan.files import plan_from_toml, plan_to_toml
from weighin.engine.plan.model import ConsistencyPlan, Plan
from weighin.engine.run.consistency.questions import ConsistencyQuestions
from weighin.engine.run.progress import Progress
from weighin.engine.run.rounds import Schedule
from weighin.engine.run.session import Session
from weighin.engine.run.steps import Reask
from weighin.engine.store.store import Store
from weighin.engine.tasks.opening import open_suite
from weighin.engine.tasks.variants import TEMPLATES

REORDERED, REWORDED = 12, 3
REASKED = (ev.OptionsTurned, ev.PromptsReworded, ev.BlockRepeated)


@pytest.fixture
def listed_file(tmp_path: Path) -> Path:
    """Choice items whose questions list the options."""
    rows = [
        {
            "id": f"c{n:02d}",
            "question": f"What is the colour of city {n}: red, blue or green?",
            "choices": ["red", "blue", "green"],
            "answer": n % 3,
        }
        for n in range(20)
    ]
    file = tmp_path / "listed.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return file


@pytest.fixture
def plan(tiny_models: list[Path], listed_file: Path, writing_file: Path) -> Plan:
    again = ConsistencyPlan(items=15, samples=2, order_items=REORDERED, template_items=2 * REWORDED, repeat_blocks=2)
    suites = choice_suite(listed_file), writing_suite(writing_file, limit=8)
    return tiny_plan(tiny_models[:2], *suites, consistency=again)


def kill_at(kind: type[ev.OptionsTurned]) -> React:
    """Kills the worker at its first event of ``kind``."""
    killed = False

    def react(session: Session, event: ev.Event) -> None:
        nonlocal killed
        if isinstance(event, kind) and not killed:
            killed = True
            pid = session._pool._workers[event.candidate].pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)

    return react


def facts(store: Store, run_id: str) -> list[ev.Event]:
    """What was asked again, without times."""
    found = [e for e in store.events(run_id) if isinstance(e, REASKED)]
    return sorted((msgspec.structs.replace(e, at=0.0, elapsed_s=0.0) for e in found), key=repr)


def test_everything_is_asked_again_as_planned_and_resumes_to_the_same(plan: Plan, home: Path) -> None:
    store = Store.open(home / "runs.sqlite3")
    seen = run_plan(plan, store, "whole")
    names = [candidate.id for candidate in plan.candidates]
    reordered = [e for e in seen if isinstance(e, ev.OptionsTurned)]
    assert sorted((e.candidate, e.suite, e.part, len(e.items)) for e in reordered) == sorted(
        (name, "colours", part, n) for name in names for part, n in ((0, 10), (1, REORDERED - 10))
    )
    assert all(len(item.chosen) == 3 for e in reordered for item in e.items)
    reworded = [e for e in seen if isinstance(e, ev.PromptsReworded)]
    assert sorted((e.candidate, e.suite, len(e.items)) for e in reworded) == sorted(
        (name, suite, REWORDED) for name in names for suite in ("colours", "writing")
    )
    assert all(e.templates == tuple(TEMPLATES) and len(i.scores) == len(TEMPLATES) for e in reworded for i in e.items)
    # The order as written is the item itself: the same choice as its first answer, but for another batch layout.
    firsts = {(e.candidate, e.item): e for e in seen if isinstance(e, ev.AnswerScored) and not e.repeat}
    pairs = [(firsts[e.candidate, i.item], i) for e in reordered for i in e.items]
    sure = [(first, item) for first, item in pairs if not first.fragile]
    assert sure
    assert all(("red", "blue", "green")[item.chosen[0]] == first.output for first, item in sure)
    # Computed twice in the same layout from an empty cache, every bit is the same.
    repeated = [e for e in seen if isinstance(e, ev.BlockRepeated)]
    assert sorted((e.candidate, e.suite, len(e.items)) for e in repeated) == sorted(
        (name, suite, n) for name in names for suite, n in (("colours", 16), ("writing", 8))
    )
    for event in repeated:
        for item in event.items:
            first = firsts[event.candidate, item.item]
            assert (item.output, item.log_likelihoods) == (
                first.output,
                tuple(option.log_likelihood for option in first.options),
            )
    verdict = seen[-1]
    assert isinstance(verdict, ev.VerdictReached)
    for row in verdict.rankings:
        figures = row.steadiness
        assert figures.identical is not None
        assert (figures.identical.value, figures.identical.items, figures.largest_shift_nats) == (1.0, 24, 0.0)
        assert figures.same_choice is not None
        assert figures.same_choice.items == REORDERED
        assert figures.rewording is not None
        assert figures.rewording.items == 2 * REWORDED
        mine = [i for e in reordered if e.candidate == row.candidate for i in e.items]
        assert figures.same_choice.value == pytest.approx(sum(len(set(i.chosen)) == 1 for i in mine) / REORDERED)

    whole = facts(store, "whole")
    for number, kind in enumerate((ev.OptionsTurned, ev.PromptsReworded, ev.BlockRepeated)):
        cut = f"cut-{number}"
        run_plan(plan, store, cut, cancel_at(kind))
        assert len(facts(store, cut)) < len(whole)
        run_plan(plan, store, cut)
        assert facts(store, cut) == whole


@pytest.mark.skipif(sys.platform != "linux", reason="kills a process by its signal")
def test_a_worker_killed_between_two_steps_changes_nothing(plan: Plan, home: Path) -> None:
    store = Store.open(home / "runs.sqlite3")
    short = msgspec.structs.replace(plan, candidates=plan.candidates[:1])
    run_plan(short, store, "whole")
    seen = run_plan(short, store, "killed", kill_at(ev.OptionsTurned))
    assert [e.failure for e in seen if isinstance(e, ev.WorkerDied)] == ["killed"]
    assert facts(store, "killed") == facts(store, "whole") != []


def test_without_consistency_nothing_is_asked_again_and_accuracy_is_the_same(plan: Plan, home: Path) -> None:
    store = Store.open(home / "runs.sqlite3")
    none = msgspec.structs.replace(plan, consistency=ConsistencyPlan(items=0))
    seen = run_plan(none, store, "plain")
    assert facts(store, "plain") == []
    verdict = seen[-1]
    assert isinstance(verdict, ev.VerdictReached)
    assert {row.steadiness for row in verdict.rankings} == {type(verdict.rankings[0].steadiness)()}


def test_a_run_without_the_fields_for_asking_again_opens(plan: Plan, home: Path) -> None:
    """Its plan lacks the fields, its events the facts, its verdict the figures."""
    old = plan_to_toml(plan)
    for field in ("order_items", "template_items", "repeat_blocks"):
        old = "\n".join(line for line in old.splitlines() if not line.startswith(field))
    opened = plan_from_toml(old, where="the stored plan")
    assert opened.consistency == ConsistencyPlan(items=15, samples=2)
    store = Store.open(home / "runs.sqlite3")
    seen = run_plan(msgspec.structs.replace(plan, consistency=ConsistencyPlan(items=0)), store, "old")
    verdict = seen[-1]
    assert isinstance(verdict, ev.VerdictReached)
    line = json.loads(msgspec.json.encode(verdict))
    for row in line["rankings"]:
        del row["steadiness"]
    assert msgspec.json.decode(json.dumps(line), type=ev.Event) == verdict
    assert reach_verdict(opened, store.events("old")).winner == verdict.winner


def test_a_block_that_the_race_left_unanswered_is_not_repeated(plan: Plan) -> None:
    suites = [open_suite(choice, seed=1, limit=choice.limit) for choice in plan.suites]
    only = msgspec.structs.replace(plan, consistency=ConsistencyPlan(items=1, order_items=0, template_items=0))
    progress = Progress()
    questions = ConsistencyQuestions(only.consistency, suites)
    schedule = Schedule(only, suites, progress, questions, together=True)
    step = Reask("repeated", "colours", 0)
    progress.note(ev.RaceSettled(at_item=1, pool=28, remaining=("a",)))
    assert schedule._is_done("a", step)
    progress.of("a").blocks.add(("colours", 0))
    assert not schedule._is_done("a", step)
