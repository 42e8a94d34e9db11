"""Short records, logs, tables and clauses, and a question with one correct answer that follows from them.

Level 1 names a field; 2 finds it among distractors; 3 looks it up in a table by another column; 4 compares, counts or
excludes rows; 5 computes with the values. Each item is correct by construction: the answer is computed from the values
that the text is written from.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Sequence
from functools import partial

from ..items import GenerateItem
from ..tables import Words, read_table
from .graded import DEFAULT_SEED, Task, draw_tasks

_PER_LEVEL = 40

_WORDS = read_table("read-and-extract", dict[str, Words])
_PEOPLE, _CITIES, _JOBS, _GOODS = (_WORDS[kind] for kind in ("people", "cities", "jobs", "goods"))
_COLOURS, _SERVERS, _TEAMS = (_WORDS[kind] for kind in ("colours", "servers", "teams"))

Question = tuple[str, str]
"""Text with question, and the answer."""


def make_items(seed: int = DEFAULT_SEED) -> tuple[GenerateItem, ...]:
    """40 items per level."""
    makers = [[partial(_task, make=make) for make in level] for level in _MAKERS]
    return draw_tasks("read-and-extract", seed, makers, per_level=_PER_LEVEL)


def _task(rng: random.Random, make: Callable[[random.Random], Question]) -> Task:
    return Task(*make(rng))


# Level 1: one record, the field is named


def _record(rng: random.Random) -> Question:
    fields = {
        "Name": rng.choice(_PEOPLE),
        "City": rng.choice(_CITIES),
        "Job": rng.choice(_JOBS),
        "Phone": str(rng.randrange(2000, 9999)),
    }
    asked = rng.choice(list(fields))
    text = "\n".join(f"{name}: {value}" for name, value in fields.items())
    return f"{text}\nQuestion: What is the {asked.lower()}?", fields[asked]


def _order(rng: random.Random) -> Question:
    goods, colour, price = rng.choice(_GOODS), rng.choice(_COLOURS), rng.randrange(11, 99)
    asked, answer = rng.choice((("item", goods), ("colour", colour), ("price", str(price))))
    return f"Order: item {goods}, colour {colour}, price {price}.\nQuestion: What is the {asked}?", answer


def _sentence(rng: random.Random) -> Question:
    person, city, job = rng.choice(_PEOPLE), rng.choice(_CITIES), rng.choice(_JOBS)
    asked, answer = rng.choice(((f"In which city does {person} live?", city), (f"What is the job of {person}?", job)))
    article = "an" if job[0] in "aeiou" else "a"
    return f"{person} is {article} {job} and lives in {city}.\nQuestion: {asked}", answer


# Level 2: the fact among others of its kind


def _two_people(rng: random.Random) -> Question:
    people, cities = rng.sample(_PEOPLE, 3), rng.sample(_CITIES, 3)
    text = " ".join(f"{person} lives in {city}." for person, city in zip(people, cities, strict=True))
    which = rng.randrange(3)
    return f"{text}\nQuestion: In which city does {people[which]} live?", cities[which]


def _log(rng: random.Random) -> Question:
    servers = rng.sample(_SERVERS, 4)
    codes = rng.sample(range(200, 600), 4)
    minutes = sorted(rng.sample(range(10, 59), 4))
    lines = [f"09:{m} {s} answered {c}" for m, s, c in zip(minutes, servers, codes, strict=True)]
    which = rng.randrange(4)
    return "\n".join(lines) + f"\nQuestion: With which code did {servers[which]} answer?", str(codes[which])


def _clause(rng: random.Random) -> Question:
    notice, payment, warranty = rng.sample(range(10, 95, 5), 3)
    asked, answer = rng.choice((
        ("After how many days is the invoice due?", payment),
        ("How many days' notice ends the contract?", notice),
        ("For how many days does the warranty run?", warranty),
    ))  # fmt: skip
    text = (
        f"Either side may end this contract with {notice} days' notice. Invoices are due {payment} days after receipt. "
        f"The warranty runs for {warranty} days from delivery."
    )
    return f"{text}\nQuestion: {asked}", str(answer)


# Level 3: a table, looked up by another column


def _table(rng: random.Random, rows: int) -> tuple[str, list[tuple[str, str, int]]]:
    goods, prices = rng.sample(_GOODS, rows), rng.sample(range(12, 98), rows)
    colours = rng.sample(_COLOURS, min(rows, len(_COLOURS)))
    data = list(zip(goods, colours, prices, strict=False))
    text = "item | colour | price\n" + "\n".join(f"{g} | {c} | {p}" for g, c, p in data)
    return text, data


def _by_colour(rng: random.Random) -> Question:
    text, data = _table(rng, 5)
    goods, colour, price = rng.choice(data)
    asked, answer = rng.choice(
        ((f"Which item is {colour}?", goods), (f"What does the {colour} item cost?", str(price)))
    )
    return f"{text}\nQuestion: {asked}", answer


def _by_price(rng: random.Random) -> Question:
    text, data = _table(rng, 6)
    _goods, colour, price = rng.choice(data)
    return f"{text}\nQuestion: What colour is the item that costs {price}?", colour


def _two_hops(rng: random.Random) -> Question:
    people, teams, cities = rng.sample(_PEOPLE, 3), rng.sample(_TEAMS, 3), rng.sample(_CITIES, 3)
    text = " ".join(f"{p} plays for the {t}." for p, t in zip(people, teams, strict=True))
    homes = list(zip(teams, cities, strict=True))
    rng.shuffle(homes)
    text += " " + " ".join(f"The {t} are from {c}." for t, c in homes)
    which = rng.randrange(3)
    return f"{text}\nQuestion: From which city is the team of {people[which]}?", cities[which]


# Level 4: over all rows


def _extreme(rng: random.Random) -> Question:
    text, data = _table(rng, 6)
    word, best = rng.choice((("most expensive", max), ("cheapest", min)))
    return f"{text}\nQuestion: Which item is the {word}?", best(data, key=lambda row: row[2])[0]


def _count(rng: random.Random) -> Question:
    rows = rng.randrange(6, 10)
    data = [(rng.choice(_PEOPLE), rng.choice(("paid", "open"))) for _ in range(rows)]
    asked = rng.choice(("paid", "open"))
    lines = "\n".join(f"invoice {i}: {name}, {state}" for i, (name, state) in enumerate(data, 1))
    return f"{lines}\nQuestion: How many invoices are {asked}?", str(sum(state == asked for _n, state in data))


def _negation(rng: random.Random) -> Question:
    people = rng.sample(_PEOPLE, 4)
    absent = rng.choice(people)
    lines = [f"{p} {'did not come' if p == absent else rng.choice(('came', 'came late'))}." for p in people]
    return f"{' '.join(lines)}\nQuestion: Who was missing?", absent


def _second(rng: random.Random) -> Question:
    teams, points = rng.sample(_TEAMS, 5), rng.sample(range(10, 80), 5)
    lines = "\n".join(f"{t}: {p} points" for t, p in zip(teams, points, strict=True))
    ranked = sorted(zip(points, teams, strict=True), reverse=True)
    return f"{lines}\nQuestion: Which team has the second most points?", ranked[1][1]


# Level 5: computing


def _total(rng: random.Random) -> Question:
    text, data = _table(rng, 4)
    (a, _c, p), (b, _d, q) = rng.sample(data, 2)
    return f"{text}\nQuestion: What do the {a} and the {b} cost together?", str(p + q)


def _change(rng: random.Random) -> Question:
    text, data = _table(rng, 4)
    goods, _colour, price = rng.choice(data)
    count = rng.randrange(2, 5)
    paid = -(-price * count // 50) * 50 + rng.choice((0, 50))
    return f"{text}\nQuestion: Someone buys {count} of the {goods} and pays {paid}. How much change is due?", str(
        paid - price * count
    )


def _due_date(rng: random.Random) -> Question:
    start = dt.date(2025, 1, 1) + dt.timedelta(days=rng.randrange(330))
    days = rng.randrange(8, 45)
    end = start + dt.timedelta(days=days)
    text = f"The invoice is dated {start.isoformat()} and is due {days} days later."
    return f"{text}\nQuestion: On which date is it due? Write it as YYYY-MM-DD.", end.isoformat()


def _difference(rng: random.Random) -> Question:
    teams, points = rng.sample(_TEAMS, 5), rng.sample(range(10, 80), 5)
    lines = "\n".join(f"{t}: {p} points" for t, p in zip(teams, points, strict=True))
    gap = max(points) - min(points)
    return f"{lines}\nQuestion: How many points lie between the first and the last team?", str(gap)


def _shift(rng: random.Random) -> Question:
    start_h, start_m = rng.randrange(6, 11), rng.choice((0, 15, 30, 45))
    minutes = rng.randrange(6, 32) * 15
    end = start_h * 60 + start_m + minutes
    text = (
        f"{rng.choice(_PEOPLE)} starts work at {start_h:02d}:{start_m:02d} and stops at {end // 60:02d}:{end % 60:02d}."
    )
    return f"{text}\nQuestion: How many minutes is that?", str(minutes)


_MAKERS: Sequence[Sequence[Callable[[random.Random], Question]]] = (
    (_record, _order, _sentence),
    (_two_people, _log, _clause),
    (_by_colour, _by_price, _two_hops),
    (_extreme, _count, _negation, _second),
    (_total, _change, _due_date, _difference, _shift),
)
