"""Short writing tasks with constraints that a program can check.

Level 1 has one constraint, 2 two, 3 and 4 three, 5 four, from a pool that gets harder. They come from different
families (form, length, letters, required words, forbidden words, ends), and never contradict each other.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from ..items import GenerateItem
from ..tables import Table, Words, read_table
from .graded import DEFAULT_SEED, Task, TaskMaker, draw_tasks


class _Texts(Table, frozen=True):
    verbs: Words
    topics: Words
    wanted: Words
    unwanted: Words
    much_needed: Words
    openings: Words
    closings: Words
    last_words: Words
    options: tuple[tuple[str, str], ...]
    keys: Words
    apart: tuple[frozenset[str], ...]


_TEXTS = read_table("follow-instructions", _Texts)
_COUNTS = ("two", "three", "four", "five", "six", "seven", "eight")


class Demand(NamedTuple):
    """A sentence of the prompt with the constraints that check it."""

    sentence: str
    constraint: dict[str, Any]
    family: str


DemandMaker = Callable[[random.Random], Demand]


def make_items(seed: int = DEFAULT_SEED) -> tuple[GenerateItem, ...]:
    """The suite's items for ``seed``, always the same: 30 per level."""
    makers: list[tuple[TaskMaker, ...]] = [
        (_one,), (partial(_several, pool=_EASY, n=2),), (partial(_several, pool=_MIDDLE, n=3),),
        (partial(_several, pool=_HARD, n=3),), (partial(_several, pool=_HARD, n=4),),
    ]  # fmt: skip
    return draw_tasks("follow-instructions", seed, makers)


def _one(rng: random.Random) -> Task:
    if rng.random() < 0.2:
        return _pick_one(rng)
    return _task(rng, [rng.choice(_EASY)(rng)])


def _pick_one(rng: random.Random) -> Task:
    options = rng.choice(_TEXTS.options)
    asked = f"Would you call {rng.choice(_TEXTS.topics)} {options[0]} or {options[1]}?"
    return Task(
        f"{asked} Answer with one of the two words only.",
        check={"constraints": [{"kind": "one_of", "value": list(options)}]},
    )


def _several(rng: random.Random, *, pool: Sequence[DemandMaker], n: int) -> Task:
    while True:
        demands = [maker(rng) for maker in rng.sample(pool, n)]
        if _go_together(demands):
            return _task(rng, demands)


def _task(rng: random.Random, demands: Sequence[Demand]) -> Task:
    asked = f"{rng.choice(_TEXTS.verbs)} {rng.choice(_TEXTS.topics)}."
    return Task(
        " ".join([asked, *(demand.sentence for demand in demands)]),
        check={"constraints": [demand.constraint for demand in demands]},
    )


def _go_together(demands: Sequence[Demand]) -> bool:
    families = [demand.family for demand in demands]
    if len(set(families)) < len(families) or any(pair <= set(families) for pair in _TEXTS.apart):
        return False
    # A word or letter that one constraint forbids must not occur in a text that another requires.
    forbidden = [demand.constraint for demand in demands if demand.constraint["kind"] in ("exclude", "no_characters")]
    given = " ".join(_given(demand.constraint) for demand in demands).lower()
    words = given.replace(".", " ").replace("!", " ").replace("?", " ").split()
    return not any(
        constraint["value"] in words if constraint["kind"] == "exclude" else set(constraint["value"]) & set(given)
        for constraint in forbidden
    )


def _given(constraint: dict[str, Any]) -> str:
    """The texts that an answer must have to keep the constraint."""
    if constraint["kind"] in ("exclude", "no_characters"):
        return ""
    value = constraint.get("value", "")
    texts = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    return " ".join([*texts, constraint.get("text", "")])


# Constraints. Numbers in their sentences are written out, so that no digit appears by accident.


def _number(n: int) -> str:
    return _COUNTS[n - 2]


def _include(rng: random.Random) -> Demand:
    word = rng.choice(_TEXTS.wanted)
    return Demand(f'Use the word "{word}".', {"kind": "include", "value": word}, "wanted")


def _include_three(rng: random.Random) -> Demand:
    words = rng.sample(_TEXTS.wanted, 3)
    sentence = f'Use the words "{words[0]}", "{words[1]}" and "{words[2]}".'
    return Demand(sentence, {"kind": "include", "value": words}, "wanted")


def _times(rng: random.Random) -> Demand:
    word, n = rng.choice(_TEXTS.wanted), rng.randrange(2, 5)
    sentence = f'Use the word "{word}" exactly {_number(n)} times.'
    return Demand(sentence, {"kind": "exact_times", "value": n, "text": word}, "times")


def _exclude(rng: random.Random, words: Words = _TEXTS.unwanted) -> Demand:
    word = rng.choice(words)
    return Demand(f'Do not use the word "{word}".', {"kind": "exclude", "value": word}, "unwanted")


def _max_words(rng: random.Random) -> Demand:
    n = rng.randrange(30, 65, 5)
    return Demand(f"Use at most {n} words.", {"kind": "max_words", "value": n}, "length")


