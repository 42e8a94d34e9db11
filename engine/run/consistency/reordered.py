"""Reordered options: choice items that show their options, asked with these in every cyclic order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from ...events.askings import ReorderedItem
from ...events.run import DOES_NOT_FIT, Event, OptionsTurned
from ...plan.model import ConsistencyPlan
from ...tasks.items import ChoiceItem, Item, Suite
from ...tasks.requests import build_request
from ...tasks.variants import reordered
from ..asking import Asker
from ..work import CHARACTERS_PER_TOKEN, Work, request_work
from .kind import ConsistencyKind, in_parts, shared_evenly

Orders = tuple[ChoiceItem, ...]
"""A choice item under every cyclic order of its options, as written first."""


def _orders(suite: Suite, item: Item) -> Orders | None:
    return reordered(suite.spec, item) or None


def _choose(plan: ConsistencyPlan, suites: Sequence[Suite]) -> dict[str, list[Sequence[Orders]]]:
    return in_parts(shared_evenly(min(plan.items, plan.order_items), suites, _orders))


async def _ask(asker: Asker, suite: Suite, part: int, questions: Sequence[Orders]) -> list[Event]:
    items: list[ReorderedItem] = []
    elapsed_s = 0.0
    for orders in questions:
        item = orders[0]
        asker.tell("answering", f"{item.id}, options reordered")
        # One item at a time: all its orders share the worked examples and the question.
        done = await asker.answer(suite, [build_request(suite.spec, order) for order in orders])
        elapsed_s += done.elapsed_s
        answers = await asker.scored(suite, orders, done)
        if any(answer.stop == DOES_NOT_FIT for answer in answers):
            continue
        chosen = tuple(item.choices.index(answer.output) for answer in answers)
        items.append(ReorderedItem(item=item.id, gold=item.gold, chosen=chosen))
    return [
        OptionsTurned(
            candidate=asker.candidate.id, suite=suite.spec.name, part=part, items=tuple(items), elapsed_s=elapsed_s
        )
    ]


def _work(_plan: ConsistencyPlan, suite: Suite, questions: Sequence[Orders]) -> Work:
    work = Work()
    for orders in questions:
        prompts = [request_work(suite, build_request(suite.spec, order)).prompt for order in orders]
        columns = zip(*(order.contexts[0] for order in orders), strict=False)
        same = sum(1 for _ in takewhile(lambda characters: len(set(characters)) == 1, columns)) / CHARACTERS_PER_TOKEN
        work += Work(sum(prompts) - (len(orders) - 1) * same)  # what comes before the options is shared
    return work


REORDERED: ConsistencyKind[Orders] = ConsistencyKind(
    name="reordered",
    choose=_choose,
    ask=_ask,
    event=OptionsTurned,
    prompts=lambda _plan, questions: sum(map(len, questions)),
    work=_work,
    label=lambda _plan: "asked with their options reordered",
)
