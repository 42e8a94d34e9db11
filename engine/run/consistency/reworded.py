"""Reworded prompts: items asked under other neutral prompt templates."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ...events.askings import RewordedItem
from ...events.run import DOES_NOT_FIT, AnswerScored, Event, PromptsReworded
from ...plan.model import ConsistencyPlan
from ...tasks.items import Item, Suite
from ...tasks.variants import TEMPLATES, reworded
from ..asking import Asker, Request
from ..work import Work, request_work
from .kind import ConsistencyKind, affordable_items, in_parts, shared_evenly


class Wordings(msgspec.Struct, frozen=True):
    """An item with its request under each template, in the order of ``TEMPLATES``."""

    item: Item
    requests: tuple[Request, ...]


def _wordings(suite: Suite, item: Item) -> Wordings | None:
    requests = reworded(suite.spec, item)
    return Wordings(item, requests) if requests else None


def _choose(plan: ConsistencyPlan, suites: Sequence[Suite]) -> dict[str, list[Sequence[Wordings]]]:
    named = {suite.spec.name: suite for suite in suites}
    shared = shared_evenly(min(plan.items, plan.template_items), suites, _wordings)
    return in_parts(
        {name: rows[: affordable_items(plan, named[name], times=len(TEMPLATES))] for name, rows in shared.items()}
    )


async def _ask(asker: Asker, suite: Suite, part: int, questions: Sequence[Wordings]) -> list[Event]:
    items = [question.item for question in questions]
    by_template: list[list[AnswerScored]] = []
    elapsed_s = 0.0
    # Template after template: worked examples in the same template are computed once for all items.
    for number, name in enumerate(TEMPLATES):
        asker.tell("answering", f"{items[0].id}, worded as {name}")
        done = await asker.answer(suite, [question.requests[number] for question in questions])
        elapsed_s += done.elapsed_s
        by_template.append(await asker.scored(suite, items, done))
    metric = suite.spec.metric
    rows = tuple(
        RewordedItem(
            item=item.id,
            scores=tuple(answers[place].scores.get(metric, 0.0) for answers in by_template),
            answers=tuple(answers[place].extracted for answers in by_template),
        )
        for place, item in enumerate(items)
        if all(answers[place].stop != DOES_NOT_FIT for answers in by_template)
    )
    return [
        PromptsReworded(
            candidate=asker.candidate.id,
            suite=suite.spec.name,
            part=part,
            templates=tuple(TEMPLATES),
            items=rows,
            elapsed_s=elapsed_s,
        )
    ]


def _work(_plan: ConsistencyPlan, suite: Suite, questions: Sequence[Wordings]) -> Work:
    requests = (request for question in questions for request in question.requests)
    return sum((request_work(suite, request) for request in requests), Work())


REWORDED: ConsistencyKind[Wordings] = ConsistencyKind(
    name="reworded",
    choose=_choose,
    ask=_ask,
    event=PromptsReworded,
    prompts=lambda _plan, questions: len(TEMPLATES) * len(questions),
    work=_work,
    label=lambda _plan: "asked in other words",
)
