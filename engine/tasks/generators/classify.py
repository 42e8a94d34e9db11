"""Short texts to sort into one of four classes, by criteria that the prompt states.

Level 1 sorts by topic or feeling; 2 by intent, or by sentiment with criteria; 3 by priority when the tone misleads, or
by the final intent after a first one is dropped; 4 by two conditions together, or by the opinion on one of several
things; 5 by rules with limits, sums, dates and exceptions. The class is drawn first and the text
written from it.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping
from functools import partial

from ..items import ChoiceItem
from ..tables import Table, Words, read_table
from .graded import DEFAULT_SEED, PER_LEVEL, Question, draw_questions


class _Texts(Table, frozen=True):
    spots: Words
    causes: Words
    teams: Words
    names: Words
    things: Words
    tones: Words
    praise: Words
    blame: Words
    plain: Words
    topics: dict[str, Words]
    feelings: dict[str, Words]
    intents: dict[str, Words]
    priorities: dict[str, Words]


class _RuleTexts(Table, frozen=True):
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


_TEXTS = read_table("classify", _Texts)
_RULES = read_table("classify-rules", _RuleTexts)


def make_items(seed: int = DEFAULT_SEED) -> tuple[ChoiceItem, ...]:
    """The suite's items for ``seed``, always the same: 30 per level."""
    # The classes take turns, so each is correct equally often.
    makers = [[partial(make, turn=turn) for turn in range(PER_LEVEL // 2) for make in pair] for pair in _MAKERS]
    return draw_questions("classify", seed, makers)


def _pick(rng: random.Random, turn: int, classes: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, ...], str]:
    """Four classes with the correct one first, and a text for it."""
    right = list(classes)[turn % len(classes)]
    others = rng.sample([label for label in classes if label != right], 3)
    return (right, *others), rng.choice(classes[right])


def _by_topic(rng: random.Random, *, turn: int) -> Question:
    labels, text = _pick(rng, turn, _TEXTS.topics)
    return Question(f"Which topic is the text about? Choose from: {{choices}}.\nText: {_fill(rng, text)}", labels)


def _by_feeling(rng: random.Random, *, turn: int) -> Question:
    labels, text = _pick(rng, turn, _TEXTS.feelings)
    return Question(f"Which feeling does the writer show? Choose from: {{choices}}.\nText: {_fill(rng, text)}", labels)


def _by_intent(rng: random.Random, *, turn: int) -> Question:
    labels, text = _pick(rng, turn, _TEXTS.intents)
    asked = "What is the customer's message about? Choose from: {choices}."
    return Question(f"{asked}\nMessage: {_fill(rng, text)}", labels)


def _by_last_intent(rng: random.Random, *, turn: int) -> Question:
    labels, text = _pick(rng, turn, _TEXTS.intents)
    first = _fill(rng, rng.choice(_TEXTS.intents[labels[1]]))
    opening = rng.choice((
        "I wrote to you last week: \"{}\" That is settled. Today it is something else. ",
        "Forget my last message (\"{}\"), it has been dealt with. ",
        "Your colleague already took care of this one: \"{}\" But now: ",
    ))  # fmt: skip
    asked = "What does the customer want now? Choose from: {choices}."
    return Question(f"{asked}\nMessage: {opening.format(first)}{_fill(rng, text)}", labels)


def _by_sentiment(rng: random.Random, *, turn: int) -> Question:
    labels = ("positive", "negative", "mixed", "neutral")
    right = labels[turn % 4]
    things = rng.sample(_TEXTS.things, 3)
    # Two or three sentences, at least one of each kind that the class needs.
    needed = {
        "positive": [_TEXTS.praise],
        "negative": [_TEXTS.blame],
        "mixed": [_TEXTS.praise, _TEXTS.blame],
        "neutral": [_TEXTS.plain],
    }[right]
    sorts = [*needed, *[_TEXTS.plain] * (2 if right == "neutral" else 1)]
    rng.shuffle(sorts)
    text = " ".join(rng.choice(sort).format(thing=thing) for sort, thing in zip(sorts, things, strict=False))
    asked = (
        "Classify the review. positive: there is praise and no complaint. negative: there is a complaint and no "
        "praise. mixed: there are both. neutral: there is neither. Choose from: {choices}."
    )
    return Question(f"{asked}\nReview: {text}", (right, *[label for label in labels if label != right]))


def _by_priority(rng: random.Random, *, turn: int) -> Question:
    labels, text = _pick(rng, turn, _TEXTS.priorities)
    asked = (
        "Which priority has the message? critical: nobody in the company can work. high: one team cannot work. "
        "medium: one person cannot work. low: everybody can work. The tone does not matter. Choose from: {choices}."
    )
    return Question(f"{asked}\nMessage: {rng.choice(_TEXTS.tones)}{_fill(rng, text)}", labels)


def _fill(rng: random.Random, text: str) -> str:
    return text.format(
        n=rng.randrange(12, 90),
        place=rng.choice(_TEXTS.spots),
        cause=rng.choice(_TEXTS.causes),
        team=rng.choice(_TEXTS.teams),
        name=rng.choice(_TEXTS.names),
    )


def _by_two_conditions(rng: random.Random, *, turn: int) -> Question:
    """Four classes from two yes-or-no questions."""
    labels = ["P1", "P2", "P3", "P4"]
    right = labels[turn % 4]
    who = _RULES.customers if right in ("P1", "P2") else _RULES.staff
    way = _RULES.no_workaround if right in ("P1", "P3") else _RULES.workaround
    sentences = [rng.choice(who), rng.choice(way), *rng.sample(_RULES.noise, 2)]
    rng.shuffle(sentences)
    fault = rng.choice(_RULES.faults)
    asked = (
        "Classify the report. P1: customers are affected and there is no workaround. P2: customers are affected and "
        "there is a workaround. P3: only staff is affected and there is no workaround. P4: only staff is affected and "
        "there is a workaround. Choose from: {choices}."
    )
    text = " ".join([fault[0].upper() + fault[1:] + ".", *sentences])
    return Question(f"{asked}\nReport: {text}", _first(right, labels))


def _by_aspect(rng: random.Random, *, turn: int) -> Question:
    """The opinion on one part among opinions on others."""
    labels = ["positive", "negative", "mixed", "not mentioned"]
    right = labels[turn % 4]
    asked_part, *others = rng.sample(_RULES.parts, 5)
    sorts = {"positive": _RULES.liked, "negative": _RULES.disliked, "mixed": _RULES.both}
    parts = [(part, rng.choice(list(sorts.values()))) for part in others[: 3 if right in sorts else 4]]
    if right in sorts:
        parts.append((asked_part, sorts[right]))
    rng.shuffle(parts)
    said = [rng.choice(sort).format(part=part) for part, sort in parts]
    text = " ".join(sentence[0].upper() + sentence[1:] + "." for sentence in said)
    asked = f"What does the writer think of the {asked_part}? Choose from: {{choices}}."
    return Question(f"{asked}\nText: {text}", _first(right, labels))


def _by_expense_rules(rng: random.Random, *, turn: int) -> Question:
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
    bought = rng.sample(_RULES.bought, len(amounts))
    listed = ", ".join(f"{what} {amount} euros" for what, amount in zip(bought, amounts, strict=True))
    receipts = rng.choice(_RULES.receipts if has_receipts else _RULES.no_receipts)
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


def _by_return_rules(rng: random.Random, *, turn: int) -> Question:
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
        f"A {rng.choice(_RULES.sold)} was bought on {bought.isoformat()} and brought back on {back.isoformat()}.",
        rng.choice(_RULES.opened if opened else _RULES.unopened),
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


_MAKERS = (
    (_by_topic, _by_feeling),
    (_by_intent, _by_sentiment),
    (_by_priority, _by_last_intent),
    (_by_two_conditions, _by_aspect),
    (_by_expense_rules, _by_return_rules),
)
