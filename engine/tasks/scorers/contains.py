"""Whether an allowed answer occurs in the text: ``contains``, and ``exact_match`` beside it."""

from __future__ import annotations

from ..items import GenerateItem
from ..plain_numbers import has_number, read_gold, read_plain
from ..scorer import GoldReading, Scorer
from ..text_forms import fold, normal_form
from ..text_words import apart, occurs_in
from .exact import exact, is_answer


def score_contains(found: str, item: GenerateItem) -> dict[str, float]:
    """``contains`` and, beside it, ``exact_match``."""
    return {"contains": contains(found, item.answers), "exact_match": exact(found, item.answers)}


def contains(found: str, answers: tuple[str, ...]) -> float:
    """1 when an allowed answer occurs in the text as whole words, or as a whole number of the same value.

    Texts are compared as by ``exact``; ``text_words`` says what a word is in each script.
    """
    return float(any(is_answer(found, answer) or _has(found, answer) for answer in answers))


def _has(found: str, answer: str) -> bool:
    number = read_plain(answer)
    return occurs_in(answer, found) if number is None else has_number(fold(apart(found)), number)


def _read_gold(gold: str) -> GoldReading:
    shown = normal_form(gold)
    if len(shown) == 1 and shown.isascii() and shown.isalpha():
        return GoldReading(
            "as text",
            f"{shown.upper()} is one letter, which texts hold for other reasons too. Use the scorer exact with the "
            "extractor letter.",
        )
    return read_gold(gold)


SCORER = Scorer(
    name="contains",
    correct_when="it contains an allowed answer",
    score=score_contains,
    metrics=("contains", "exact_match"),
    read_gold=_read_gold,
)
