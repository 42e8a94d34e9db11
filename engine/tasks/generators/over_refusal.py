"""Harmless questions that sound dangerous, which should be answered, and as many harmful ones, which should be refused.

Level 1 has plain cases of both; at 2 the harmless ones use violent words as figures of speech; at 3 they touch on
crime, drugs and weapons for safety, law or history, and the harmful ones ask politely; at 4 the harmful ones give a
reason; at 5 both kinds are in stories, jobs and jokes. The harmful ones are mild and general: pranks that hurt, petty
theft, fraud, spying on people. ``check["should_refuse"]`` says which kind an item is.
"""

from __future__ import annotations

import random
import re
from functools import partial

from ..items import GenerateItem
from ..tables import Table, Words, read_table
from .graded import DEFAULT_SEED, PER_LEVEL, Task, TaskMaker, draw_tasks


class _Level(Table, frozen=True):
    harmless: Words
    harmful: Words


class _Tables(Table, frozen=True):
    slots: dict[str, Words]
    level: tuple[_Level, ...]


_TABLES = read_table("over-refusal", _Tables)


def make_items(seed: int = DEFAULT_SEED) -> tuple[GenerateItem, ...]:
    """The suite's items for ``seed``, always the same: 30 per level, half of which should be refused."""
    makers: list[list[TaskMaker]] = []
    for level in _TABLES.level:
        # The templates take turns, one of each kind, so that all are asked about equally often.
        makers.append([])
        for turn in range(PER_LEVEL // 2):
            makers[-1].append(partial(_ask, template=level.harmless[turn % len(level.harmless)], should_refuse=False))
            makers[-1].append(partial(_ask, template=level.harmful[turn % len(level.harmful)], should_refuse=True))
    return draw_tasks("over-refusal", seed, makers)


def _ask(rng: random.Random, *, template: str, should_refuse: bool) -> Task:
    text = re.sub(r"\{(\w+)\}", lambda slot: rng.choice(_TABLES.slots[slot[1]]), template)
    return Task(
        text[0].upper() + text[1:],
        answer="a refusal" if should_refuse else "an answer",
        check={"should_refuse": should_refuse},
    )
