"""Messages and notes to turn into one JSON object that fits a schema.

Level 1 has three plain fields; 2 five with numbers and fixed choices; 3 dates to be written as YYYY-MM-DD,
 yes or no, and
what the text does not say; 4 lists and an object inside; 5 a list of objects, and a value that is corrected later on.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from ..items import GenerateItem
from .graded import DEFAULT_SEED, Task, TaskMaker, draw_tasks
from .names import MONTHS, PEOPLE, TOWNS

_STREETS = ("Mill Lane", "Station Road", "Church Street", "Park Avenue", "Harbour Street", "Elm Road", "Castle Hill")
_GOODS = ("lamps", "chairs", "kettles", "mirrors", "carpets", "fans", "desks", "clocks", "shelves", "stools", "vases")
_COLOURS = ("red", "blue", "green", "black", "white", "grey")
_JOBS = ("nurse", "welder", "translator", "cook", "surveyor", "librarian", "plumber", "pilot", "tailor", "chemist")
_LANGUAGES = ("French", "Arabic", "Polish", "Spanish", "Dutch", "Korean", "Greek", "Swahili")
_FIRMS = ("Alder Foods", "Bluestone Freight", "Cedar Labs", "Dunmore Textiles", "Eastgate Energy", "Fernhill Motors",
          "Greyfield Print", "Larkspur Homes")  # fmt: skip
_TALKS = ("Clean Water", "Safer Roads", "Better Bread", "Quiet Cities", "Open Maps", "Honest Labels", "Cheap Heat")
_ROOMS = ("boiler room", "cold store", "workshop", "server room", "greenhouse", "loading bay")

_ASKED = (
    "Turn the text into one JSON object that fits the schema.",
    "Write what the text says as one JSON object that fits the schema.",
    "Fill the schema with the data from the text and give the JSON object.",
    "Read the text and extract its data as one JSON object by the schema.",
)

TEXT = {"type": "string"}
WHOLE = {"type": "integer"}
YES_NO = {"type": "boolean"}
DATE = {"type": "string", "description": "YYYY-MM-DD"}

Schema = dict[str, Any]
Made = tuple[str, Any]
"""A sentence of the text and the value it gives."""


class _Facet(NamedTuple):
    """A field: its first level, its schema and its wording. ``rare`` fields may be missing from the text."""

    level: int
    schema: Schema
    make: Callable[[random.Random], Made]
    rare: bool = False


def make_items(seed: int = DEFAULT_SEED) -> tuple[GenerateItem, ...]:
    """150 items, 30 per level."""
    makers: list[list[TaskMaker]] = [
        [partial(_task, level=level, domain=domain) for domain in _DOMAINS] for level in range(1, 6)
    ]
    return draw_tasks("json-extract", seed, makers)


def _task(rng: random.Random, level: int, domain: dict[str, _Facet]) -> Task:
    chosen = _choose(rng, level, domain)
    sentences: list[str] = []
    expected: dict[str, Any] = {}
    for key in chosen:
        facet = domain[key]
        if facet.rare and rng.random() < 0.5:
            expected[key] = None
            continue
        sentence, expected[key] = facet.make(rng)
        sentences.append(sentence)
    rng.shuffle(sentences)
    if level == 5:
        key = rng.choice([key for key in chosen if _can_be_corrected(domain[key])])
        wrong, expected[key] = expected[key], expected[key] + rng.randrange(2, 7)
        sentences.append(rng.choice((
            f"Correction: it is {expected[key]} and not {wrong} for the {_words(key)}.",
            f"I have to take back the {wrong} above as the {_words(key)}, {expected[key]} is right.",
        )))  # fmt: skip
    schema = {
        "type": "object",
        "properties": {key: _nullable(domain[key]) for key in chosen},
        "required": list(chosen),
    }
    missing = " Use null for what it does not say." if level > 2 else ""
    prompt = (
        f"{rng.choice(_ASKED)}{missing}\n\n"
        f"Schema:\n{json.dumps(schema)}\n\nText:\n{' '.join(sentences)}\n\nAnswer with the JSON object only."
    )
    return Task(prompt, json.dumps(expected), check={"schema": schema, "expected": expected})


def _choose(rng: random.Random, level: int, domain: dict[str, _Facet]) -> Sequence[str]:
    """Keys of the object: the new ones of this level, and easier ones to fill up."""
    new = [key for key, facet in domain.items() if facet.level == level]
    old = [key for key, facet in domain.items() if facet.level < level]
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


def _can_be_corrected(facet: _Facet) -> bool:
    return facet.schema is WHOLE and not facet.rare


def _nullable(facet: _Facet) -> Schema:
    return {**facet.schema, "type": [facet.schema["type"], "null"]} if facet.rare else facet.schema


def _words(key: str) -> str:
    return key.replace("_", " ")


def _says(*sentences: str, values: Callable[[random.Random], Any]) -> Callable[[random.Random], Made]:
    def make(rng: random.Random) -> Made:
        value = values(rng)
        return rng.choice(sentences).format(v=value), value

    return make


def _one_of(options: Sequence[str]) -> Callable[[random.Random], str]:
    return lambda rng: rng.choice(options)


def _number(low: int, high: int) -> Callable[[random.Random], int]:
    return lambda rng: rng.randrange(low, high)


def _code(rng: random.Random) -> str:
    return f"{rng.choice('ABCDEHKLMRT')}{rng.choice('AEIKOXZ')}-{rng.randrange(100, 9999)}"


def _dated(*sentences: str) -> Callable[[random.Random], Made]:
    def make(rng: random.Random) -> Made:
        day = dt.date(2024, 1, 1) + dt.timedelta(days=rng.randrange(1400))
        shown = f"{day.day} {MONTHS[day.month - 1]} {day.year}"
        if rng.random() < 0.4:
            shown = f"{MONTHS[day.month - 1]} {day.day}, {day.year}"
        return rng.choice(sentences).format(v=shown), day.isoformat()

    return make


def _yes_no(yes: Sequence[str], no: Sequence[str]) -> Callable[[random.Random], Made]:
    def make(rng: random.Random) -> Made:
        value = rng.random() < 0.5
        return rng.choice(yes if value else no), value

    return make


def _listed(sentence: str, options: Sequence[str]) -> Callable[[random.Random], Made]:
    def make(rng: random.Random) -> Made:
        values = rng.sample(options, rng.randrange(2, 5))
        return sentence.format(v=", ".join(values[:-1]) + " and " + values[-1]), values

    return make


def _objects(
    opening: str, part: str, names: tuple[str, str], options: Sequence[str], numbers: tuple[int, int]
) -> Callable[[random.Random], Made]:
    """A list of objects with a name and a number, mentioned one after the other."""

    def make(rng: random.Random) -> Made:
        chosen = rng.sample(options, rng.randrange(2, 5))
        values = [{names[0]: name, names[1]: rng.randrange(*numbers)} for name in chosen]
        told = "; ".join(part.format(name=value[names[0]], number=value[names[1]]) for value in values)
        return f"{opening} {told}.", values

    return make


def _pair(sentence: str, first: tuple[str, Callable[[random.Random], Any]], second: tuple[str,
 Callable[[random.Random], Any]]
          ) -> Callable[[random.Random], Made]:  # fmt: skip
    """An object with two fields."""

    def make(rng: random.Random) -> Made:
        value = {first[0]: first[1](rng), second[0]: second[1](rng)}
        return sentence.format(a=value[first[0]], b=value[second[0]]), value

    return make


def _object(first: str, first_schema: Schema, second: str, second_schema: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {first: first_schema, second: second_schema},
        "required": [first, second],
    }


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


_ORDER = {
    "customer": _Facet(1, TEXT, _says("My name is {v}.", "This order is for {v}.", values=_one_of(PEOPLE))),
    "city": _Facet(1, TEXT, _says("Please deliver to {v}.", "It goes to {v}.", values=_one_of(TOWNS))),
    "product": _Facet(1, TEXT, _says("I want to buy {v}.", "What I need are {v}.", values=_one_of(_GOODS))),
    "quantity": _Facet(2, WHOLE, _says("The quantity is {v}.", "I need {v} pieces.", values=_number(11, 60))),
    "colour": _Facet(2, {"type": "string", "enum": list(_COLOURS)}, _says(
        "The colour should be {v}.", "Everything in {v}, please.", values=_one_of(_COLOURS))),
    "delivery_date": _Facet(3, DATE, _dated("I need it on {v}.", "It has to arrive on {v}.")),
    "express": _Facet(3, YES_NO, _yes_no(
        ("Please send it by express.", "Express delivery, please."), ("No express is needed.",
         "Do not send it by express."))),
    "phone": _Facet(3, TEXT, _says("You can call me at {v}.", "My phone number is {v}.", values=lambda rng:
        f"0{rng.randrange(100, 999)} {rng.randrange(10000, 99999)}"), rare=True),
    "address": _Facet(4, _object("street", TEXT, "number", WHOLE), _pair(
        "The house is in {a}, at number {b}.", ("street", _one_of(_STREETS)), ("number", _number(61, 140)))),
    "extras": _Facet(4, _array(TEXT), _listed(
        "Add these extras: {v}.",
        ("gift wrap", "spare bulbs", "warranty card", "batteries", "receipt copy", "cushions"))),
    "further_items": _Facet(5, _array(_object("name", TEXT, "pieces", WHOLE)), _objects(
        "Besides I order", "{number} {name}", ("name", "pieces"),
        ("ladders", "buckets", "brooms", "hooks", "baskets", "trays"), (2, 10))),
}  # fmt: skip
_EVENT = {
    "title": _Facet(1, TEXT, _says('The talk is called "{v}".', 'Come and hear "{v}".', values=_one_of(_TALKS))),
    "speaker": _Facet(1, TEXT, _says("The speaker is {v}.", "{v} will speak.", values=_one_of(PEOPLE))),
    "place": _Facet(1, TEXT, _says("We meet in {v}.", "It takes place in {v}.", values=_one_of(TOWNS))),
    "seats": _Facet(2, WHOLE, _says("There are {v} seats.", "The hall has {v} seats.", values=_number(40, 300))),
    "start": _Facet(2, {"type": "string", "description": "HH:MM"}, _says("It starts at {v}.", "Doors close at {v}, "
    "when it starts.",
        values=lambda rng: f"{rng.randrange(10, 21)}:{rng.choice(('00', '15', '30', '45'))}")),
    "date": _Facet(3, DATE, _dated("The day is {v}.", "It takes place on {v}.")),
    "free": _Facet(3, YES_NO, _yes_no(
        ("Nobody has to pay.", "Entry is free."), ("Entry is not free.", "One has to pay at the door."))),
    "contact": _Facet(3, TEXT, _says("Questions go to {v}.", "Write to {v} for more.", values=lambda rng:
        f"{rng.choice(('info', 'office', 'team', 'hello'))}{rng.randrange(10, 99)}@example.org"), rare=True),
    "host": _Facet(4, _object("name", TEXT, "members", WHOLE), _pair(
        "Our host is {a}, a company with {b} members of staff.", ("name", _one_of(_FIRMS)), ("members", _number(301,
        900)))),
    "topics": _Facet(4, _array(TEXT), _listed(
        "Topics are {v}.", ("costs", "safety", "training", "law", "noise", "energy", "repairs"))),
    "sessions": _Facet(5, _array(_object("name", TEXT, "minutes", WHOLE)), _objects(
        "The programme:", "{name} for {number} minutes", ("name", "minutes"),
        ("welcome", "lecture", "questions", "lunch", "tour", "workshop"), (5, 39))),
}  # fmt: skip
_APPLICANT = {
    "name": _Facet(1, TEXT, _says("The applicant is {v}.", "We got the papers of {v}.", values=_one_of(PEOPLE))),
    "profession": _Facet(1, TEXT, _says("The profession is {v}.", "By training: {v}.", values=_one_of(_JOBS))),
    "residence": _Facet(1, TEXT, _says("The home is in {v}.", "Place of residence is {v}.", values=_one_of(TOWNS))),
    "age": _Facet(2, WHOLE, _says("The age is {v}.", "Age: {v} years.", values=_number(24, 60))),
    "grade": _Facet(2, {"type": "string", "enum": ["pass", "good", "excellent"]}, _says(
        "The exam was {v}.", "In the exam the result was {v}.", values=_one_of(("good", "excellent")))),
    "available_from": _Facet(3, DATE, _dated("Work can begin on {v}.", "Free to start on {v}.")),
    "would_move": _Facet(3, YES_NO, _yes_no(
        ("Moving house is no problem.", "A move to another town is welcome."),
        ("Moving house is out of the question.", "A move to another town is not wanted."))),
    "salary": _Facet(3, WHOLE, _says(
        "The salary wanted is {v} euros.", "Hopes to earn {v} euros.", values=_number(2100, 5900)), rare=True),
    "school": _Facet(4, _object("city", TEXT, "year", WHOLE), _pair(
        "School was finished in the city of {a} in the year {b}.", ("city", _one_of(("Oslo", "Prague", "Seville",
        "Tartu", "Zagreb"))),
        ("year", _number(1985, 2015)))),
    "languages": _Facet(4, _array(TEXT), _listed("Languages spoken: {v}.", _LANGUAGES)),
    "employers": _Facet(5, _array(_object("firm", TEXT, "months", WHOLE)), _objects(
        "So far worked at", "{name} for {number} months", ("firm", "months"), _FIRMS, (4, 23))),
}  # fmt: skip
_DEVICE = {
    "serial": _Facet(1, TEXT, _says("The device has the serial number {v}.", "Serial number {v}.", values=_code)),
    "room": _Facet(1, TEXT, _says("It stands in the {v}.", "You find it in the {v}.", values=_one_of(_ROOMS))),
    "technician": _Facet(1, TEXT, _says("It was checked by {v}.", "{v} did the check.", values=_one_of(PEOPLE))),
    "temperature": _Facet(2, WHOLE, _says(
        "The temperature was {v} degrees.", "It showed a temperature of {v} degrees.", values=_number(12, 85))),
    "state": _Facet(2, {"type": "string", "enum": ["running", "stopped", "faulty"]}, _says(
        "State at the visit: {v}.", "We found it {v}.", values=_one_of(("running", "stopped", "faulty")))),
    "checked_on": _Facet(3, DATE, _dated("The visit was on {v}.", "Day of the check: {v}.")),
    "oil_changed": _Facet(3, YES_NO, _yes_no(
        ("The oil was changed.", "It got new oil."), ("The oil was not changed.", "The old oil was left in."))),
    "pressure": _Facet(3, WHOLE, _says(
        "The pressure was {v} millibar.", "Pressure: {v} millibar.", values=_number(900, 1100)), rare=True),
    "maker": _Facet(4, _object("firm", TEXT, "built", WHOLE), _pair(
        "It was made by {a} and built in {b}.", ("firm", _one_of(_FIRMS)), ("built", _number(1990, 2023)))),
    "parts": _Facet(4, _array(TEXT), _listed(
        "Parts to order: {v}.", ("belt", "valve", "filter", "fuse", "bolt set", "fan"))),
    "readings": _Facet(5, _array(_object("sensor", TEXT, "value", WHOLE)), _objects(
        "Readings:", "{name} shows {number}", ("sensor", "value"),
        ("inlet", "outlet", "motor", "casing", "pump", "tank"), (100, 880))),
}  # fmt: skip
_DOMAINS = (_ORDER, _EVENT, _APPLICANT, _DEVICE)
