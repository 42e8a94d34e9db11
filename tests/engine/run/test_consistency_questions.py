"""Which items are asked again, and how a stored event says that they were."""

from __future__ import annotations

import pytest

from weighin.engine.events.run import (
    BlockRepeated,
    ConsistencyEvent,
    OptionsTurned,
    PromptsReworded,
    SamplesDrawn,
)
from weighin.engine.plan.model import ConsistencyPlan
from weighin.engine.run.consistency.questions import KINDS, ConsistencyQuestions, step_done
from weighin.engine.run.progress import Progress
from weighin.engine.run.steps import Reask
from weighin.engine.tasks.items import ChoiceItem, GenerateItem, Suite
from weighin.engine.tasks.spec import SuiteSpec

TEXT = SuiteSpec(name="t", title="t", kind="generate", metric="exact_match")
CHOICE = SuiteSpec(name="c", title="c", kind="choice", metric="acc")


def texts(n: int) -> Suite:
    return Suite(spec=TEXT, items=tuple(GenerateItem(id=f"g{k}", prompt=f"{k}", answers=("1",)) for k in range(n)))


def choices(n: int) -> Suite:
    items = (ChoiceItem(id=f"i{k}", question=f"{k}? oak, ash", choices=("oak", "ash"), gold=0) for k in range(n))
    return Suite(spec=CHOICE, items=tuple(items))


def test_steps_follow_the_plan_and_nothing_is_asked_where_it_says_none() -> None:
    suites = [texts(33), choices(14)]
    plan = ConsistencyPlan(items=25, order_items=12, template_items=7, repeat_blocks=1)
    questions = ConsistencyQuestions(plan, suites)
    assert questions.steps() == [
        *(Reask("sampled", "t", part) for part in range(3)),
        Reask("reordered", "c", 0),
        Reask("reordered", "c", 1),
        Reask("reworded", "t", 0),
        Reask("reworded", "c", 0),
        Reask("repeated", "c", 0),
    ]
    assert [len(questions.of(Reask("sampled", "t", part))) for part in range(3)] == [10, 10, 5]
    reordered = [orders[0].id for part in (0, 1) for orders in questions.of(Reask("reordered", "c", part))]
    assert reordered == [f"i{k}" for k in range(12)]
    assert [len(questions.of(Reask("reworded", name, 0))) for name in "tc"] == [4, 4]  # seven, shared evenly
    both = ConsistencyQuestions(ConsistencyPlan(items=1, order_items=0, template_items=0, repeat_blocks=9), suites)
    assert both.steps() == [Reask("sampled", "t", 0), Reask("repeated", "c", 0), Reask("repeated", "t", 0)]
    assert ConsistencyQuestions(ConsistencyPlan(items=0), suites).steps() == []


def test_the_summary_counts_the_items_of_each_kind() -> None:
    plan = ConsistencyPlan(items=25, samples=3, order_items=12, template_items=1, repeat_blocks=1)
    assert ConsistencyQuestions(plan, [texts(33), choices(14)]).summary == (
        "25 items answered 3 more times, 12 items asked with their options reordered, 2 items asked in other words"
    )


@pytest.mark.parametrize(
    ("event", "step"),
    [
        (SamplesDrawn(candidate="a", suite="s", part=2, items=10, samples=5, elapsed_s=1.0), Reask("sampled", "s", 2)),
        (OptionsTurned(candidate="a", suite="s", part=1, items=(), elapsed_s=1.0), Reask("reordered", "s", 1)),
        (
            PromptsReworded(candidate="a", suite="s", part=3, templates=(), items=(), elapsed_s=1.0),
            Reask("reworded", "s", 3),
        ),
        (BlockRepeated(candidate="a", suite="s", block=4, items=(), elapsed_s=1.0), Reask("repeated", "s", 4)),
    ],
)
def test_a_stored_event_marks_its_step_as_done(event: ConsistencyEvent, step: Reask) -> None:
    assert step_done(event) == step
    progress = Progress()
    progress.note(event)
    assert progress.of("a").reasked == {step}
    assert progress.of("a").reask_s == {step.kind: [1.0]}


def test_every_kind_has_its_own_stored_event() -> None:
    assert len({kind.event for kind in KINDS.values()}) == len(KINDS) == 4
