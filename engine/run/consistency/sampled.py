"""Sampled answers: items of generate suites, answered several times at a temperature."""

from __future__ import annotations

from collections.abc import Sequence

from ...events.run import DOES_NOT_FIT, Event, SamplesDrawn
from ...plan.model import ConsistencyPlan
from ...tasks.items import Item, Suite
from ...tasks.requests import GenerateRequest, build_request
from ...worker.protocol import Generated, Sample
from ..asking import Asker
from ..work import Work, request_work
from .kind import ConsistencyKind, affordable_items, in_parts


def _choose(plan: ConsistencyPlan, suites: Sequence[Suite]) -> dict[str, list[Sequence[Item]]]:
    return in_parts(
        {
            suite.spec.name: suite.items[: min(plan.items, affordable_items(plan, suite, times=plan.samples))]
            for suite in suites
            if suite.spec.kind == "generate"
        }
    )


async def _ask(asker: Asker, suite: Suite, part: int, items: Sequence[Item]) -> list[Event]:
    plan = asker.plan.consistency
    asker.tell("answering", f"{items[0].id}, {plan.samples} times")
    requests = (build_request(suite.spec, item) for item in items)
    command = Sample(
        requests=tuple(request for request in requests if isinstance(request, GenerateRequest)),
        style=asker.style(suite),
        samples=plan.samples,
        temperature=plan.temperature,
        seed=asker.plan.settings.seed,
    )
    done = await asker.ask(command, Generated, "answering")
    repeats = range(1, plan.samples + 1)
    answers = await asker.scored(
        suite, [item for item in items for _ in repeats], done, repeats=[n for _ in items for n in repeats]
    )
    drawn = SamplesDrawn(
        candidate=asker.candidate.id,
        suite=suite.spec.name,
        part=part,
        items=len(items),
        samples=plan.samples,
        elapsed_s=done.elapsed_s,
    )
    return [*(answer for answer in answers if answer.stop != DOES_NOT_FIT), drawn]


def _work(plan: ConsistencyPlan, suite: Suite, items: Sequence[Item]) -> Work:
    work = Work()
    for item in items:
        once = request_work(suite, build_request(suite.spec, item))
        work += Work(once.prompt, plan.samples * once.output)  # the samples share the prompt
    return work


SAMPLED: ConsistencyKind[Item] = ConsistencyKind(
    name="sampled",
    choose=_choose,
    ask=_ask,
    event=SamplesDrawn,
    prompts=lambda plan, items: plan.samples * len(items),
    work=_work,
    label=lambda plan: f"answered {plan.samples} more times",
)
