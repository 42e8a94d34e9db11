"""Digits with thousands and decimal marks, read by every convention that fits.

``1.234,5`` and ``1,234,567`` fit one convention each. ``1.234`` fits two, with values a thousand times apart: it has
two readings, and only other numbers of the same writer can tell which one is meant.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Literal, NamedTuple

Mark = Literal[".", ","]
"""A decimal mark."""

MAX_DIGITS = 400
"""Longer numbers are not read: no question asks for one, and computing with them is slow."""

RUN = re.compile(r"\d+(?:[.,'_٬٫]\d+| \d{3}(?!\d))*|[.,]\d+", re.ASCII)
"""Digits with anything between them that can be a mark. A space is one only before exactly three digits."""

_DECIMAL_WITH: dict[str, str] = {",": ".", ".": ",", " ": ".,٫", "'": ".,٫", "_": ".", "٬": "٫.", "": ".,٫"}
"""For each thousands mark, the decimal marks that go with it."""


class Reading(NamedTuple):
    """One way to read written digits."""

    value: Fraction
    decimal: Mark | Literal[""]
    """The decimal mark that this reading implies; empty when it says nothing about it."""


def readings(run: str, mark: Mark | None = None) -> tuple[Reading, ...]:
    """Every value that the folded digits can have, those with a decimal point first; none when no convention fits.

    ``mark`` is the writer's decimal mark, where it is known; it decides when both readings fit.
    """
    if len(re.sub(r"\D", "", run)) > MAX_DIGITS:
        return ()
    pieces = re.split(r"([.,'_٬٫ ])", run)
    groups, marks = pieces[::2], pieces[1::2]
    found: dict[Fraction, Reading] = {}
    for reading in (_with_decimals(groups, marks), _whole(groups, marks)):
        if reading is not None and (mark is None or reading.decimal in ("", mark)):
            found.setdefault(reading.value, reading)
    if not found and mark is not None:
        return readings(run)
    return tuple(sorted(found.values(), key=lambda reading: reading.decimal != "."))


def _whole(groups: list[str], marks: list[str]) -> Reading | None:
    if len(set(marks)) > 1 or "٫" in marks or not _is_grouped(groups, marks[0] if marks else ""):
        return None
    implied: Mark | Literal[""] = "." if "," in marks else "," if "." in marks else ""
    return Reading(Fraction(int("".join(groups))), implied)


def _with_decimals(groups: list[str], marks: list[str]) -> Reading | None:
    if not marks or len(set(marks[:-1])) > 1:
        return None
    thousands, decimal = marks[0] if len(marks) > 1 else "", marks[-1]
    if decimal not in _DECIMAL_WITH.get(thousands, ""):
        return None
    whole = groups[:-1]
    if len(whole) > 1 and not _is_grouped(whole, thousands):
        return None
    value = Fraction(int("".join((*whole, groups[-1]))), 10 ** len(groups[-1]))
    return Reading(value, "." if decimal == "." else "," if decimal == "," else "")


def _is_grouped(groups: list[str], mark: str) -> bool:
    if len(groups) == 1:
        return groups[0] != ""
    if mark == "_":
        return True
    first, *middle, last = groups
    if not 1 <= len(first) <= 3 or first.startswith("0") or len(last) != 3:
        return False
    if all(len(group) == 3 for group in middle):
        return True
    # Lakh and crore: 12,34,567.
    return mark in ",٬ " and len(first) < 3 and all(len(group) == 2 for group in middle)
