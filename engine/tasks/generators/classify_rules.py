"""The harder half of the classification suite: the class follows from rules in the prompt."""

from __future__ import annotations

import datetime as dt
import random

from ..tables import Table, Words, read_table
from .graded import Question


class _Texts(Table, frozen=True):
    faults: Words
    customers: Words
    staff: Words
    workaround: Words
    no_workaround: Words
    noise: Words
    parts: Words
    liked: Words
    disliked: Words
    both: Words
    bought: Words
    receipts: Words
    no_receipts: Words
    sold: Words
    opened: Words
    unopened: Words


_TEXTS = read_table("classify-rules", _Texts)


def by_two_conditions(rng: random.Random, *, turn: int) -> Question:
    """Four classes from two yes-or-no questions."""
    labels = ["P1", "P2", "P3", "P4"]
    right = labels[turn % 4]
    who = _TEXTS.customers if right in ("P1", "P2") else _TEXTS.staff
    way = _TEXTS.no_workaround if right in ("P1", "P3") else _TEXTS.workaround
    sentences = [rng.choice(who), rng.choice(way), *rng.sample(_TEXTS.noise, 2)]
    rng.shuffle(sentences)
    fault = rng.choice(_TEXTS.faults)
    asked = (
        "Classify the report. P1: customers are affected and there is no workaround. P2: customers are affected and "
        "there is a workaround. P3: only staff is affected and there is no workaround. P4: only staff is affected and "
        "there is a workaround. Choose from: {choices}."
    )
    text = " ".join([fault[0].upper() + fault[1:] + ".", *sentences])
    return Question(f"{asked}\nReport: {text}", _first(right, labels))


def by_aspect(rng: random.Random, *, turn: int) -> Question:
    """The opinion on one part among opinions on others."""
    labels = ["positive", "negative", "mixed", "not mentioned"]
    right = labels[turn % 4]
    asked_part, *others = rng.sample(_TEXTS.parts, 5)
    sorts = {"positive": _TEXTS.liked, "negative": _TEXTS.disliked, "mixed": _TEXTS.both}
    parts = [(part, rng.choice(list(sorts.values()))) for part in others[: 3 if right in sorts else 4]]
    if right in sorts:
        parts.append((asked_part, sorts[right]))
    rng.shuffle(parts)
    said = [rng.choice(sort).format(part=part) for part, sort in parts]
    text = " ".join(sentence[0].upper() + sentence[1:] + "." for sentence in said)
    asked = f"What does the writer think of the {asked_part}? Choose from: {{choices}}."
    return Question(f"{asked}\nText: {text}", _first(right, labels))


def by_expense_rules(rng: random.Random, *, turn: int) -> Question:
    """A sum compared with limits, with an exception in the first rule."""
    labels = ["reject", "approve", "manager", "finance"]
    small, middle, large = rng.choice((20, 30, 40)), rng.choice((100, 150, 200)), rng.choice((400, 500, 600))
    right = labels[turn % 4]
    has_receipts = right != "reject" and (right != "approve" or rng.random() < 0.6)
    lowest, highest = {
        # Sums on both sides of a limit must occur, or the largest amount alone would decide.
        "reject": (small, large + 100),
        "approve": (8, middle - 1) if has_receipts else (8, small - 1),
        "manager": (middle, large - 1),
        "finance": (large, large + 200),
    }[right]
    amounts = _split(rng, rng.randrange(lowest, highest + 1), 3 if highest > 40 else 2)
    bought = rng.sample(_TEXTS.bought, len(amounts))
    listed = ", ".join(f"{what} {amount} euros" for what, amount in zip(bought, amounts, strict=True))
    receipts = rng.choice(_TEXTS.receipts if has_receipts else _TEXTS.no_receipts)
    asked = (
        "Classify the claim by the first rule that fits its total. "
        f"1. reject: there are no receipts and the total is {small} euros or more. "
        f"2. approve: the total is less than {middle} euros. "
        f"3. manager: the total is less than {large} euros. "
        "4. finance: everything else. Choose from: {choices}."
    )
    return Question(f"{asked}\nClaim: {listed}. {receipts}", _first(right, labels))


def _split(rng: random.Random, total: int, n: int) -> list[int]:
    cuts = sorted(rng.sample(range(1, total), n - 1))
    return [end - start for start, end in zip([0, *cuts], [*cuts, total], strict=True)]


def by_return_rules(rng: random.Random, *, turn: int) -> Question:
    """Days between two dates compared with limits, with an exception for faulty goods."""
    labels = ["refund", "exchange", "voucher", "refuse"]
    short, long = rng.choice((14, 20, 30)), rng.choice((45, 60, 90))
    right = labels[turn % 4]
    faulty = right == "exchange" or (right == "refund" and rng.random() < 0.3)
    opened = right == "voucher" or (right in ("exchange", "refuse") and rng.random() < 0.5)
    if right == "refund":
        days = rng.randrange(short - 9, short + 1)
    elif right == "exchange":
        # Within the short period, only opened goods are exchanged.
        days = rng.randrange(short - 9, long + 1) if opened else rng.randrange(short + 1, long + 1)
    elif right == "voucher":
        days = rng.randrange(short - 9, short + 1)
    else:
        days = rng.randrange(long + 1, long + 12) if rng.random() < 0.5 else rng.randrange(short + 1, short + 12)
        faulty = days > long and rng.random() < 0.5
    bought = dt.date(2025, 1, 1) + dt.timedelta(days=rng.randrange(300))
    back = bought + dt.timedelta(days=days)
    sentences = [
        f"A {rng.choice(_TEXTS.sold)} was bought on {bought.isoformat()} and brought back on {back.isoformat()}.",
        rng.choice(_TEXTS.opened if opened else _TEXTS.unopened),
        "It is faulty." if faulty else "It works.",
    ]
    asked = (
        "Classify the return by the first rule that fits. "
        f"1. refund: unopened and brought back within {short} days. "
        f"2. exchange: faulty and brought back within {long} days. "
        f"3. voucher: brought back within {short} days. "
        "4. refuse: everything else. Choose from: {choices}."
    )
    return Question(f"{asked}\nReturn: {' '.join(sentences)}", _first(right, labels))


def _first(right: str, labels: list[str]) -> tuple[str, ...]:
    return (right, *[label for label in labels if label != right])
