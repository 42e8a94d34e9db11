"""Racing on scripted answers and in real runs: who stops, that the end is the same after a resume."""

from __future__ import annotations

import random

import msgspec
import pytest

from weighin.engine.events.run import (
    AnswerScored,
    BlockScored,
    CandidateStopped,
    MemoryMeasured,
    RaceSettled,
    SpeedMeasured,
    SuiteDropped,
)
from weighin.engine.judging.summary import CandidateSummary, summarize
from weighin.engine.plan.model import Candidate, ConsistencyPlan, Limits, Plan, RacePlan, SpeedPlan
from weighin.engine.run.consistency.questions import ConsistencyQuestions
from weighin.engine.run.progress import Progress
from weighin.engine.run.race import RaceWatch
from weighin.engine.run.rounds import Schedule
from weighin.engine.run.steps import CHOICE_BLOCK_ITEMS, Block, block_range
from weighin.engine.tasks.items import ChoiceItem, Suite, committed_order
from weighin.engine.tasks.spec import SuiteSpec


def suite_of(name: str, n: int) -> Suite:
    spec = SuiteSpec(name=name, title=name, kind="choice", metric="acc")
    items = tuple(ChoiceItem(id=f"{name}{i}", question="q", choices=("a", "b"), gold=0) for i in range(n))
    return Suite(spec=spec, items=items)


def plan_of(*ids: str, enabled: bool = True, **limits: float) -> Plan:
    return Plan(
        candidates=tuple(Candidate(id=i, path=f"/{i}.gguf", name=i) for i in ids),
        limits=Limits(**limits),  # type: ignore[arg-type]
        race=RacePlan(enabled=enabled),
    )


def answer(candidate: str, suite: str, item: str, correct: bool, *, cut: bool = False) -> AnswerScored:
    return AnswerScored(
        candidate=candidate, suite=suite, item=item, correct=correct, scores={}, prompt="", output="", extracted=None,
        expected="", thinking_closed=not cut,
    )  # fmt: skip


def measured(candidate: str, rate: float = 10.0) -> list[SpeedMeasured | MemoryMeasured]:
    speed = SpeedMeasured(
        candidate=candidate, kind="generation", repeat=0, attempt=0, n_tokens=8, depth=0, elapsed_s=1.0,
        tokens_per_second=rate,
    )  # fmt: skip
    return [speed, MemoryMeasured(candidate=candidate, peak_rss_bytes=1)]


def opened(plan: Plan, suites: list[Suite], *, rates: dict[str, float] | None = None) -> RaceWatch:
    watch = RaceWatch(plan, suites)
    events = [event for c in plan.candidates for event in measured(c.id, (rates or {}).get(c.id, 10.0))]
    summary = summarize(events)
    started = watch.open([summary.of(c.id) for c in plan.candidates])
    assert started is not None
    watch.note(started)
    return watch


def answer_all(watch: RaceWatch, suites: list[Suite], skills: dict[str, float], upto: int = 10**9) -> None:
    """Answers in the suites' order, the same for the same skill whatever else is answered."""
    for suite in suites:
        for item in suite.items[:upto]:
            for name, skill in skills.items():
                right = random.Random(f"{name}{item.id}").random() < skill
                watch.note(answer(name, suite.spec.name, item.id, right))


def test_a_hopeless_candidate_stops_and_the_race_is_settled() -> None:
    suites = [suite_of("s", 200)]
    watch = opened(plan_of("good", "bad"), suites)
    assert watch.decide() == []
    answer_all(watch, suites, {"good": 0.95, "bad": 0.1})
    stopped, settled = watch.decide()
    assert isinstance(stopped, CandidateStopped)
    assert (stopped.candidate, stopped.reason, stopped.pool) == ("bad", "eliminated", 200)
    assert stopped.at_item < 60
    assert settled == RaceSettled(at_item=stopped.at_item, pool=200, remaining=("good",))


