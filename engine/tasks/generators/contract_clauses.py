"""Short contracts of numbered clauses, and one detail to extract word for word, or "none".

Level 1 has two or three clauses; 2 five; 3 eight, and the detail may be missing; 4 ten in legal wording, some close to
the one asked about; 5 ends with an amendment that replaces a clause, or asks for a value that one clause takes from
another.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from ..items import GenerateItem
from ..tables import Table, Words, read_table
from .graded import DEFAULT_SEED, Task, TaskMaker, draw_tasks
from .names import MONTHS, TOWNS

NONE = "none"


class _Kind(Table, frozen=True):
    title: str
    payee: str
    payer: str


class _Field(Table, frozen=True):
    """A detail of a contract: the question, its kind of value, and clauses in plain and in legal wording."""

    question: str
    value: str
    plain: Words
    roundabout: Words


class _Borrowed(Table, frozen=True):
    source: str
    clause: str
    question: str


class _Texts(Table, frozen=True):
    firms: Words
    laws: Words
    fillers: Words
    kinds: tuple[_Kind, ...]
    fields: dict[str, _Field]
    borrowed: tuple[_Borrowed, ...]


_TEXTS = read_table("contract-clauses", _Texts)
_FIELDS = _TEXTS.fields
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "nine": 9, "ten": 10, "twelve": 12}
_VALUES: dict[str, Callable[[random.Random], str]] = {
    "date": lambda rng: f"{rng.randrange(1, 29)} {rng.choice(MONTHS)} {rng.randrange(2015, 2031)}",
    "money": lambda rng: f"{rng.choice(('EUR', 'USD', 'GBP', 'CHF'))} {rng.randrange(12, 980) * 100:,}",
    "years": lambda rng: f"{rng.choice(list(_NUMBERS))} years",
    "days": lambda rng: f"{rng.choice((7, 10, 14, 20, 21, 28, 30, 45, 60, 75, 90, 120))} days",
    "percent": lambda rng: f"{rng.randrange(2, 14)} percent",
    "law": lambda rng: rng.choice(_TEXTS.laws),
    "town": lambda rng: rng.choice(TOWNS),
}
"""By kind of value, how to draw one."""


def make_items(seed: int = DEFAULT_SEED) -> tuple[GenerateItem, ...]:
    """150 items, 30 per level."""
    plain: Sequence[TaskMaker] = [partial(_plain, n_fields=n, none_share=share) for n, share in _LEVELS]
    makers: list[list[TaskMaker]] = [[maker] for maker in plain]
    hardest: list[TaskMaker] = [_amended, _borrowed, partial(_amended, about_asked=False)]
    return draw_tasks("contract-clauses", seed, [*makers, [_roundabout], hardest])


_LEVELS = ((2, 0.0), (5, 0.0), (7, 0.25))
"""For levels 1 to 3: the number of details in the contract, and how often a missing one is asked."""


def _answer(prompt: str, value: str) -> Task:
    """Other correct answers: numbers without their unit, and small numbers in digits."""
    number, _, unit = value.partition(" ")
    also: tuple[str, ...] = ()
    if unit in ("days", "percent"):
        also = (number,)
    elif unit == "years":
        digits = str(_NUMBERS[number])
        also = (number, digits, f"{digits} years")
    elif unit and number.isupper():
        also = (unit,)
    return Task(prompt, value, also=also)


class _Contract(NamedTuple):
    kind: _Kind
    firms: tuple[str, str]
    """Names of the payee and the payer."""

    def opening(self) -> str:
        title, payee, payer = self.kind.title.upper(), self.kind.payee, self.kind.payer
        return f"{title} between {self.firms[0]} (the {payee}) and {self.firms[1]} (the {payer})."

    def write(self, clauses: Sequence[str], question: str) -> str:
        lines = [f"{number}. {clause}" for number, clause in enumerate(clauses, 1)]
        return "\n".join([self.opening(), *lines, "", f"Question: {question}"])


def _contract(rng: random.Random) -> _Contract:
    one, two = rng.sample(_TEXTS.firms, 2)
    return _Contract(rng.choice(_TEXTS.kinds), (one, two))


def _values(rng: random.Random, names: Sequence[str]) -> dict[str, str]:
    """A value per field, all different even without their currency, so that an answer points to one clause."""
    values: dict[str, str] = {}
    for name in names:
        values[name] = _new_value(rng, name, values)
    return values


def _new_value(rng: random.Random, name: str, taken: dict[str, str]) -> str:
    used = {value.removeprefix(value[:3]) if value[:3].isupper() else value for value in taken.values()}
    while True:
        value = _VALUES[_FIELDS[name].value](rng)
        if (value.removeprefix(value[:3]) if value[:3].isupper() else value) not in used:
            return value


def _plain(rng: random.Random, n_fields: int, none_share: float) -> Task:
    contract = _contract(rng)
    names = rng.sample(list(_FIELDS), n_fields + 1)
    missing, names = names[0], names[1:]
    values = _values(rng, names)
    clauses = [rng.choice(_FIELDS[name].plain).format(v=values[name], payer=contract.kind.payer) for name in names]
    if n_fields > 5:
        clauses.insert(rng.randrange(len(clauses)), rng.choice(_TEXTS.fillers))
    if rng.random() < 0.2:
        role, firm = rng.choice(((contract.kind.payee, contract.firms[0]), (contract.kind.payer, contract.firms[1])))
        return _answer(contract.write(clauses, f"Which party is the {role}?"), firm)
    asked = missing if rng.random() < none_share else rng.choice(names)
    question = _FIELDS[asked].question.format(payer=contract.kind.payer)
    return _answer(contract.write(clauses, question), values.get(asked, NONE))


def _clauses(rng: random.Random, contract: _Contract, names: Sequence[str], values: dict[str, str]) -> list[str]:
    clauses = [rng.choice(_FIELDS[name].roundabout).format(v=values[name], payer=contract.kind.payer) for name in names]
    for filler in rng.sample(_TEXTS.fillers, 2):
        clauses.insert(rng.randrange(len(clauses)), filler)
    return clauses


def _roundabout(rng: random.Random) -> Task:
    contract = _contract(rng)
    names = rng.sample(list(_FIELDS), 9)
    missing, names = names[0], names[1:]
    values = _values(rng, names)
    asked = missing if rng.random() < 0.25 else rng.choice(names)
    question = _FIELDS[asked].question.format(payer=contract.kind.payer)
    return _answer(contract.write(_clauses(rng, contract, names, values), question), values.get(asked, NONE))


def _amended(rng: random.Random, about_asked: bool = True) -> Task:
    """A later clause replaces the value in an earlier one, which may or may not be the one asked about."""
    contract = _contract(rng)
    names = rng.sample(list(_FIELDS), 8)
    values = _values(rng, names)
    clauses = _clauses(rng, contract, names, values)
    changed, other = rng.sample(names, 2)
    number = 1 + next(i for i, clause in enumerate(clauses) if values[changed] in clause)
    later = _new_value(rng, changed, values)
    clauses.append(rng.choice((
        f"By way of amendment, the words \"{values[changed]}\" in clause {number} are replaced by \"{later}\".",
        f"Clause {number} is amended with effect from its beginning: for {values[changed]} read {later}.",
    )))  # fmt: skip
    asked = changed if about_asked else other
    question = _FIELDS[asked].question.format(payer=contract.kind.payer)
    return _answer(contract.write(clauses, question), later if about_asked else values[asked])


def _borrowed(rng: random.Random) -> Task:
    """The clause asked about refers to another clause for its value."""
    contract = _contract(rng)
    borrowed = rng.choice(_TEXTS.borrowed)
    names = [borrowed.source, *rng.sample([name for name in _FIELDS if name != borrowed.source], 7)]
    rng.shuffle(names)
    values = _values(rng, names)
    clauses = _clauses(rng, contract, names, values)
    number = 1 + next(i for i, text in enumerate(clauses) if values[borrowed.source] in text)
    parties = {"payer": contract.kind.payer, "payee": contract.kind.payee}
    clauses.append(borrowed.clause.format(n=number, **parties))
    return _answer(contract.write(clauses, borrowed.question.format(**parties)), values[borrowed.source])
