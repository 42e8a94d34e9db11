"""Reads a row's correct option from a column with its number."""

from __future__ import annotations

from ...errors import DatasetError
from .fields import Row


def label_field(row: Row, column: str, where: str, *, n_choices: int) -> int:
    """The index in ``column``, given as a number or text.

    Raises:
        DatasetError: it is missing or out of range; test splits without answers have -1 or nothing.
    """
    value = row.get(column)
    text = str(int(value)) if isinstance(value, bool) else str(value).strip()
    if text.isascii() and text.isdigit() and len(text) < 9 and int(text) < n_choices:
        return int(text)
    raise DatasetError(
        f"{where} has no number from 0 to {n_choices - 1} in the column {column!r}.",
        hint="Splits without answers cannot be scored.",
    )
