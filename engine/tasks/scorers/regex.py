"""Matches answers with the user's regular expressions: ``exact_match``."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ...errors import DatasetError
from ..items import GenerateItem
from ..scorer import Scorer

MAX_CHARACTERS = 10_000
"""Only the first part of an answer is searched: many simple patterns take quadratic time on text without a match."""
TIMEOUT_S = 10.0
"""A pattern that still takes longer is an error, because it could hold up the run for hours on another answer."""


def score_regex(found: str, item: GenerateItem) -> dict[str, float]:
    """``exact_match``: 1 when one of the item's patterns matches in the text.

    The patterns are ``item.check["patterns"]`` or ``["pattern"]``, or else the answers. ``item.check`` may have
    ``ignore_case`` and ``whole`` (the pattern must match the whole text), both false by default.

    Raises:
        DatasetError: there is no pattern, one cannot be read, or it takes longer than ``TIMEOUT_S``.
    """
    check = item.check
    patterns = check.get("patterns", [check["pattern"]] if "pattern" in check else list(item.answers))
    if not patterns or not isinstance(patterns, list | tuple) or not all(isinstance(each, str) for each in patterns):
        raise DatasetError(f"Item {item.id} has no pattern.", hint='Give check = {"pattern": "..."}.')
    return {"exact_match": float(any(_matches(pattern, found, item) for pattern in patterns))}


def _matches(pattern: str, text: str, item: GenerateItem) -> bool:
    compiled = _compile(pattern, bool(item.check.get("ignore_case")), item.id)
    search = compiled.fullmatch if item.check.get("whole") else compiled.search
    try:
        return search(text[:MAX_CHARACTERS], timeout=TIMEOUT_S) is not None
    except TimeoutError:
        raise DatasetError(
            f"The pattern {pattern!r} of item {item.id} takes too long.", hint="Avoid repetitions inside repetitions."
        ) from None


@lru_cache(maxsize=256)
def _compile(pattern: str, ignore_case: bool, where: str) -> Any:
    import regex  # type: ignore[import-untyped]  # like re, with a time limit

    try:
        return regex.compile(pattern, regex.IGNORECASE if ignore_case else 0)
    except regex.error as error:
        raise DatasetError(f"The pattern {pattern!r} of item {where} cannot be read: {error}.") from None


SCORER = Scorer(
    name="regex",
    correct_when="it matches a pattern",
    score=score_regex,
    metrics=("exact_match",),
    needs="answer or check",
    reveals_bad_items=True,
    json_fields=frozenset(("patterns", "ignore_case", "whole")),
)