def test_the_decision_does_not_depend_on_how_often_the_race_is_judged() -> None:
    suites = [suite_of("s", 160), suite_of("t", 80)]
    skills = {"a": 0.9, "b": 0.85, "c": 0.4, "d": 0.2}
    plan = plan_of(*skills)
    at_once = opened(plan, suites)
    answer_all(at_once, suites, skills)
    wanted = {d.candidate: d.at_item for d in at_once.decide() if isinstance(d, CandidateStopped)}
    assert wanted
    piecemeal = opened(plan, suites)
    found: dict[str, int] = {}
    for upto in range(16, 161, 16):
        answer_all(piecemeal, suites, {n: s for n, s in skills.items() if n not in found}, upto)
        for decision in piecemeal.decide():
            piecemeal.note(decision)
            if isinstance(decision, CandidateStopped):
                found[decision.candidate] = decision.at_item
    assert found == wanted


def test_a_failure_decides_nothing_and_the_last_candidate_is_asked_all_items() -> None:
    suites = [suite_of("s", 100)]
    watch = opened(plan_of("a", "b"), suites)
    answer_all(watch, suites, {"a": 0.9}, 50)
    answer_all(watch, suites, {"b": 0.9}, 20)
    assert watch.decide() == []
    watch.note(CandidateStopped(candidate="b", reason="failed"))
    assert watch.decide() == []


def test_a_candidate_that_misses_a_limit_cannot_eliminate_the_others() -> None:
    suites = [suite_of("s", 200)]
    plan = plan_of("slow", "b", "c", min_generation_tokens_per_second=5.0)
    watch = opened(plan, suites, rates={"slow": 1.0})
    for number, item in enumerate(suites[0].items):
        watch.note(answer("slow", "s", item.id, True))
        for name in ("b", "c"):
            watch.note(answer(name, "s", item.id, number % 2 == 0))
    assert not any(isinstance(d, CandidateStopped) for d in watch.decide())


def test_items_cut_while_thinking_drop_nobody_and_make_nobody_equal() -> None:
    suites = [suite_of("s", 200)]
    watch = opened(plan_of("good", "thinker", "bad"), suites)
    for item in suites[0].items:
        watch.note(answer("good", "s", item.id, True))
        watch.note(answer("thinker", "s", item.id, False, cut=True))
        watch.note(answer("bad", "s", item.id, False))
    decisions = watch.decide()
    assert [d.candidate for d in decisions if isinstance(d, CandidateStopped)] == ["bad"]
    assert not any(isinstance(d, RaceSettled) for d in decisions)


def test_a_candidate_that_is_wrong_where_it_finished_is_dropped_for_that() -> None:
    suites = [suite_of("s", 200)]
    watch = opened(plan_of("good", "thinker"), suites)
    for number, item in enumerate(suites[0].items):
        watch.note(answer("good", "s", item.id, True))
        watch.note(answer("thinker", "s", item.id, False, cut=number % 2 == 0))
    (stopped, _settled) = watch.decide()
    assert isinstance(stopped, CandidateStopped)
    assert 10 < stopped.at_item < 60


@pytest.mark.parametrize(("names", "enabled"), [(("a",), True), (("a", "b"), False)])
def test_there_is_no_race_for_one_candidate_or_when_it_is_disabled(names: tuple[str, ...], enabled: bool) -> None:
    watch = RaceWatch(plan_of(*names, enabled=enabled), [suite_of("s", 50)])
    summary = summarize([event for name in names for event in measured(name)])
    assert watch.open([summary.of(name) for name in names]) is None


def test_the_race_waits_until_all_candidates_are_measured() -> None:
    watch = RaceWatch(plan_of("a", "b"), [suite_of("s", 50)])
    assert watch.open([summarize(measured("a")).of("a"), CandidateSummary("b")]) is None


def test_dropping_a_suite_starts_another_race_without_the_stopped_candidates() -> None:
    suites = [suite_of("s", 200), suite_of("t", 100)]
    skills = {"a": 0.9, "b": 0.88, "bad": 0.1}
    watch = opened(plan_of(*skills), suites)
    answer_all(watch, suites, skills, 60)
    (stopped,) = watch.decide()
    watch.note(stopped)
    watch.note(SuiteDropped(suite="t"))
    answer_all(watch, suites[:1], {"a": 0.9, "b": 0.88})
    assert all(getattr(d, "candidate", "") != "bad" for d in watch.decide())


