"""Word problems with one number as the answer.

Level 1 adds or subtracts once; 2 takes two steps; 3 multiplies, divides and counts money; 4 has percentages, rates,
fractions and irrelevant numbers; 5 chains four or more steps, or asks backwards. Every answer is a whole number, or an
amount of money with up to two decimals.
"""

from __future__ import annotations

import random
from fractions import Fraction

from ..items import GenerateItem
from ..tables import Words, read_table
from .graded import DEFAULT_SEED, Task, draw_tasks
from .names import TOWNS, first_name

_WORDS = read_table("arithmetic-words", dict[str, Words])
_THINGS, _SHOPS, _SOLD = (_WORDS[kind] for kind in ("things", "shops", "sold"))
_BOXED, _FIELDS, _CLUBS = (_WORDS[kind] for kind in ("boxed", "fields", "clubs"))


def make_items(seed: int = DEFAULT_SEED) -> tuple[GenerateItem, ...]:
    """150 items, 30 per level."""
    return draw_tasks("arithmetic-words", seed, _MAKERS)


def _task(text: str, answer: int | Fraction) -> Task:
    value = Fraction(answer)
    assert (value * 100).denominator == 1, text
    text_of = str(value.numerator) if value.denominator == 1 else f"{float(value):.2f}"
    return Task(text, text_of)


def _gain(rng: random.Random) -> Task:
    name, thing, a, b = first_name(rng), rng.choice(_THINGS), rng.randrange(3, 40), rng.randrange(2, 20)
    how = rng.choice(("gets", "finds", "buys"))
    return _task(f"{name} has {a} {thing} and {how} {b} more. How many {thing} does {name} have now?", a + b)


def _loss(rng: random.Random) -> Task:
    name, thing, b = first_name(rng), rng.choice(_THINGS), rng.randrange(2, 20)
    a = b + rng.randrange(1, 30)
    how = rng.choice(("gives away", "loses", "sells"))
    return _task(f"{name} has {a} {thing} and {how} {b} of them. How many {thing} are left?", a - b)


def _bus(rng: random.Random) -> Task:
    a, b = rng.randrange(5, 50), rng.randrange(2, 25)
    return _task(
        f"A bus leaves {rng.choice(TOWNS)} with {a} passengers. At the next stop {b} people get on and nobody "
        "gets off. How many passengers are on the bus?",
        a + b,
    )


def _age(rng: random.Random) -> Task:
    name, other = rng.sample(("Lena", "Omar", "Ruth", "Tom", "Ines", "Karl", "Maya", "Paul"), 2)
    a, b = rng.randrange(6, 40), rng.randrange(2, 12)
    return _task(f"{name} is {a} years old. {other} is {b} years older than {name}. How old is {other}?", a + b)


def _two_changes(rng: random.Random) -> Task:
    name, thing = first_name(rng), rng.choice(_THINGS)
    a, b = rng.randrange(20, 60), rng.randrange(3, 20)
    c = rng.randrange(2, a + b)
    return _task(
        f"{name} had {a} {thing}, was given {b} more by a friend and then sold {c}. How many {thing} does "
        f"{name} still have?",
        a + b - c,
    )


def _boxes(rng: random.Random) -> Task:
    thing, boxes, each, loose = rng.choice(_BOXED), rng.randrange(3, 12), rng.randrange(4, 13), rng.randrange(1, 10)
    return _task(
        f"There are {boxes} boxes with {each} {thing} each, and {loose} loose {thing} beside them. How many "
        f"{thing} are there in all?",
        boxes * each + loose,
    )


def _seats(rng: random.Random) -> Task:
    rows, seats = rng.randrange(5, 15), rng.randrange(6, 16)
    taken = rng.randrange(5, rows * seats - 3)
    return _task(
        f"A hall in {rng.choice(TOWNS)} has {rows} rows of {seats} seats. {taken} seats are taken. How many are free?",
        rows * seats - taken,
    )


def _change(rng: random.Random) -> Task:
    sold, count, price = rng.choice(_SOLD), rng.randrange(2, 9), rng.randrange(2, 9)
    paid = next(note for note in (20, 50, 100) if note > count * price)
    return _task(
        f"{first_name(rng)} buys {count} {sold} at {price} euros each and pays with a {paid} euro note. How "
        "many euros come back?",
        paid - count * price,
    )


