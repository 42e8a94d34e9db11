"""Whether an allowed answer occurs in the text: ``contains``, and ``exact_match`` beside it."""

from __future__ import annotations

import re

from ..items import GenerateItem
from ..scorer import Scorer
from .exact import equal, exact, normalize


def score_contains(found: str, item: GenerateItem) -> dict[str, float]:
    """``contains`` and, beside it, ``exact_match``."""
    return {"contains": contains(found, item.answers), "exact_match": exact(found, item.answers)}


def contains(found: str, answers: tuple[str, ...]) -> float:
    """1 when an allowed answer occurs in the text as whole words; a number must match a whole number by value."""
    text = normalize(found)
    return float(any(_occurs_in(normalize(answer), text) for answer in answers))


def _occurs_in(answer: str, text: str) -> bool:
    if re.fullmatch(r"-?\d*\.?\d+", answer):
        # 5 is not in 2.5, -5, 10:15 or 2025-05-05.
        return any(equal(number.rstrip(".,:"), answer) for number in re.findall(r"[\w.,:/-]+", text))
    return re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", text) is not None


SCORER = Scorer(
    name="contains",
    correct_when="it contains an allowed answer",
    score=score_contains,
    metrics=("contains", "exact_match"),
)
