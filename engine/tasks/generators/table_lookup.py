"""Tables in Markdown or CSV, and a question about them.

Level 1 reads a cell of a named row of three; 2 finds the row by another column; 3 counts with a condition or finds an
extreme; 4 sums, ranks and combines two conditions over longer tables; 5 joins two tables, groups, or averages.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from ..items import GenerateItem
from ..tables import Table, Words, read_table
from .graded import DEFAULT_SEED, Task, TaskMaker, draw_tasks
from .names import PEOPLE, TOWNS


class _Table(NamedTuple):
    what: str
    """One of its rows, in words."""
    key: str
    category: str
    values: tuple[str, str]
    """Names of two number columns."""
    rows: list[tuple[str, str, int, int]]

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.key, self.category, *self.values)


class _Kind(Table, frozen=True):
    """A kind of table: a name, a category and two numbers in each row."""

    what: str
    key: str
    keys: str
    category: str
    categories: Words
    columns: tuple[str, str]
    ranges: tuple[tuple[int, int], tuple[int, int]]


class _Kinds(Table, frozen=True):
    keys: dict[str, Words]
    kind: tuple[_Kind, ...]


_TABLES = read_table("table-lookup", _Kinds)
_KEYS = {**_TABLES.keys, "people": PEOPLE, "towns": TOWNS}


def make_items(seed: int = DEFAULT_SEED) -> tuple[GenerateItem, ...]:
    """150 items, 30 per level."""
    return draw_tasks("table-lookup", seed, _MAKERS)


def _table(rng: random.Random, n_rows: int) -> _Table:
    kind = rng.choice(_TABLES.kind)
    names = rng.sample(_KEYS[kind.keys], n_rows)
    ones, twos = (rng.sample(range(*each), n_rows) for each in kind.ranges)
    groups = [rng.choice(kind.categories) for _ in names]
    return _Table(kind.what, kind.key, kind.category, kind.columns, list(zip(names, groups, ones, twos, strict=True)))


def _written(rng: random.Random, columns: tuple[str, ...], rows: list[tuple[str | int, ...]]) -> str:
    if rng.random() < 0.3:
        return "\n".join(",".join(map(str, row)) for row in (columns, *rows))
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in (columns, *rows)]
    return "\n".join([lines[0], "|" + " --- |" * len(columns), *lines[1:]])


def _ask(rng: random.Random, table: _Table, question: str, answer: str | int) -> Task:
    return Task(f"{_written(rng, table.columns, list(table.rows))}\n\nQuestion: {question}", str(answer))


def _cell(rng: random.Random) -> Task:
    table = _table(rng, 3)
    row, column = rng.choice(table.rows), rng.randrange(1, 4)
    return _ask(rng, table, f"What is the {table.columns[column]} of {row[0]}?", row[column])


def _by_value(rng: random.Random) -> Task:
    table = _table(rng, 8)
    row, column = rng.choice(table.rows), rng.choice((0, 1))
    wanted, other = table.values[column], table.values[1 - column]
    if rng.random() < 0.5:
        return _ask(rng, table, f"Which {table.key} has the {wanted} {row[2 + column]}?", row[0])
    return _ask(
        rng, table, f"What is the {other} of the {table.what} with the {wanted} {row[2 + column]}?", row[3 - column]
    )


def _count(rng: random.Random) -> Task:
    table = _table(rng, 10)
    column = rng.choice((0, 1))
    limit = sorted(_number(row, column) for row in table.rows)[rng.randrange(2, 8)]
    matching = sum(_number(row, column) > limit for row in table.rows)
    return _ask(rng, table, f"How many rows have more than {limit} as their {table.values[column]}?", matching)


def _count_category(rng: random.Random) -> Task:
    table = _table(rng, 10)
    wanted = rng.choice(table.rows)[1]
    return _ask(
        rng, table, f"How many rows have the {table.category} {wanted}?", sum(row[1] == wanted for row in table.rows)
    )


def _extreme(rng: random.Random) -> Task:
    table = _table(rng, 10)
    column = rng.choice((0, 1))
    word, pick = rng.choice((("highest", max), ("lowest", min)))
    best = pick(table.rows, key=lambda row: row[2 + column])
    return _ask(rng, table, f"Which {table.key} has the {word} {table.values[column]}?", best[0])


def _sum(rng: random.Random) -> Task:
    table = _table(rng, 14)
    column, wanted = rng.choice((0, 1)), rng.choice(table.rows)[1]
    total = sum(_number(row, column) for row in table.rows if row[1] == wanted)
    question = f"Add up the {table.values[column]} of all rows with the {table.category} {wanted}. What is the sum?"
    return _ask(rng, table, question, total)


def _ranked(rng: random.Random) -> Task:
    table = _table(rng, 14)
    column, place = rng.choice((0, 1)), rng.choice((2, 3))
    ranked = sorted(table.rows, key=lambda row: -_number(row, column))
    word = {2: "second", 3: "third"}[place]
    return _ask(rng, table, f"Which {table.key} has the {word} highest {table.values[column]}?", ranked[place - 1][0])


def _two_conditions(rng: random.Random) -> Task:
    table = _table(rng, 14)
    wanted = rng.choice(table.rows)[1]
    limit = sorted(_number(row, 0) for row in table.rows)[rng.randrange(3, 10)]
    matching = sum(row[1] == wanted and _number(row, 0) < limit for row in table.rows)
    question = f"How many rows have the {table.category} {wanted} and a {table.values[0]} below {limit}?"
    return _ask(rng, table, question, matching)


def _extreme_within(rng: random.Random) -> Task:
    table = _table(rng, 14)
    wanted = rng.choice(table.rows)[1]
    word, pick = rng.choice((("highest", max), ("lowest", min)))
    best = pick((row for row in table.rows if row[1] == wanted), key=lambda row: row[3])
    question = f"Among the rows with the {table.category} {wanted}, which {table.key} has the {word} {table.values[1]}?"
    return _ask(rng, table, question, best[0])


def _group(rng: random.Random) -> Task:
    table = _table(rng, 18)
    sums: dict[str, int] = {}
    for row in table.rows:
        sums[row[1]] = sums.get(row[1], 0) + _number(row, 1)
    if len(set(sums.values())) < len(sums) or len(sums) < 3:
        return _group(rng)
    question = f"For which {table.category} is the sum of {table.values[1]} the highest?"
    return _ask(rng, table, question, max(sums, key=lambda name: sums[name]))


def _average(rng: random.Random) -> Task:
    table = _table(rng, 16)
    wanted = rng.choice(table.rows)[1]
    values = [_number(row, 0) for row in table.rows if row[1] == wanted]
    if len(values) < 3 or sum(values) % len(values):
        return _average(rng)
    question = f"What is the average {table.values[0]} of the rows with the {table.category} {wanted}?"
    return _ask(rng, table, question, sum(values) // len(values))


def _gap(rng: random.Random) -> Task:
    table = _table(rng, 16)
    wanted = rng.choice(table.rows)[1]
    values = [_number(row, 1) for row in table.rows if row[1] == wanted]
    if len(values) < 3:
        return _gap(rng)
    question = (
        f"Among the rows with the {table.category} {wanted}, what is the difference between the highest and the lowest "
        f"{table.values[1]}?"
    )
    return _ask(rng, table, question, max(values) - min(values))


def _join(rng: random.Random) -> Task:
    table = _table(rng, 10)
    names = sorted({row[1] for row in table.rows})
    leaders = rng.sample([person for person in PEOPLE if all(person != row[0] for row in table.rows)], len(names))
    second: list[tuple[str | int, ...]] = list(zip(names, leaders, strict=True))
    rng.shuffle(second)
    row = rng.choice(table.rows)
    by_key = rng.random() < 0.5
    text = _written(rng, table.columns, list(table.rows)) + "\n\n" + _written(rng, (table.category, "manager"), second)
    manager = dict(zip(names, leaders, strict=True))[row[1]]
    if by_key:
        best = max(table.rows, key=lambda each: each[2])
        manager = dict(zip(names, leaders, strict=True))[best[1]]
        question = f"Who manages the {table.category} of the {table.what} with the highest {table.values[0]}?"
        return Task(f"{text}\n\nQuestion: {question}", manager)
    total = sum(_number(each, 1) for each in table.rows if each[1] == row[1])
    question = f"What is the sum of {table.values[1]} over the rows whose {table.category} is managed by {manager}?"
    return Task(f"{text}\n\nQuestion: {question}", str(total))


def _number(row: tuple[str, str, int, int], column: int) -> int:
    value = row[2 + column]
    assert isinstance(value, int)
    return value


_MAKERS: tuple[tuple[TaskMaker, ...], ...] = (
    (_cell,),
    (_by_value,),
    (_count, _count_category, _extreme),
    (_sum, _ranked, _two_conditions, _extreme_within),
    (_group, _average, _gap, _join),
)