def test_the_fixed_order_has_every_item_once_and_keeps_the_order_of_each_suite() -> None:
    suites = [suite_of("s", 37), suite_of("t", 5)]
    order = committed_order(suites, 7)
    assert sorted((p.suite, p.index) for p in order) == [("s", i) for i in range(37)] + [("t", i) for i in range(5)]
    for name in ("s", "t"):
        indices = [p.index for p in order if p.suite == name]
        assert indices == sorted(indices)
    assert order != committed_order(suites, 8)
    assert order == committed_order(suites, 7)


def test_blocks_come_in_the_order_in_which_they_complete_the_fixed_order() -> None:
    suites = [suite_of("s", 50), suite_of("t", 20)]
    plan = plan_of("a")
    questions = ConsistencyQuestions(plan.consistency, suites)
    schedule = Schedule(plan, suites, Progress(), questions, together=True)
    answered: set[tuple[str, int]] = set()
    order = committed_order(suites, plan_of("a").settings.seed)
    complete = 0
    for step in schedule.blocks:
        first = step.block * CHOICE_BLOCK_ITEMS
        answered |= {(step.suite, i) for i in range(first, first + CHOICE_BLOCK_ITEMS)}
        before = complete
        while complete < len(order) and (order[complete].suite, order[complete].index) in answered:
            complete += 1
        assert complete >= before
    assert complete == len(order)


ACCURACIES = {"poor": 0.25, "weak": 0.35, "good": 0.64, "best": 0.66}
N_BLOCKS = 40


def spend(budget_s: float) -> tuple[dict[str, int], float, int]:
    """Blocks each candidate was asked under a budget, the time that took, and rounds; a block takes a second."""
    plan = msgspec.structs.replace(
        plan_of(*ACCURACIES), speed=SpeedPlan(repeats=1), consistency=ConsistencyPlan(items=0)
    )
    suite = suite_of("s", N_BLOCKS * CHOICE_BLOCK_ITEMS)
    watch, progress = opened(plan, [suite]), Progress()
    for event in (event for name in ACCURACIES for event in measured(name)):
        progress.note(event)
        progress.note(msgspec.structs.replace(event, kind="prompt") if isinstance(event, SpeedMeasured) else event)
    questions = ConsistencyQuestions(plan.consistency, [suite])
    schedule = Schedule(plan, [suite], progress, questions, together=True)
    asked, used_s, rounds = dict.fromkeys(ACCURACIES, 0), 0.0, 0
    while True:
        active = [name for name in ACCURACIES if not progress.of(name).stopped]
        work = schedule.next_round(active, 0, left_s=budget_s - used_s)
        if work is None:
            return asked, used_s, rounds
        rounds += 1
        for name in work.order:
            for step in schedule.visit(name, work):
                if not isinstance(step, Block):
                    continue
                if used_s >= budget_s:
                    return asked, used_s, rounds
                used_s += 1.0
                asked[name] += 1
                for index in block_range(suite, step.block):
                    right = random.Random(f"{name} {index}").random() < ACCURACIES[name]
                    watch.note(answer(name, "s", suite.items[index].id, right))
                progress.note(
                    BlockScored(
                        candidate=name, suite="s", block=step.block, items=16, n_unique_prompt_tokens=1,
                        n_output_tokens=0, elapsed_s=1.0,
                    )
                )  # fmt: skip
        for decision in watch.decide():
            watch.note(decision)
            progress.note(decision)
        schedule.round_done(loading_s=0.0, elapsed_s=1.0)


def test_a_time_budget_is_spent_on_the_candidates_still_in_the_race() -> None:
    budget_s = 60.0
    asked, used_s, rounds = spend(budget_s)
    # It pays for 15 blocks each: the losers leave theirs to the two at the top, who are asked equally much.
    assert used_s <= budget_s
    assert asked["poor"] < asked["good"]
    assert asked["weak"] < asked["good"]
    assert asked["good"] == asked["best"] > budget_s / len(ACCURACIES)
    assert rounds > 6
    assert used_s > 0.9 * budget_s
    # Without one everybody who is not stopped is asked everything.
    free, _used_s, _rounds = spend(float("inf"))
    assert free["best"] == N_BLOCKS