def _min_words(rng: random.Random) -> Demand:
    n = rng.randrange(40, 85, 5)
    return Demand(f"Use at least {n} words.", {"kind": "min_words", "value": n}, "length")


def _exact_words(rng: random.Random) -> Demand:
    n = rng.randrange(9, 16)
    return Demand(f"Use exactly {n} words.", {"kind": "exact_words", "value": n}, "short")


def _max_characters(rng: random.Random) -> Demand:
    n = rng.randrange(100, 180, 10)
    return Demand(f"Use at most {n} characters.", {"kind": "max_characters", "value": n}, "short")


def _sentences(rng: random.Random) -> Demand:
    n = rng.randrange(2, 6)
    return Demand(f"Write exactly {_number(n)} sentences.", {"kind": "exact_sentences", "value": n}, "sentences")


def _paragraphs(rng: random.Random) -> Demand:
    n = rng.randrange(2, 5)
    sentence = f"Write exactly {_number(n)} paragraphs, parted by blank lines."
    return Demand(sentence, {"kind": "exact_paragraphs", "value": n}, "paragraphs")


def _bullets(rng: random.Random) -> Demand:
    n = rng.randrange(3, 7)
    sentence = f'Answer with a list of exactly {_number(n)} points; each line begins with "- ".'
    return Demand(sentence, {"kind": "exact_bullets", "value": n}, "list")


def _numbered(rng: random.Random) -> Demand:
    n = rng.randrange(3, 7)
    sentence = f'Answer with a numbered list of exactly {_number(n)} lines: "1. ", "2. " and so on.'
    return Demand(sentence, {"kind": "exact_numbered", "value": n}, "list")


def _lowercase(_rng: random.Random) -> Demand:
    return Demand("Write in small letters only, no capitals.", {"kind": "lowercase"}, "case")


def _uppercase(_rng: random.Random) -> Demand:
    return Demand("Write in capital letters only.", {"kind": "uppercase"}, "case")


def _no_commas(_rng: random.Random) -> Demand:
    return Demand("Do not use commas.", {"kind": "no_characters", "value": ","}, "letters")


def _no_letter(rng: random.Random) -> Demand:
    letter = rng.choice("kmbwf")
    sentence = f'Do not use the letter "{letter}", small or capital.'
    return Demand(sentence, {"kind": "no_characters", "value": letter + letter.upper()}, "letters")


def _starts(rng: random.Random) -> Demand:
    text = rng.choice(_TEXTS.openings)
    return Demand(f'Begin your answer with "{text}".', {"kind": "starts_with", "value": text}, "opening")


def _ends(rng: random.Random) -> Demand:
    text = rng.choice(_TEXTS.closings)
    return Demand(f'End your answer with "{text}".', {"kind": "ends_with", "value": text}, "closing")


def _last_word(rng: random.Random) -> Demand:
    word = rng.choice(_TEXTS.last_words)
    return Demand(f'The last word of your answer must be "{word}".', {"kind": "last_word", "value": word}, "closing")


def _title(_rng: random.Random) -> Demand:
    sentence = "Put a title in double angle brackets on the first line, <<like this>>, and the text below it."
    return Demand(sentence, {"kind": "title_line"}, "title")


def _quoted(_rng: random.Random) -> Demand:
    return Demand('Put your whole answer in double quotation marks (").', {"kind": "quoted"}, "quoted")


def _json_keys(rng: random.Random) -> Demand:
    keys = rng.sample(_TEXTS.keys, rng.randrange(2, 5))
    listed = ", ".join(f'"{key}"' for key in keys[:-1]) + f' and "{keys[-1]}"'
    sentence = f"Answer with one JSON object that has exactly the keys {listed}."
    return Demand(sentence, {"kind": "json_keys", "value": keys}, "json")


def _placeholders(rng: random.Random) -> Demand:
    n = rng.randrange(2, 5)
    sentence = f"Put at least {_number(n)} placeholders in square brackets, such as [name]."
    return Demand(sentence, {"kind": "min_placeholders", "value": n}, "placeholders")


_EASY: tuple[DemandMaker, ...] = (
    _include, _max_words, _starts, _ends, _lowercase, _bullets, _exclude, _min_words, _uppercase,
)  # fmt: skip
_MIDDLE: tuple[DemandMaker, ...] = (
    _include_three, _max_words, _starts, _ends, _lowercase, _numbered, _bullets, _exclude, _sentences, _no_commas,
    _min_words, _uppercase, _json_keys, _quoted, _title,
)  # fmt: skip
_exclude_much_needed = partial(_exclude, words=_TEXTS.much_needed)
_HARD: tuple[DemandMaker, ...] = (
    _include_three, _times, _starts, _last_word, _uppercase, _numbered, _exclude_much_needed, _sentences, _paragraphs,
    _no_commas, _no_letter, _exact_words, _max_characters, _title, _quoted, _placeholders, _lowercase, _max_words,
    _json_keys,
)  # fmt: skip
