"""Reads rows from JSONL, CSV and Parquet files, and renames their columns to the names that ``data`` knows."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import io
import json
import string
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from ...errors import DatasetError

MAX_CHOICES = 26
MAX_UNPACKED_BYTES = 2**30
"""Limit for a Parquet file's columns in memory: a small file can unpack to a lot of repeated data."""
COLUMNS = ("question", "choices", "labels", "prompt", "answer", "id", "system", "check")
_OWN_COLUMNS = (tuple(string.ascii_uppercase), tuple(f"choice{number}" for number in range(1, MAX_CHOICES + 1)))
"""Column names for options in columns of their own."""

Row: TypeAlias = Mapping[str, Any] | str
"""The columns of a row, or a message about what is wrong with it."""
Numbered: TypeAlias = tuple[int, Row]
"""A row with its line number as in an editor; in Parquet its row number, from 1."""


def rows_of_file(path: Path, content: bytes, columns: Mapping[str, str]) -> list[Numbered]:
    """Every row of a CSV or Parquet file, by its suffix; any other file is read as JSONL.

    ``columns`` maps the file's names to ours. The file's names may reach into objects (``choices.text``), unless a
    column has that exact name; ours may fill the check (``check.tests``).

    Raises:
        DatasetError: the file as a whole cannot be read, or the mapping does not fit it.
    """
    ending = path.suffix.lower()
    if ending in (".parquet", ".pq"):
        return list(plain_rows(_parquet_rows(path, content), columns, where=str(path)))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is not UTF-8 text (byte {error.start}).", hint="Save it as UTF-8.") from None
    if ending == ".csv":
        return [(line, _split_choices(row)) for line, row in renamed(_csv_rows(path, text), columns, where=str(path))]
    return list(plain_rows(_json_rows(text), columns, where=str(path)))


def plain_rows(rows: Iterable[Numbered], columns: Mapping[str, str], *, where: str) -> Iterator[Numbered]:
    """Rows of a format that has lists: renamed, with options from separate columns collected.

    Raises:
        DatasetError: the mapping does not fit; ``where`` begins the message.
    """
    for line, row in renamed(rows, columns, where=where):
        yield line, row if isinstance(row, str) or "choices" in row else _own_choices(row)


def renamed(rows: Iterable[Numbered], columns: Mapping[str, str], *, where: str) -> list[Numbered]:
    """The rows with renamed columns. A column whose name is then taken is dropped."""
    found = list(rows)
    if not columns:
        return found
    _check_mapping(columns, where)
    seen: set[str] = set()
    result: list[Numbered] = []
    for line, row in found:
        if isinstance(row, str):
            result.append((line, row))
            continue
        mapped = {ours: _reach(row, theirs) for theirs, ours in columns.items()}
        seen |= {ours for ours, (there, _value) in mapped.items() if there}
        kept = {name: value for name, value in row.items() if name not in columns and name not in mapped}
        result.append(
            (line, _with_check({**kept, **{ours: value for ours, (there, value) in mapped.items() if there}}))
        )
    missing = [theirs for theirs, ours in columns.items() if ours not in seen]
    if missing and any(not isinstance(row, str) for _line, row in found):
        names = dict.fromkeys(str(name) for _line, row in found[:50] if not isinstance(row, str) for name in row)
        raise DatasetError(
            f"{where} has no column {missing[0]!r}.", hint=f"It has {', '.join(map(repr, list(names)[:20]))}."
        )
    return result


def _check_mapping(columns: Mapping[str, str], where: str) -> None:
    for theirs, ours in columns.items():
        known = ours in COLUMNS or any(ours in names for names in _OWN_COLUMNS) or ours.startswith("check.")
        if not known:
            raise DatasetError(
                f"{where}: the column {theirs!r} cannot become {ours!r}.",
                hint=f"Use {', '.join(COLUMNS)}, check.NAME, A, B, C …, choice1, choice2 …",
            )
    twice = sorted({ours for ours in columns.values() if list(columns.values()).count(ours) > 1})
    if twice:
        raise DatasetError(f"{where}: two columns cannot both become {twice[0]!r}.", hint="Map one of them.")


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
    parts = {name.removeprefix("check."): row.pop(name) for name in list(row) if name.startswith("check.")}
    if not parts:
        return row
    check = row.get("check")
    return {**row, "check": {**(check if isinstance(check, Mapping) else {}), **parts}}


def _json_rows(text: str) -> Iterator[Numbered]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, f"not valid JSON ({error})"
            continue
        yield number, row if isinstance(row, dict) else 'not a JSON object; each line needs one, such as {"prompt": …}'


def _csv_rows(path: Path, text: str) -> Iterator[Numbered]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [(name or "").strip() for name in reader.fieldnames or ()]
        twice = next((name for name in header if name and header.count(name) > 1), None)
        if twice:
            raise DatasetError(f"{path}: the header has the column {twice!r} twice.", hint="Rename one.")
        reader.fieldnames = header
        for row in reader:
            if None in row:
                yield reader.line_num, f"has more than the {len(header)} columns of the header"
            elif any(value is None for value in row.values()):
                yield reader.line_num, f"has fewer than the {len(header)} columns of the header"
            else:
                yield reader.line_num, row
    except csv.Error as error:
        raise DatasetError(f"{path}, line {reader.line_num}: not valid CSV ({error}).") from None


def _parquet_rows(path: Path, content: bytes) -> Iterator[Numbered]:
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        groups = [file.metadata.row_group(index) for index in range(file.num_row_groups)]
        if sum(group.total_byte_size for group in groups) > MAX_UNPACKED_BYTES:
            raise DatasetError(
                f"{path} holds more than {MAX_UNPACKED_BYTES // 2**20} MiB of rows.", hint="Take a sample."
            )
        number = 0
        for batch in file.iter_batches():
            for row in batch.to_pylist():
                number += 1
                yield number, {name: _plain(value) for name, value in row.items()}
    except (pa.ArrowException, OSError, ValueError, OverflowError, RecursionError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise DatasetError(f"{path} is not a readable Parquet file ({reason}).") from None


def _plain(value: Any) -> Any:
    """The value as JSON can hold it: dates and exact decimals as text, bytes as UTF-8 text when they are."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value
    return value


def _split_choices(row: Row) -> Row:
    if isinstance(row, str):
        return row
    if "choices" in row:
        return {**row, "choices": [choice.strip() for choice in str(row["choices"]).split("|")]}
    return _own_choices(row)


def _own_choices(row: Mapping[str, Any]) -> Row:
    for names in _OWN_COLUMNS:
        if names[0] not in row or names[1] not in row:
            continue
        texts = [_cell(row.get(name)) for name in names]
        while texts and not texts[-1]:
            texts.pop()
        if "" in texts:
            # Skipping the empty one would silently shift the letters after it.
            return f"the choice {names[texts.index('')]!r} is empty and a later one is not"
        return {**row, "choices": texts}
    return row


def _cell(value: object) -> str:
    return "" if value is None else str(value).strip()
