"""Regular expressions from task files, run with a time limit: a bad one must not hold up a run for hours."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from ..errors import DatasetError

TIMEOUT_S = 10.0
"""Limit for one pattern on one answer."""


def check_pattern(pattern: str) -> None:
    """Raise DatasetError for a pattern that cannot be compiled."""
    _compile(pattern)


def find_match(pattern: str, group: int, text: str) -> str | None:
    """Match number ``group`` of ``pattern`` (negative: from the end); with capturing groups, the first with text.

    None when there is no such match. lm-evaluation-harness fails where there are fewer matches than ``group``.

    Raises:
        DatasetError: the pattern takes too long or cannot be compiled.
    """
    matches = _run(pattern, "findall", text)
    if not -len(matches) <= group < len(matches):
        return None
    match = matches[group]
    if not isinstance(match, tuple):
        return str(match).strip()
    groups: Sequence[str] = match
    first = next((part for part in groups if part), None)
    return None if first is None else first.strip()


def remove_matches(pattern: str, text: str) -> str:
    """``text`` without everything that ``pattern`` matches.

    Raises:
        DatasetError: the pattern takes too long or cannot be compiled.
    """
    return str(_run(pattern, "sub", text))


def _run(pattern: str, method: str, text: str) -> Any:
    compiled = _compile(pattern)
    try:
        if method == "sub":
            return compiled.sub("", text, timeout=TIMEOUT_S)
        return compiled.findall(text, timeout=TIMEOUT_S)
    except TimeoutError:
        raise DatasetError(
            f"The task's pattern {pattern!r} takes too long.", hint="Avoid repetitions inside repetitions."
        ) from None


@lru_cache(maxsize=64)
def _compile(pattern: str) -> Any:
    import regex  # type: ignore[import-untyped]  # like re, with a time limit

    try:
        return regex.compile(pattern)
    except regex.error as error:
        raise DatasetError(f"The task's pattern {pattern!r} cannot be read: {error}.") from None
