"""Messages and notes to turn into one JSON object that fits a schema.

Level 1 has three plain fields; 2 five with numbers and fixed choices; 3 dates to be written as YYYY-MM-DD, yes or no,
and what the text does not say; 4 lists and an object inside; 5 a list of objects, and a value that is corrected later.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..items import GenerateItem
from ..tables import Table, Words, read_table
from .graded import DEFAULT_SEED, Task, TaskMaker, draw_tasks
from .names import MONTHS, PEOPLE, TOWNS

Schema = dict[str, Any]
Made = tuple[str, Any]
"""A sentence of the text and the value it gives."""


class _Base(Table, frozen=True, kw_only=True, tag_field="kind"):
    level: int
    """The first level with this field."""
    rare: bool = False
    """Whether it may be missing from the text, which makes it null."""


class _Text(_Base, frozen=True, kw_only=True, tag="text"):
    """A text: one of a list, or drawn by a function."""

    sentences: Words
    values: str
    enum: Words = ()
    description: str = ""

    def schema(self) -> Schema:
        schema: Schema = {"type": "string"}
        if self.enum:
            schema["enum"] = list(self.enum)
        return {**schema, "description": self.description} if self.description else schema

    def make(self, rng: random.Random) -> Made:
        value = _draw(rng, self.values)
        return rng.choice(self.sentences).format(v=value), value


class _Whole(_Base, frozen=True, kw_only=True, tag="whole"):
    sentences: Words
    range: tuple[int, int]

    def schema(self) -> Schema:
        return {"type": "integer"}

    def make(self, rng: random.Random) -> Made:
        value = rng.randrange(*self.range)
        return rng.choice(self.sentences).format(v=value), value


class _Date(_Base, frozen=True, kw_only=True, tag="date"):
    """A date, written out in the text."""

    sentences: Words

    def schema(self) -> Schema:
        return {"type": "string", "description": "YYYY-MM-DD"}

    def make(self, rng: random.Random) -> Made:
        day = dt.date(2024, 1, 1) + dt.timedelta(days=rng.randrange(1400))
        shown = f"{day.day} {MONTHS[day.month - 1]} {day.year}"
        if rng.random() < 0.4:
            shown = f"{MONTHS[day.month - 1]} {day.day}, {day.year}"
        return rng.choice(self.sentences).format(v=shown), day.isoformat()


class _YesNo(_Base, frozen=True, kw_only=True, tag="yes_no"):
    yes: Words
    no: Words

    def schema(self) -> Schema:
        return {"type": "boolean"}

    def make(self, rng: random.Random) -> Made:
        value = rng.random() < 0.5
        return rng.choice(self.yes if value else self.no), value


class _List(_Base, frozen=True, kw_only=True, tag="list"):
    sentence: str
    options: Words

    def schema(self) -> Schema:
        return {"type": "array", "items": {"type": "string"}}

    def make(self, rng: random.Random) -> Made:
        values = rng.sample(self.options, rng.randrange(2, 5))
        return self.sentence.format(v=", ".join(values[:-1]) + " and " + values[-1]), values


class _Pair(_Base, frozen=True, kw_only=True, tag="pair"):
    """An object with a text and a whole number; ``text`` and ``whole`` are their keys."""

    sentence: str
    text: str
    values: str
    whole: str
    range: tuple[int, int]

    def schema(self) -> Schema:
        return _object(self.text, self.whole)

    def make(self, rng: random.Random) -> Made:
        value = {self.text: _draw(rng, self.values), self.whole: rng.randrange(*self.range)}
        return self.sentence.format(text=value[self.text], whole=value[self.whole]), value


class _Objects(_Base, frozen=True, kw_only=True, tag="objects"):
    """A list of such objects, mentioned one after the other."""

    opening: str
    part: str
    text: str
    options: Words
    whole: str
    range: tuple[int, int]

    def schema(self) -> Schema:
        return {"type": "array", "items": _object(self.text, self.whole)}

    def make(self, rng: random.Random) -> Made:
        chosen = rng.sample(self.options, rng.randrange(2, 5))
        values = [{self.text: text, self.whole: rng.randrange(*self.range)} for text in chosen]
        told = "; ".join(self.part.format(text=value[self.text], whole=value[self.whole]) for value in values)
        return f"{self.opening} {told}.", values


_Field = _Text | _Whole | _Date | _YesNo | _List | _Pair | _Objects


class _Tables(Table, frozen=True):
    asked: Words
    lists: dict[str, Words]
    domains: dict[str, dict[str, _Field]]


_TABLES = read_table("json-extract", _Tables)
_LISTS = {**_TABLES.lists, "people": PEOPLE, "towns": TOWNS}
_DRAWN: dict[str, Callable[[random.Random], str]] = {
    "phone": lambda rng: f"0{rng.randrange(100, 999)} {rng.randrange(10000, 99999)}",
    "time": lambda rng: f"{rng.randrange(10, 21)}:{rng.choice(('00', '15', '30', '45'))}",
    "email": lambda rng: f"{rng.choice(('info', 'office', 'team', 'hello'))}{rng.randrange(10, 99)}@example.org",
    "serial": lambda rng: f"{rng.choice('ABCDEHKLMRT')}{rng.choice('AEIKOXZ')}-{rng.randrange(100, 9999)}",
}


def _draw(rng: random.Random, values: str) -> str:
    return _DRAWN[values](rng) if values in _DRAWN else rng.choice(_LISTS[values])


def _object(text: str, whole: str) -> Schema:
    properties = {text: {"type": "string"}, whole: {"type": "integer"}}
    return {"type": "object", "properties": properties, "required": list(properties)}


def make_items(seed: int = DEFAULT_SEED) -> tuple[GenerateItem, ...]:
    """150 items, 30 per level."""
    makers: list[list[TaskMaker]] = [
        [partial(_task, level=level, domain=domain) for domain in _TABLES.domains.values()] for level in range(1, 6)
    ]
    return draw_tasks("json-extract", seed, makers)


def _task(rng: random.Random, level: int, domain: dict[str, _Field]) -> Task:
    chosen = _choose(rng, level, domain)
    sentences: list[str] = []
    expected: dict[str, Any] = {}
    for key in chosen:
        field = domain[key]
        if field.rare and rng.random() < 0.5:
            expected[key] = None
            continue
        sentence, expected[key] = field.make(rng)
        sentences.append(sentence)
    rng.shuffle(sentences)
    if level == 5:
        key = rng.choice([key for key in chosen if _can_be_corrected(domain[key])])
        wrong, expected[key] = expected[key], expected[key] + rng.randrange(2, 7)
        sentences.append(rng.choice((
            f"Correction: it is {expected[key]} and not {wrong} for the {_words(key)}.",
            f"I have to take back the {wrong} above as the {_words(key)}, {expected[key]} is right.",
        )))  # fmt: skip
    schema = {"type": "object", "properties": {key: _nullable(domain[key]) for key in chosen}, "required": list(chosen)}
    missing = " Use null for what it does not say." if level > 2 else ""
    prompt = (
        f"{rng.choice(_TABLES.asked)}{missing}\n\n"
        f"Schema:\n{json.dumps(schema)}\n\nText:\n{' '.join(sentences)}\n\nAnswer with the JSON object only."
    )
    return Task(prompt, json.dumps(expected), check={"schema": schema, "expected": expected})


def _choose(rng: random.Random, level: int, domain: dict[str, _Field]) -> Sequence[str]:
    """Keys of the object: the new ones of this level, and easier ones to fill up."""
    new = [key for key, field in domain.items() if field.level == level]
    old = [key for key, field in domain.items() if field.level < level]
    n_new = min(len(new), 3)
    chosen = rng.sample(new, n_new)
    if level == 5:
        number = rng.choice([key for key in old if _can_be_corrected(domain[key])])
        chosen.append(number)
        old.remove(number)
    wanted = {1: 3, 2: 5, 3: 5, 4: 6, 5: 7}[level]
    chosen += rng.sample(old, min(wanted - len(chosen), len(old)))
    rng.shuffle(chosen)
    return chosen


def _can_be_corrected(field: _Field) -> bool:
    return isinstance(field, _Whole) and not field.rare


def _nullable(field: _Field) -> Schema:
    schema = field.schema()
    return {**schema, "type": [schema["type"], "null"]} if field.rare else schema


def _words(key: str) -> str:
    return key.replace("_", " ")
