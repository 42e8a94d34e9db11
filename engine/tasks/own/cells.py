"""Single values of a row: text as it is asked and compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class BadRowError(Exception):
    """A row cannot be used; the message says why."""


class RowProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one row."""

    line: int
    """Line number as in an editor, from 1; in a doubt, 0 stands for the data as a whole."""
    message: str

    @property
    def text(self) -> str:
        """The message after its line, if it is about one."""
        return f"line {self.line}: {self.message}" if self.line else self.message


def text_of(row: Mapping[str, Any], column: str) -> str:
    """The column as text.

    Raises:
        BadRowError: it is missing, empty or of another type.
    """
    value = row.get(column)
    if is_blank(value):
        raise BadRowError(f"{column!r} is missing or empty")
    if not isinstance(value, (str, int, float)):
        raise BadRowError(f"{column!r} must be text")
    return sound(spelled(value), column)


def spelled(value: object) -> str:
    """The value as JSON spells it."""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def sound(text: str, column: str) -> str:
    """The text itself.

    Raises:
        BadRowError: JSON spelled half of a surrogate pair, which cannot be written as UTF-8 later.
    """
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise BadRowError(f"{column!r} has half of a surrogate pair, which is not a character")
    return text


def item_id(line: int, row: Mapping[str, Any]) -> str:
    """The row's own id, or its line."""
    value = row.get("id")
    return f"line-{line}" if is_blank(value) else text_of(row, "id")


def is_blank(value: object) -> bool:
    """Whether there is nothing: no value, not a number, or only white space."""
    return value is None or value != value or (isinstance(value, str) and not value.strip())
