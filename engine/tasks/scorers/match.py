"""Scorers that compare with the allowed answers: ``exact`` and ``contains``."""

from __future__ import annotations

import re

from ..items import GenerateItem


def score_exact(found: str, item: GenerateItem) -> dict[str, float]:
    """``exact_match``: see ``exact``."""
    return {"exact_match": exact(found, item.answers)}


def score_contains(found: str, item: GenerateItem) -> dict[str, float]:
    """``contains`` and, beside it, ``exact_match``."""
    return {"contains": contains(found, item.answers), "exact_match": exact(found, item.answers)}


def normalise(text: str) -> str:
    """Lower case, single spaces, no quotes, thousands separators, dollar signs or closing punctuation.

    A text of nothing but such signs stays as it is, and the point of ``.5`` stays, or other texts would equal them.
    """
    plain = re.sub(r"\s+", " ", text.strip().lower())
    bare = re.sub(r"(?<=\d),(?=\d{3}\b)", "", plain).replace("$", "")
    bare = re.sub(r"^(?:(?!\.\d)[ .!?;:,\"'`*])+", "", bare).rstrip(" .!?;:,\"'`*")
    return bare or plain


def exact(found: str, answers: tuple[str, ...]) -> float:
    """1 when the normalised answer is one of those allowed, numbers compared by value."""
    return float(any(_same(normalise(found), normalise(answer)) for answer in answers))


def contains(found: str, answers: tuple[str, ...]) -> float:
    """1 when one of the allowed answers stands in the text as whole words; a number as a whole number, by value."""
    text = normalise(found)
    return float(any(_stands_in(normalise(answer), text) for answer in answers))


def _stands_in(answer: str, text: str) -> bool:
    if re.fullmatch(r"-?\d*\.?\d+", answer):
        # 5 is not in 2.5, -5, 10:15 or 2025-05-05.
        return any(_same(number.rstrip(".,:"), answer) for number in re.findall(r"[\w.,:/-]+", text))
    return re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", text) is not None


def _same(a: str, b: str) -> bool:
    if a == b:
        return True
    try:
        return float(a) == float(b)
    except ValueError:
        return False
