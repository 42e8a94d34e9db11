"""How the answer is found in what a model wrote. Registered by name; each returns None when it finds nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..errors import DatasetError

Extractor = Callable[[str], str | None]


def whole(text: str) -> str | None:
    """Everything, trimmed."""
    return text.strip() or None


def first_line(text: str) -> str | None:
    """The first line that is not blank, without an ``Answer:`` in front."""
    for line in text.splitlines():
        found = re.sub(r"^\s*(?:the\s+)?answer(?:\s+is)?\s*:?\s*", "", line, flags=re.IGNORECASE).strip()
        if found:
            return found
    return None


def last_number(text: str) -> str | None:
    """The last number, as lm-evaluation-harness' flexible GSM8K filter finds it."""
    found = re.findall(r"(-?[$0-9.,]{2,})|(-?[0-9]+)", text)
    return next((a or b for a, b in reversed(found)), None)


def after_hashes(text: str) -> str | None:
    """The number after ``####``, as the strict GSM8K filter finds it."""
    found = re.search(r"#### (\-?[0-9\.\,]+)", text)
    return found[1] if found else None


EXTRACTORS: dict[str, Extractor] = {
    "whole": whole,
    "first_line": first_line,
    "last_number": last_number,
    "after_hashes": after_hashes,
}


def find_extractor(name: str) -> Extractor:
    """The extractor ``name``.

    Raises:
        DatasetError: there is none.
    """
    if name not in EXTRACTORS:
        raise DatasetError(f"There is no extractor {name!r}.", hint=f"Choose one of: {', '.join(EXTRACTORS)}.")
    return EXTRACTORS[name]