def _share_out(rng: random.Random) -> Task:
    people, each, rest, thing = rng.randrange(3, 9), rng.randrange(4, 15), rng.randrange(5, 30), rng.choice(_THINGS)
    total = people * each + rest
    return _task(
        f"A teacher has {total} {thing}. She keeps {rest} for later and shares out the others equally among "
        f"{people} pupils. How many {thing} does each pupil get?",
        each,
    )


def _week(rng: random.Random) -> Task:
    shop, sold = rng.choice(_SHOPS), rng.choice(_SOLD)
    work, weekend, price = rng.randrange(12, 50), rng.randrange(20, 80), rng.randrange(2, 7)
    return _task(
        f"From Monday to Friday {shop} sells {work} {sold} a day, on Saturday and Sunday {weekend} a day. "
        f"Each sale brings {price} euros. How many euros are taken in that week?",
        (5 * work + 2 * weekend) * price,
    )


def _twice(rng: random.Random) -> Task:
    a, b = rng.sample(("Nora", "Emil", "Zoe", "Luis", "Anna", "Igor", "Mia", "Ravi"), 2)
    thing, n, times, more = rng.choice(_THINGS), rng.randrange(8, 40), rng.randrange(2, 6), rng.randrange(2, 12)
    return _task(
        f"{a} has {n} {thing}. {b} has {times} times as many, and {more} more on top. How many {thing} do they "
        "have together?",
        n + n * times + more,
    )


