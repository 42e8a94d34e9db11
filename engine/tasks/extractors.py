"""How the answer is found in what a model wrote. Registered by name; each returns None when it finds nothing.

Finding nothing is no wrong answer but a class of its own: it is stored as None and counted beside the scores.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

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


def parse_json(text: str) -> Any:
    """The one JSON value that ``text`` is, plain or as the only content of a code fence.

    Raises:
        ValueError: it is something else, or nested too deep to read. ``NaN`` and ``Infinity`` are no JSON.
    """
    text = text.strip()
    fence = re.fullmatch(r"```[A-Za-z0-9]*[ \t]*\n(.*?)\n?[ \t]*```", text, flags=re.DOTALL)
    try:
        return json.loads(fence[1] if fence else text, parse_constant=_no_json)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _no_json(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
