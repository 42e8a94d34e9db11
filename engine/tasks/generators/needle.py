"""A fact hidden in a long text, to be found again.

Level 1 hides one fact in 300 words; 2 one of two kinds in 700; 3 one of four alike in 1,200; 4 one of eight with names
that differ in one word in 1,800; 5, in 2,400 words, one that is changed later or found through another fact. These
lengths are for a context of 4,096 tokens; they scale with it, so that the longest texts take most of it.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Sequence
from functools import partial
from typing import Literal

from ...errors import DatasetError
from ..items import GenerateItem
from ..tables import Table, Words, read_table
from .graded import DEFAULT_SEED, PER_LEVEL, Task, draw_tasks

DEFAULT_N_WORDS = (300, 700, 1200, 1800, 2400)
"""Of the text of each level in a context of ``DEFAULT_N_CTX`` tokens: 7, 17, 29, 44 and 59 words for 100 tokens."""
DEFAULT_N_CTX = 4096
MIN_N_WORDS = (150, 150, 200, 300, 350)
"""Minimum length per level: its facts and a sentence or two between them."""
_TOKENS_A_WORD = 1.45
"""More than the tokenizers of current models need for these texts: they take 1.2 to 1.35, numbers included."""
_ROOM_TOKENS, _ROOM_WORDS = 104, 60
"""Reserve for the template, the system message, the answer, the question and the end of the last sentence."""


class _Kind(Table, frozen=True):
    """A kind of fact about a thing, with two wordings, the question and the form of the answer."""

    name: str
    sayings: tuple[str, str]
    question: str
    form: str
    values: Literal["numbers", "words"]
    things: Literal["places", "names"]


class _Texts(Table, frozen=True):
    sides: Words
    ages: Words
    sites: Words
    parts: Words
    names: Words
    words: Words
    kind: tuple[_Kind, ...]


class _Filler(Table, frozen=True):
    """Prose without facts that a question could ask for."""

    patterns: Words
    slots: dict[str, Words]


_TEXTS = read_table("needle", _Texts)
_FILLER = read_table("filler", _Filler)
_VALUES = {
    "numbers": tuple(str(number) for number in range(1000, 9999) if len(set(str(number))) > 2),
    "words": _TEXTS.words,
}
_THINGS = {"places": tuple(f"{age} {site}" for age in _TEXTS.ages for site in _TEXTS.sites), "names": _TEXTS.names}
_KINDS_OF_PLACES = [kind for kind in _TEXTS.kind if kind.things == "places"]


def words_for_context(n_ctx: int) -> tuple[int, ...]:
    """Text lengths of the five levels, in words, for a context of ``n_ctx`` tokens, with room for everything else.

    Raises:
        DatasetError: the context is too short to hide anything in a text.
    """
    longest = int((n_ctx - _ROOM_TOKENS) / _TOKENS_A_WORD) - _ROOM_WORDS
    if longest < MIN_N_WORDS[-1]:
        least = math.ceil((MIN_N_WORDS[-1] + _ROOM_WORDS) * _TOKENS_A_WORD) + _ROOM_TOKENS
        raise DatasetError(
            f"A context of {n_ctx} tokens is too short for the needle suite.", hint=f"Give it {least} or more."
        )
    return tuple(
        max(least, min(usual * n_ctx // DEFAULT_N_CTX, longest))
        for usual, least in zip(DEFAULT_N_WORDS, MIN_N_WORDS, strict=True)
    )


def make_items(
    seed: int = DEFAULT_SEED, *, n_ctx: int = DEFAULT_N_CTX, per_level: int = PER_LEVEL
) -> tuple[GenerateItem, ...]:
    """The suite's items for ``seed`` and ``n_ctx``, always the same: 30 per level.

    Raises:
        DatasetError: the context is too short.
    """
    makers = [[partial(make, n_words=n)] for make, n in zip(_MAKERS, words_for_context(n_ctx), strict=True)]
    return draw_tasks("needle", seed, makers, per_level=per_level)


def _hide(rng: random.Random, facts: Sequence[str], question: str, answer: str, n_words: int) -> Task:
    """The facts in their order at random depths, never two in adjacent sentences."""
    sentences = _filler(rng, n_words - sum(len(fact.split()) for fact in facts))
    # One gap per fact, so places differ by construction.
    places = sorted(rng.sample(range(1, len(sentences)), len(facts)))
    for place, fact in reversed(list(zip(places, facts, strict=True))):
        sentences.insert(place, fact)
    paragraphs = [" ".join(sentences[start : start + 7]) for start in range(0, len(sentences), 7)]
    return Task("\n\n".join(["Read the text and answer the question after it.", *paragraphs, question]), answer)


def _filler(rng: random.Random, n_words: int) -> list[str]:
    """Sentences with ``n_words`` or a few more words in total."""
    sentences: list[str] = []
    written = 0
    while written < n_words:
        sentences.append(_sentence(rng))
        written += len(sentences[-1].split())
    return sentences


def _sentence(rng: random.Random) -> str:
    pattern = rng.choice(_FILLER.patterns)
    text = re.sub(r"\{(\w+)\}", lambda slot: rng.choice(_FILLER.slots[slot[1]]), pattern)
    return text[0].upper() + text[1:]


def _say(rng: random.Random, kind: _Kind, thing: str, value: str) -> str:
    return rng.choice(kind.sayings).format(thing=thing, value=value)


def _ask(kind: _Kind, thing: str) -> str:
    return f"Question: {kind.question.format(thing=thing)} {kind.form}"


def _one(rng: random.Random, *, n_words: int) -> Task:
    kind = rng.choice(_TEXTS.kind)
    thing, value = rng.choice(_THINGS[kind.things]), rng.choice(_VALUES[kind.values])
    return _hide(rng, [kind.sayings[0].format(thing=thing, value=value)], _ask(kind, thing), value, n_words)


def _two_kinds(rng: random.Random, *, n_words: int) -> Task:
    kind, other = rng.sample(_TEXTS.kind, 2)
    thing, value = rng.choice(_THINGS[kind.things]), rng.choice(_VALUES[kind.values])
    facts = [
        _say(rng, kind, thing, value),
        # About something else, so that the names of the kinds cannot be confused.
        _say(rng, other, _different(rng, _THINGS[other.things], thing), _different(rng, _VALUES[other.values], value)),
    ]
    rng.shuffle(facts)
    return _hide(rng, facts, _ask(kind, thing), value, n_words)


def _different(rng: random.Random, options: Sequence[str], taken: str) -> str:
    return rng.choice([option for option in options if option != taken])


def _four_alike(rng: random.Random, *, n_words: int) -> Task:
    kind = rng.choice(_TEXTS.kind)
    return _one_of(rng, kind, rng.sample(_THINGS[kind.things], 4), n_words)


def _one_of(rng: random.Random, kind: _Kind, things: Sequence[str], n_words: int) -> Task:
    values = rng.sample(_VALUES[kind.values], len(things))
    facts = [_say(rng, kind, thing, value) for thing, value in zip(things, values, strict=True)]
    asked = rng.randrange(len(things))
    return _hide(rng, facts, _ask(kind, things[asked]), values[asked], n_words)


def _near_names(rng: random.Random, *, n_words: int) -> Task:
    """Eight places, each of which shares two of its three words with three others."""
    things = _near_places(rng)
    return _one_of(rng, rng.choice(_KINDS_OF_PLACES), things, n_words)


def _near_places(rng: random.Random) -> list[str]:
    sides, ages, site = rng.sample(_TEXTS.sides, 2), rng.sample(_TEXTS.ages, 2), rng.choice(_TEXTS.sites)
    parts = rng.sample(_TEXTS.parts, 2)
    things = [f"{side} {part} of the {age} {site}" for side in sides for part in parts for age in ages]
    rng.shuffle(things)
    return things


def _changed_or_two_hops(rng: random.Random, *, n_words: int) -> Task:
    return rng.choice((_changed, _two_hops))(rng, n_words=n_words)


def _changed(rng: random.Random, *, n_words: int) -> Task:
    kind = rng.choice(_KINDS_OF_PLACES)
    things = _near_places(rng)[:5]
    values = rng.sample(_VALUES[kind.values], 10)
    first, later = values[:5], values[5:]
    told = [_say(rng, kind, thing, value) for thing, value in zip(things, first, strict=True)]
    changed = rng.sample(range(5), 3)
    changes = [f"Since last week the {kind.name} of the {things[i]} has been changed to {later[i]}." for i in changed]
    # Mostly asks for changed facts; the others are found as on level 4.
    asked = rng.choice((*changed, rng.randrange(5)))
    answer = later[asked] if asked in changed else first[asked]
    question = f"Question: What is the {kind.name} of the {things[asked]} now? {kind.form}"
    return _hide(rng, told + changes, question, answer, n_words)


def _two_hops(rng: random.Random, *, n_words: int) -> Task:
    kind = rng.choice(_KINDS_OF_PLACES)
    things, people = _near_places(rng)[:5], rng.sample(_TEXTS.names, 5)
    values = rng.sample(_VALUES[kind.values], 5)
    facts = [_say(rng, kind, thing, value) for thing, value in zip(things, values, strict=True)]
    facts += [f"{person} works in the {thing}." for person, thing in zip(people, things, strict=True)]
    rng.shuffle(facts)
    asked = rng.randrange(5)
    question = f"Question: What is the {kind.name} of the place where {people[asked]} works? {kind.form}"
    return _hide(rng, facts, question, values[asked], n_words)


_MAKERS = (_one, _two_kinds, _four_alike, _near_names, _changed_or_two_hops)
