"""Whether an allowed answer occurs in the text: ``contains``, and ``exact_match`` beside it."""

from __future__ import annotations

from ..items import GenerateItem
from ..plain_numbers import has_number, read_gold, read_plain
from ..scorer import Scorer
from ..text_forms import fold
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


SCORER = Scorer(
    name="contains",
    correct_when="it contains an allowed answer",
    score=score_contains,
    metrics=("contains", "exact_match"),
    read_gold=read_gold,
)
