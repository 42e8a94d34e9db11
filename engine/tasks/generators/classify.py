"""Short texts to sort into one of four classes, by criteria that the prompt states.

Level 1 sorts by topic or feeling; 2 by intent, or by sentiment with criteria; 3 by priority when the tone misleads, or
by the final intent after a first one is dropped; 4 by two conditions together, or by the opinion on one of several
things; 5 by rules with limits, sums, dates and exceptions (``classify_rules``). The class is drawn first and the text
written from it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import partial

from ..items import ChoiceItem
from ..tables import Table, Words, read_table
from .classify_rules import by_aspect, by_expense_rules, by_return_rules, by_two_conditions
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


_TEXTS = read_table("classify", _Texts)


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


_MAKERS = (
    (_by_topic, _by_feeling),
    (_by_intent, _by_sentiment),
    (_by_priority, _by_last_intent),
    (by_two_conditions, by_aspect),
    (by_expense_rules, by_return_rules),
)