def _packs(rng: random.Random) -> Task:
    size, thing = rng.randrange(6, 13), rng.choice(_BOXED)
    need = size * rng.randrange(4, 15) + rng.randrange(1, size)
    price = rng.randrange(3, 12)
    return _task(
        f"A workshop needs {need} {thing}, which come only in packs of {size}. A pack costs {price} euros. How "
        "many euros must be spent at least?",
        -(-need // size) * price,
    )


def _discount(rng: random.Random) -> Task:
    percent, price, years = rng.choice((10, 15, 20, 25, 30, 40)), rng.randrange(3, 25) * 20, rng.randrange(3, 30)
    item = rng.choice(("coat", "bicycle", "desk", "camera", "sofa", "printer"))
    return _task(
        f"A shop that opened {years} years ago sells a {item} for {price} euros. Today everything is {percent} "
        f"percent cheaper. How many euros does the {item} cost today?",
        Fraction(price * (100 - percent), 100),
    )


def _speed(rng: random.Random) -> Task:
    km_h, quarters, stop = rng.randrange(10, 30) * 4, rng.randrange(3, 15), rng.choice((5, 10, 15, 20))
    hours, minutes = divmod(quarters * 15, 60)
    took = f"{hours} hours and {minutes} minutes" if minutes else f"{hours} hours"
    took = f"{minutes} minutes" if not hours else took
    return _task(
        f"A train drives from {rng.choice(TOWNS)} at {km_h} kilometres an hour. It drives for {took}, and then "
        f"waits {stop} minutes. How many kilometres has it gone?",
        km_h * quarters // 4,
    )


def _fraction(rng: random.Random) -> Task:
    below = rng.choice((3, 4, 5, 6, 8))
    above = rng.randrange(1, below - 1)
    part, club = rng.randrange(6, 30) * 2, rng.choice(_CLUBS)
    total = below * part
    rest = total - above * part
    half = rest // 2
    return _task(
        f"A {club} has {total} members. {above}/{below} of them are adults, and half of the others are under "
        f"ten years old. How many members are under ten?",
        half,
    )


def _tank(rng: random.Random) -> Task:
    rate, leak = rng.randrange(9, 30), rng.randrange(2, 8)
    minutes = rng.randrange(6, 40)
    depth = rng.randrange(60, 200)
    return _task(
        f"A tank {depth} centimetres deep is empty. A pump fills in {rate} litres a minute while {leak} litres a "
        f"minute run out through a leak. How many litres are in it after {minutes} minutes?",
        (rate - leak) * minutes,
    )


def _average(rng: random.Random) -> Task:
    marks = [rng.randrange(40, 95) for _ in range(4)]
    goal = rng.randrange(60, 85)
    marks[3] += (goal * 5 - sum(marks)) % 5
    last = goal * 5 - sum(marks)
    if not 0 <= last <= 100:
        return _average(rng)
    listed = ", ".join(map(str, marks[:3])) + f" and {marks[3]}"
    return _task(
        f"{first_name(rng)} has {listed} points in four tests. How many points are needed in the fifth test for "
        f"an average of exactly {goal}?",
        last,
    )


def _backwards(rng: random.Random) -> Task:
    start, add, times, take = rng.randrange(6, 60), rng.randrange(5, 40), rng.randrange(2, 8), rng.randrange(3, 50)
    end = (start + add) * times - take
    if end <= 0:
        return _backwards(rng)
    return _task(
        f"{first_name(rng)} thinks of a number, adds {add}, multiplies the result by {times} and takes away "
        f"{take}. The outcome is {end}. What was the number?",
        start,
    )


def _meeting(rng: random.Random) -> Task:
    slow, fast, hours, head = rng.randrange(8, 20), rng.randrange(21, 45), rng.randrange(2, 6), rng.randrange(1, 3)
    a, b = rng.sample(TOWNS, 2)
    distance = slow * (hours + head) + fast * hours
    return _task(
        f"{a} and {b} are {distance} kilometres apart. A cyclist leaves {a} for {b} at {slow} kilometres an "
        f"hour. {head * 60} minutes later a moped leaves {b} for {a} at {fast} kilometres an hour. After how many "
        "hours of riding does the moped meet the cyclist?",
        hours,
    )


def _farm(rng: random.Random) -> Task:
    length, width, per_kg = rng.randrange(12, 45) * 10, rng.randrange(8, 30) * 10, rng.randrange(2, 8)
    percent, cents = rng.choice((5, 10, 20, 25)), rng.choice((20, 25, 30, 40, 60))
    kilos = Fraction(length * width * per_kg * (100 - percent), 100)
    return _task(
        f"A field of {length} by {width} metres bears {per_kg} kilograms of {rng.choice(_FIELDS)} a square "
        f"metre. {percent} percent of the harvest spoils; the rest is sold at {cents} cents a kilogram. How many "
        "euros does it bring?",
        kilos * cents / 100,
    )


def _tickets(rng: random.Random) -> Task:
    adult, child = rng.randrange(9, 20), rng.randrange(3, 9)
    adults, children = rng.randrange(15, 90), rng.randrange(15, 90)
    return _task(
        f"A {rng.choice(('museum', 'zoo', 'theatre', 'pool'))} in {rng.choice(TOWNS)} charges {adult} euros for "
        f"adults and {child} euros for children. On one day {adults + children} visitors paid "
        f"{adults * adult + children * child} euros in all. How many of them were children?",
        children,
    )


def _wages(rng: random.Random) -> Task:
    rate, normal, over = rng.randrange(12, 31), rng.randrange(30, 41), rng.randrange(2, 12)
    extra, tax, bonus = rng.choice((25, 50, 100)), rng.choice((10, 15, 20, 25, 30)), rng.randrange(1, 9) * 20
    gross = rate * normal + Fraction(rate * over * (100 + extra), 100) + bonus
    left = gross * (100 - tax) / 100
    if (left * 100).denominator != 1:
        # An amount must not have fractions of a cent.
        return _wages(rng)
    return _task(
        f"{first_name(rng)} earns {rate} euros an hour for the first {normal} hours of a week and {extra} percent "
        f"more for every hour beyond. This week had {normal + over} hours of work and a bonus of {bonus} euros. "
        f"Of everything {tax} percent tax is taken off. How many euros are left?",
        left,
    )


_MAKERS = (
    (_gain, _loss, _bus, _age),
    (_two_changes, _boxes, _seats, _change),
    (_share_out, _week, _twice, _packs),
    (_discount, _speed, _fraction, _tank, _average),
    (_backwards, _meeting, _farm, _tickets, _wages),
)
