"""Reading rows of a data set that may not be what its suite expects: every miss is a sentence with the row's place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ...errors import DatasetError

Row = Mapping[str, Any]
Rows = Mapping[str, Sequence[Row]]
"""By split."""


class Source(Protocol):
    """Where the rows come from, as far as a format asks."""

    @property
    def config(self) -> str: ...


class Asked(Protocol):
    """What a format asks of a suite's spec."""

    @property
    def name(self) -> str: ...

    @property
    def n_shot(self) -> int: ...

    @property
    def dataset(self) -> Source | None: ...


def split_rows(rows: Rows, split: str, *, suite: str, at_least: int = 1) -> Sequence[Row]:
    """The rows of ``split``.

    Raises:
        DatasetError: there is no such split, or it has fewer than ``at_least`` rows.
    """
    found = rows.get(split, ())
    if len(found) < at_least:
        raise DatasetError(
            f"The data of {suite} has {len(found)} rows in its split {split!r}; it needs at least {at_least}.",
            hint="Give the whole data set.",
        )
    return found


def text_field(row: Row, column: str, where: str, *, may_be_blank: bool = False) -> str:
    """The text in ``column``, exactly as it stands.

    Raises:
        DatasetError: it is missing, no text, or blank; one blank part of an item is no reason to refuse a data set.
    """
    value = row.get(column)
    if not isinstance(value, str) or not (may_be_blank or value.strip()):
        raise DatasetError(f"{where} has no text in the column {column!r}.", hint=_HINT)
    return value


def texts_field(row: Row, column: str, where: str, *, at_least: int = 0) -> tuple[str, ...]:
    """The list of texts in ``column``.

    Raises:
        DatasetError: it is missing, no list of texts, or shorter than ``at_least``.
    """
    value = row.get(column)
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise DatasetError(f"{where} has no list of texts in the column {column!r}.", hint=_HINT)
    if len(value) < at_least:
        raise DatasetError(f"{where} has {len(value)} entries in {column!r}; it needs {at_least}.", hint=_HINT)
    return tuple(value)


_HINT = "Is this the data set that the suite names, in its published form?"
