"""Shared by graded suites: calls the makers of questions level by level until each level has its items."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from ...errors import DatasetError
from ..items import ChoiceItem, GenerateItem

PER_LEVEL = 30
DEFAULT_SEED = 1
_MAX_TRIES = 400
"""Maximum number of tries for one new question; a maker that still repeats itself has no more questions."""


class Task(NamedTuple):
    """A prompt to answer in free text."""

    prompt: str
    answer: str = ""
    check: dict[str, Any] | None = None
    group: str = ""
    also: tuple[str, ...] = ()
    """Other forms of the answer that count as correct."""


class Question(NamedTuple):
    """A question with its options, the correct one first."""

    question: str
    choices: tuple[str, ...]
    group: str = ""


TaskMaker = Callable[[random.Random], Task]
QuestionMaker = Callable[[random.Random], Question]
_Made = TypeVar("_Made", Task, Question)


def draw_tasks(
    suite: str, seed: int, makers: Sequence[Sequence[TaskMaker]], *, per_level: int = PER_LEVEL
) -> tuple[GenerateItem, ...]:
    """``per_level`` items of each level, from its makers in turn; ``makers[0]`` are those of level 1.

    Raises:
        DatasetError: a maker has too few different prompts.
    """
    items = []
    for level, makers_of_level in enumerate(makers, 1):
        rng = random.Random(f"{suite} {seed} level {level}")
        for number, task in enumerate(_different(rng, makers_of_level, per_level, suite), 1):
            items.append(
                GenerateItem(
                    id=f"l{level}-{number:02d}",
                    prompt=task.prompt,
                    answers=(task.answer, *task.also) if task.answer else (),
                    check=task.check or {},
                    level=level,
                    group=task.group,
                )
            )
    return tuple(items)


def draw_questions(suite: str, seed: int, makers: Sequence[Sequence[QuestionMaker]]) -> tuple[ChoiceItem, ...]:
    """The same for ``PER_LEVEL`` choice items with equally many options.

    The correct option has every position equally often.
    A question that shows its options has the mark ``{choices}`` where they belong, in order, separated by commas.

    Raises:
        DatasetError: a maker has too few different questions.
    """
    items = []
    for level, makers_of_level in enumerate(makers, 1):
        rng = random.Random(f"{suite} {seed} level {level}")
        places: list[int] = []
        for number, made in enumerate(_different(rng, makers_of_level, PER_LEVEL, suite), 1):
            right, *wrong = made.choices
            if not places:
                places = rng.sample(range(len(made.choices)), len(made.choices))
            gold = places.pop()
            rng.shuffle(wrong)
            choices = (*wrong[:gold], right, *wrong[gold:])
            items.append(
                ChoiceItem(
                    id=f"l{level}-{number:02d}",
                    question=made.question.replace("{choices}", ", ".join(choices)),
                    choices=choices,
                    gold=gold,
                    level=level,
                    group=made.group,
                )
            )
    return tuple(items)


def _different(
    rng: random.Random, makers: Sequence[Callable[[random.Random], _Made]], wanted: int, suite: str
) -> Iterator[_Made]:
    seen: set[str] = set()
    tries = 0
    while len(seen) < wanted:
        made = makers[len(seen) % len(makers)](rng)
        if made[0] in seen:
            tries += 1
            if tries > _MAX_TRIES:
                raise DatasetError(f"The generator of {suite} has only {len(seen)} different items for a level.")
            continue
        tries = 0
        seen.add(made[0])
        yield made
