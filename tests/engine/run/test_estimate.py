"""The estimate before a run counts what is asked again."""

from __future__ import annotations

import msgspec
import pytest

from weighin.engine.plan.model import BuiltInSuite, Candidate, ConsistencyPlan, Plan
from weighin.engine.prepare.default_suites import DEFAULT_SUITES
from weighin.engine.prepare.demo import ITEM_LIMIT
from weighin.engine.run.consistency.questions import ConsistencyQuestions
from weighin.engine.run.estimate import answering_work, estimate_s
from weighin.engine.run.work import Rates, Work
from weighin.engine.tasks.items import GenerateItem, Suite
from weighin.engine.tasks.opening import open_suite
from weighin.engine.tasks.spec import SuiteSpec
from weighin.engine.tasks.variants import TEMPLATES

RATES = Rates(prompt=900.0, generation=90.0)
"""About the sample model's on two cores."""


def consistency_work(plan: ConsistencyPlan, opened: list[Suite]) -> Work:
    return ConsistencyQuestions(plan, opened).work()


def suites(*names: str, limit: int = 40) -> list[Suite]:
    return [open_suite(BuiltInSuite(name=name), seed=1, limit=limit) for name in names]


def test_samples_share_their_prompt_and_templates_ask_everything_again() -> None:
    (suite,) = opened = suites("read-and-extract", limit=4)
    once = answering_work(opened)
    sampled = consistency_work(ConsistencyPlan(items=4, samples=5, template_items=0, repeat_blocks=0), opened)
    assert sampled == Work(once.prompt, 5 * once.output)
    repeated = consistency_work(ConsistencyPlan(items=4, samples=5, template_items=0, repeat_blocks=1), opened)
    assert repeated.prompt == pytest.approx(2 * once.prompt)
    reworded = consistency_work(ConsistencyPlan(items=4, samples=5, template_items=4, repeat_blocks=0), opened)
    assert reworded.output - sampled.output == pytest.approx(len(TEMPLATES) * once.output)
    assert reworded.prompt - sampled.prompt > len(TEMPLATES) * once.prompt * 0.9
    assert consistency_work(ConsistencyPlan(items=0), opened) == Work()
    assert suite.spec.kind == "generate"


def test_reordered_options_cost_less_than_asking_each_order_anew() -> None:
    opened = suites("classify", limit=10)
    plan = ConsistencyPlan(items=10, order_items=10, template_items=0, repeat_blocks=0)
    reordered, once = consistency_work(plan, opened), answering_work(opened)
    assert once.prompt < reordered.prompt < 4 * once.prompt
    unshown = suites("everyday-choice", limit=10)
    assert consistency_work(plan, unshown) == Work()


def test_the_estimate_includes_what_is_asked_again() -> None:
    opened = suites("everyday-choice", "classify", "table-lookup")
    plan = Plan(candidates=(Candidate(id="a", path="a", name="a"), Candidate(id="b", path="b", name="b")))
    none = msgspec.structs.replace(plan, consistency=ConsistencyPlan(items=0))
    rates = {"a": RATES, "b": Rates(90.0, 9.0)}
    more = estimate_s(plan, opened, rates) - estimate_s(none, opened, rates)
    work = consistency_work(plan.consistency, opened)
    assert more == pytest.approx(work.seconds(rates["a"]) + work.seconds(rates["b"]))
    assert more > 0


def test_the_demonstration_stays_short() -> None:
    """Order, wording and repetition cost it less than a tenth."""
    from weighin.engine.prepare import demo

    opened = suites(*DEFAULT_SUITES, limit=ITEM_LIMIT)
    plan = Plan(candidates=(Candidate(id="a", path="a", name="a"),), consistency=demo.CONSISTENCY)
    sampled_only = msgspec.structs.replace(plan.consistency, order_items=0, template_items=0, repeat_blocks=0)
    before = estimate_s(msgspec.structs.replace(plan, consistency=sampled_only), opened, {"a": RATES})
    assert before < estimate_s(plan, opened, {"a": RATES}) < 1.1 * before


def own_suite(n: int, max_tokens: int) -> Suite:
    spec = SuiteSpec(name="own", title="own", kind="generate", metric="exact_match", max_tokens=max_tokens)
    return Suite(
        spec=spec, items=tuple(GenerateItem(id=str(i), prompt=f"What is {i}?", answers=("4",)) for i in range(n))
    )


@pytest.mark.parametrize(
    ("n", "max_tokens", "sampled"),
    [(6, 256, 3), (6, 32, 6), (40, 32, 25), (100, 256, 20), (400, 256, 50), (400, 1280, 50), (3, 2048, 1)],
)
def test_asking_long_answers_again_takes_no_longer_than_answering_did(n: int, max_tokens: int, sampled: int) -> None:
    suite = own_suite(n, max_tokens)
    questions = ConsistencyQuestions(ConsistencyPlan(), [suite])
    steps = [step for step in questions.steps() if step.kind == "sampled"]
    assert sum(len(questions.of(step)) for step in steps) == sampled
    # The first of the fixed shuffle, so the same for every candidate.
    assert questions.of(steps[0])[0] == suite.items[0]
    output = answering_work([suite]).output
    only_samples = ConsistencyPlan(template_items=0, repeat_blocks=0)
    assert consistency_work(only_samples, [suite]).output <= max(output, 2048 / 2, 5 * max_tokens / 4)
    unbounded = ConsistencyQuestions(ConsistencyPlan(share=0.0), [suite])
    assert sum(len(unbounded.of(step)) for step in steps) >= sampled
    assert f"{sampled} item" in questions.summary
    assert ConsistencyQuestions(ConsistencyPlan(items=0), [suite]).summary == ""
