"""Compares numbers by value: ``exact_match``."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from ...errors import DatasetError
from ..items import GenerateItem
from ..scorer import Scorer

# Runs of more than 400 digits are not numbers: comparing them by value is slow, and no question asks for one.
_NUMBER = re.compile(
    r"(?<![\w.,])(?P<sign>[-+−–]?)\s?[$€£¥₹]?\s?"
    r"(?P<whole>\d{1,3}(?:[,\u00a0\u202f']\d{3})+(?!\d)|\d{1,400})?"
    r"(?:(?P<mark>[.,])(?P<decimals>\d{1,400}))?(?:[eE](?P<power>[-+]?\d{1,3}))?(?:\s?/\s?(?P<below>\d{1,400}))?(?![\w])"
)


def score_numeric(found: str, item: GenerateItem) -> dict[str, float]:
    """``exact_match``: 1 when the text has one number and it equals one of the answers.

    ``item.check`` may have ``tolerance`` (absolute) and ``relative_tolerance`` (relative to the answer); meeting either
    is enough, and the bounds are included. Words, currency and percent signs around the number are ignored. A text with
    two different numbers never matches: use the extractor ``last_number`` for models that think aloud.

    Raises:
        DatasetError: an answer is not a number, or a tolerance is negative or not a number.
    """
    absolute = _tolerance(item, "tolerance")
    relative = _tolerance(item, "relative_tolerance")
    value = parse_number(found)
    right = False
    for answer in item.answers:
        wanted = parse_number(answer)
        if wanted is None:
            raise DatasetError(
                f"The answer {answer!r} of item {item.id} is not a number.", hint="Fix it, or use the scorer exact."
            )
        right = right or (value is not None and abs(value - wanted) <= max(absolute, relative * abs(wanted)))
    return {"exact_match": float(right)}


def parse_number(text: str) -> Fraction | None:
    """The exact value of the number in ``text``; None when there is no number, or several different ones.

    Reads ``-1,234.50``, ``.5``, ``3/4``, ``1e3`` and the digits of every script. A comma is a decimal comma (``3,5``)
    unless three digits follow.
    """
    values = {value for match in _NUMBER.finditer(text) if (value := _value(match)) is not None}
    return values.pop() if len(values) == 1 else None


def _value(match: re.Match[str]) -> Fraction | None:
    whole, decimals = match["whole"] or "", match["decimals"] or ""
    if not whole and not decimals:
        return None
    digits = re.sub(r"\D", "", whole)
    value = Fraction(int(digits + decimals or "0"), 10 ** len(decimals))
    if match["power"]:
        value *= Fraction(10) ** int(match["power"])
    if match["below"]:
        below = int(match["below"])
        if not below:
            return None
        value /= below
    return -value if match["sign"] in ("-", "−", "–") else value


def _tolerance(item: GenerateItem, name: str) -> Fraction:
    value: Any = item.check.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise DatasetError(f"The {name} of item {item.id} is {value!r}.", hint="Give a number of 0 or more.")
    # From its decimal digits: 0.1 means a tenth, not the nearest binary fraction.
    return Fraction(str(value))


SCORER = Scorer(
    name="numeric",
    correct_when="the number in it equals the allowed number",
    score=score_numeric,
    metrics=("exact_match",),
    extractor="last_number",
    reveals_bad_items=True,
    json_fields=frozenset(("tolerance", "relative_tolerance")),
)
