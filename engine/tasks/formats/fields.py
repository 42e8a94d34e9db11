"""Reads rows that may not be what a suite expects: every error names the row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import DatasetError

Row = Mapping[str, Any]
Rows = Mapping[str, Sequence[Row]]
"""Rows by split."""


def split_rows(rows: Rows, split: str, *, suite: str, at_least: int = 1) -> Sequence[Row]:
    """The rows of ``split``.

    Raises:
        DatasetError: there is no such split, or it has fewer than ``at_least`` rows.
    """
    wanted = rows.get(split, ())
    if len(wanted) < at_least:
        raise DatasetError(
            f"The data of {suite} has {len(wanted)} rows in its split {split!r}; it needs at least {at_least}.",
            hint="Use the whole data set.",
        )
    return wanted


def text_field(row: Row, column: str, where: str, *, may_be_blank: bool = False) -> str:
    """The text in ``column``, unchanged.

    Raises:
        DatasetError: it is missing, blank or not text.
    """
    value = row.get(column)
    if not isinstance(value, str) or not (may_be_blank or value.strip()):
        raise DatasetError(f"{where} has no text in the column {column!r}.", hint=_HINT)
    return value


def texts_field(row: Row, column: str, where: str, *, at_least: int = 0) -> tuple[str, ...]:
    """The list of texts in ``column``.

    Raises:
        DatasetError: it is missing, not a list of texts, or shorter than ``at_least``.
    """
    value = row.get(column)
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise DatasetError(f"{where} has no list of texts in the column {column!r}.", hint=_HINT)
    if len(value) < at_least:
        raise DatasetError(f"{where} has {len(value)} entries in {column!r}; it needs {at_least}.", hint=_HINT)
    return tuple(value)


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


_HINT = "Is this the data set that the suite names, in its published form?"
