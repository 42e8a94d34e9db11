"""Reads rows from files of any format, and renames their columns as the user says.

The content of a file decides its format, except that ``.csv`` and ``.jsonl`` are believed: a table may begin with a
bracket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from ...errors import DatasetError
from ...plan.model import Reading
from .decoding import decode
from .documents import read_document
from .foreign import check_is_data
from .names import COLUMNS, is_known_name, meaning_of, plain_name
from .parquet import parquet_rows
from .sheets import read_workbook
from .tables import Table, read_table, row_of

Row: TypeAlias = Mapping[str, Any] | str
"""The columns of a row, or a message about what is wrong with it."""
Numbered: TypeAlias = tuple[int, Row]
"""A row with its line number as in an editor; in Parquet and workbooks its row number, from 1."""


class FileRows(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one file."""

    rows: list[Numbered]
    is_table: bool = False
    """Every cell was text."""
    how: tuple[str, ...] = ()
    """How the file was read where that is not what everybody expects, in a few words each."""
    doubts: tuple[str, ...] = ()
    """What a person should look at, in a sentence each."""


def rows_of_file(path: Path, content: bytes, columns: Mapping[str, str], reading: Reading) -> FileRows:
    """Every row of a file, with the columns renamed.

    ``columns`` maps the file's names to ours. The file's names may reach into objects (``choices.text``), unless a
    column has that exact name; ours may fill the check (``check.tests``).

    Raises:
        DatasetError: the file as a whole cannot be read, or the mapping does not fit it.
    """
    check_mapping(columns, str(path))
    found = _read(path, content, frozenset(map(plain_name, columns)), reading)
    return msgspec.structs.replace(found, rows=renamed(found.rows, columns, where=str(path)))


def _read(path: Path, content: bytes, mapped: frozenset[str], reading: Reading) -> FileRows:
    def is_known(name: str) -> bool:
        return is_known_name(name) or plain_name(name) in mapped

    check_is_data(path, content)
    ending = path.suffix.lower()
    if ending in (".parquet", ".pq") or content.startswith(b"PAR1"):
        return FileRows(rows=list(parquet_rows(path, content)))
    if ending in (".xlsx", ".xlsm") or content.startswith(b"PK\x03\x04"):
        return _from_table(read_workbook(path, content, reading, is_known))
    if ending in (".xls", ".ods") or content.startswith(b"\xd0\xcf\x11\xe0"):
        raise DatasetError(f"{path} is not an .xlsx workbook.", hint="Save it as .xlsx, or save the sheet as CSV.")
    decoded = decode(content, path, reading.encoding)
    how = (f"encoding {decoded.encoding}",) if decoded.encoding else ()
    doubts = (
        (
            f"{path.name} does not say its encoding; it looks like {decoded.encoding}. If letters are wrong, give the "
            "right one with --reading encoding=NAME.",
        )
        if decoded.is_guess
        else ()
    )
    if _is_json(ending, decoded.text):
        document = read_document(path, decoded.text, reading)
        return FileRows(rows=list(document.rows), how=(*how, *document.how), doubts=doubts)
    table = _from_table(read_table(path, decoded.text, reading, is_known))
    return msgspec.structs.replace(table, how=(*how, *table.how), doubts=doubts)


def _is_json(ending: str, text: str) -> bool:
    start = text.lstrip(" \t\r\n\ufeff")[:2]
    if ending in (".csv", ".tsv", ".tab"):
        return start == '{"'
    return ending in (".json", ".jsonl", ".ndjson") or start[:1] in ("{", "[")


def _from_table(table: Table) -> FileRows:
    return FileRows(
        rows=[(line, row_of(table.header, cells)) for line, cells in table.rows], is_table=True, how=table.how
    )


def renamed(rows: Sequence[Numbered], columns: Mapping[str, str], *, where: str) -> list[Numbered]:
    """The rows with renamed columns. A column whose name is then taken is dropped.

    Raises:
        DatasetError: no row has a column that is mapped; ``where`` begins the message.
    """
    if not columns:
        return [(line, row if isinstance(row, str) else _with_check(dict(row))) for line, row in rows]
    seen: set[str] = set()
    result: list[Numbered] = []
    places: dict[tuple[str, ...], tuple[dict[str, str], list[str]]] = {}
    """For each set of columns that rows have: where each of our names is, and what keeps its name."""
    for line, row in rows:
        if isinstance(row, str):
            result.append((line, row))
            continue
        own_names = tuple(row)
        if own_names not in places:
            places[own_names] = _places(own_names, columns)
        mapped, kept = places[own_names]
        values = {ours: _reach(row, theirs) for ours, theirs in mapped.items()}
        seen |= {ours for ours, (there, _value) in values.items() if there}
        new = {name: row[name] for name in kept} | {ours: value for ours, (there, value) in values.items() if there}
        result.append((line, _with_check(new)))
    missing = [theirs for theirs, ours in columns.items() if ours not in seen]
    if missing and any(not isinstance(row, str) for _line, row in rows):
        names = dict.fromkeys(str(name) for _line, row in rows[:50] if not isinstance(row, str) for name in row)
        raise DatasetError(
            f"{where} has no column {missing[0]!r}.", hint=f"It has {', '.join(map(repr, list(names)[:20]))}."
        )
    return result


def check_mapping(columns: Mapping[str, str], where: str) -> None:
    """Raise DatasetError for a mapping to names that mean nothing."""
    for theirs, ours in columns.items():
        # Two of a kind show whether a name can be that of a choice's column.
        is_choice = ours not in COLUMNS and is_known_name(ours) and not meaning_of((ours,)).ours
        if not (ours in COLUMNS or is_choice or ours.startswith("check.") or ours == "messages"):
            raise DatasetError(
                f"{where}: the column {theirs!r} cannot become {ours!r}.",
                hint=f"Use {', '.join(COLUMNS)}, check.NAME, A, B, C …, choice1, choice2 …",
            )
    twice = sorted({ours for ours in columns.values() if list(columns.values()).count(ours) > 1})
    if twice:
        raise DatasetError(f"{where}: two columns cannot both become {twice[0]!r}.", hint="Map one of them.")


def _places(names: tuple[str, ...], columns: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The column of each of our names, under its exact name if there is one; and the names that stay."""
    exact = set(names)
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(plain_name(name), []).append(name)
    mapped = {}
    for theirs, ours in columns.items():
        others = alike.get(plain_name(theirs), [])
        mapped[ours] = others[0] if theirs not in exact and len(others) == 1 else theirs
    taken = {*mapped.values(), *(name for ours in mapped for name in alike.get(plain_name(ours), []))}
    return mapped, [name for name in names if name not in taken]


def _reach(row: Mapping[str, Any], name: str) -> tuple[bool, Any]:
    """Whether the row has the column, and its value. ``a.b`` is the field ``b`` of the object ``a``."""
    if name in row:
        return True, row[name]
    value: Any = row
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return False, None
        value = value[part]
    return True, value


def _with_check(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its ``check.NAME`` columns collected in ``check``."""
    parts = {name.removeprefix("check."): row.pop(name) for name in list(row) if str(name).startswith("check.")}
    if not parts:
        return row
    check = row.get("check")
    return {**row, "check": {**(check if isinstance(check, Mapping) else {}), **parts}}
