"""A short Python function with a bug to fix, scored by running tests.

Level 1 has a wrong sign or name in an expression; 2 a wrong comparison or start value in a loop; 3 an edge case or an
off-by-one index; 4 a bug in an algorithm that most inputs do not show; 5 two such bugs. The tests compare with
the correct functions.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from itertools import combinations, cycle

from ..items import GenerateItem
from ..tables import Table, Words, read_table
from .graded import DEFAULT_SEED, Task, TaskMaker, draw_tasks


class Program(Table, frozen=True):
    """A correct function and the bugs that can be put into it; ``NAME`` stands for its name."""

    level: int
    names: Words
    text: str
    source: str
    bugs: tuple[tuple[str, str], ...]
    cases: Words


class _Tables(Table, frozen=True):
    asked: Words
    program: tuple[Program, ...]


_TABLES = read_table("fix-bug", _Tables)
PROGRAMS = _TABLES.program


def make_items(seed: int = DEFAULT_SEED) -> tuple[GenerateItem, ...]:
    """150 items, 30 per level."""
    makers: list[list[TaskMaker]] = []
    for level in range(1, 6):
        programs = [program for program in PROGRAMS if program.level == level]
        decks = [_shuffled(program, seed) for program in programs]
        makers.append([partial(_task, program=p, deck=deck) for p, deck in zip(programs, decks, strict=True)])
    return draw_tasks("fix-bug", seed, makers)


def _shuffled(program: Program, seed: int) -> Iterator[tuple[tuple[str, str], ...]]:
    """Every bug (at level 5, every pair) once before any comes again."""
    choices = list(combinations(program.bugs, 2 if program.level == 5 else 1))
    random.Random(f"fix-bug {seed} {program.names[0]}").shuffle(choices)
    return cycle(choices)


def _task(rng: random.Random, program: Program, deck: Iterator[tuple[tuple[str, str], ...]]) -> Task:
    name = rng.choice(program.names)
    source = program.source.replace("NAME", name)
    broken = source
    chosen = next(deck)
    for right, wrong in chosen:
        broken = broken.replace(right, wrong, 1)
    bugs, the_bugs = ("two mistakes", "the two mistakes") if len(chosen) == 2 else ("a mistake", "the mistake")
    prompt = (
        f"{rng.choice(_TABLES.asked).format(bugs=bugs, the_bugs=the_bugs)} {program.text.replace('NAME', name)}\n\n"
        f"```python\n{broken}```\n\nAnswer with the whole corrected function in one Python code block."
    )
    right_name = f"right_{name}"
    tests = [program.source.replace("NAME", right_name), ""]
    tests += [f"assert {name}({case}) == {right_name}({case})" for case in program.cases]
    return Task(prompt, check={"tests": "\n".join(tests) + "\n", "entry_point": name})
