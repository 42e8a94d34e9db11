"""Whether the text is an allowed answer, ignoring case, quotes and closing punctuation: ``exact_match``."""

from __future__ import annotations

import re

from ..items import GenerateItem
from ..scorer import Scorer


def score_exact(found: str, item: GenerateItem) -> dict[str, float]:
    """``exact_match``: 1 when the text is an allowed answer, as ``exact`` compares them."""
    return {"exact_match": exact(found, item.answers)}


def normalize(text: str) -> str:
    """Lower case with single spaces, without quotes, thousands separators, dollar signs and closing punctuation.

    A text made only of such signs is left alone, and ``.5`` keeps its point; otherwise different texts would be equal.
    """
    plain = re.sub(r"\s+", " ", text.strip().lower())
    bare = re.sub(r"(?<=\d),(?=\d{3}\b)", "", plain).replace("$", "")
    bare = re.sub(r"^(?:(?!\.\d)[ .!?;:,\"'`*])+", "", bare).rstrip(" .!?;:,\"'`*")
    return bare or plain


def exact(found: str, answers: tuple[str, ...]) -> float:
    """1 when the normalized text is an allowed answer; numbers are compared by value."""
    return float(any(equal(normalize(found), normalize(answer)) for answer in answers))


def equal(a: str, b: str) -> bool:
    """Whether two normalized texts are the same text or the same number."""
    if a == b:
        return True
    try:
        return float(a) == float(b)
    except ValueError:
        return False


SCORER = Scorer(
    name="exact",
    correct_when="it equals an allowed answer",
    score=score_exact,
    metrics=("exact_match",),
    extractor="first_line",
    max_tokens=64,
    stop=("\n",),
)
