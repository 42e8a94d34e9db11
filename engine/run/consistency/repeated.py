"""Repeated blocks: a block that was answered, once more exactly as it was."""

from __future__ import annotations

from collections.abc import Sequence

from ...events.askings import RepeatedItem
from ...events.run import DOES_NOT_FIT, BlockRepeated, Event
from ...plan.model import ConsistencyPlan
from ...tasks.items import Item, Suite
from ...tasks.requests import build_request
from ..asking import Asker
from ..steps import block_range
from ..work import Work, request_work
from .kind import ConsistencyKind


def _choose(plan: ConsistencyPlan, suites: Sequence[Suite]) -> dict[str, list[Sequence[Item]]]:
    # Log-probabilities show a difference before any text does, and cost less: choice suites first.
    preferred = sorted((suite for suite in suites if suite.items), key=lambda suite: suite.spec.kind != "choice")
    chosen = preferred[: plan.repeat_blocks] if plan.items else []
    return {suite.spec.name: [[suite.items[index] for index in block_range(suite, 0)]] for suite in chosen}


async def _ask(asker: Asker, suite: Suite, part: int, items: Sequence[Item]) -> list[Event]:
    asker.tell("answering", f"{items[0].id}, once more")
    done = await asker.answer(suite, [build_request(suite.spec, item) for item in items])
    answers = await asker.scored(suite, items, done)
    rows = tuple(
        RepeatedItem(
            item=answer.item,
            output=answer.output,
            log_likelihoods=tuple(option.log_likelihood for option in answer.options),
        )
        for answer in answers
        if answer.stop != DOES_NOT_FIT
    )
    return [
        BlockRepeated(
            candidate=asker.candidate.id, suite=suite.spec.name, block=part, items=rows, elapsed_s=done.elapsed_s
        )
    ]


def _work(_plan: ConsistencyPlan, suite: Suite, items: Sequence[Item]) -> Work:
    return sum((request_work(suite, build_request(suite.spec, item)) for item in items), Work())


REPEATED: ConsistencyKind[Item] = ConsistencyKind(
    name="repeated",
    choose=_choose,
    ask=_ask,
    event=BlockRepeated,
    prompts=lambda _plan, items: len(items),
    work=_work,
    compares_with_block=True,
)
