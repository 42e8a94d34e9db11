"""Reads rows from JSON text: one object per line, an array, objects written over several lines, or a document around
the rows, such as ``{"data": [...]}``.

Rows have the line on which they begin.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from ...errors import DatasetError
from ...plan.model import Reading

Found = tuple[int, dict[str, Any] | str]
"""A row, or what is wrong with it, after its line number."""
_LINE_END = re.compile(r"\r\n|\n|\r")
_SPACE = re.compile(r"[ \t\r\n\ufeff\x1a\x00]*")
_NO_OBJECT = 'not a JSON object; each row needs one, such as {"prompt": …}'


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of a JSON file."""

    rows: list[Found]
    how: tuple[str, ...] = ()
    """How they were found where that is not one object per line or an array."""


class _TwiceError(ValueError):
    """An object has a name twice; the second value would silently replace the first."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _value in pairs]
        raise _TwiceError(f"{next(name for name in names if names.count(name) > 1)!r} appears twice")
    return made


_DECODER = json.JSONDecoder(object_pairs_hook=_object)


def read_document(path: Path, text: str, reading: Reading) -> Document:
    """Every row of the JSON text; damaged ones become messages.

    Raises:
        DatasetError: the document holds several lists that could be the rows, or not the one that ``reading`` names.
    """
    start = _skip(text, 0)
    if reading.rows:
        return _named(path, text, start, reading.rows)
    if text[start : start + 1] == "[":
        end, rows = _array(text, start, _line_of(text, start))
        # A line that begins with an array and is followed by others is a bad line among them.
        if end < 0 or _skip(text, end) == len(text):
            return _from_array(rows)
        return Document(rows=_lines(text))
    lines = _lines(text)
    if len(lines) > 1 and any(isinstance(row, dict) for _line, row in lines):
        return Document(rows=lines)
    whole = list(_sequence(text, start))
    if len(whole) == 1 and isinstance(row := whole[0][1], dict):
        return _unwrapped(path, text, start, whole[0][0], row)
    if any(isinstance(row, dict) for _line, row in whole):
        return _from_array(whole)
    return Document(rows=lines if len(lines) == 1 else whole)


def _from_array(rows: list[Found], *how: str) -> Document:
    """The rows, numbered by themselves where several begin on one line: ids are made of these numbers."""
    inner = [(line, _inner(row)) for line, row in rows]
    lines = [line for line, _row in rows]
    if len(set(lines)) == len(lines):
        return Document(rows=inner, how=how)
    numbered = [(number, row) for number, (_line, row) in enumerate(inner, 1)]
    return Document(rows=numbered, how=(*how, "rows counted instead of lines, because a line has several"))


def _lines(text: str) -> list[Found]:
    found: list[Found] = []
    for number, line in enumerate(_LINE_END.split(text), 1):
        content = line.strip(" \t\ufeff\x1a\x00")
        if content:
            found.append((number, _read(content)))
    return found


def _read(text: str) -> dict[str, Any] | str:
    try:
        value, end = _DECODER.raw_decode(text)
        if end < len(text.rstrip()):
            return f"not valid JSON (more text follows at column {end + 1})"
    except (ValueError, RecursionError) as error:
        return _reason(error)
    return value if isinstance(value, dict) else _NO_OBJECT


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not valid JSON ({error.msg} at column {error.colno})"
    return f"not valid JSON ({error or 'nested too deeply'})"


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _line_of(text: str, at: int) -> int:
    return 1 + sum(1 for _ in _LINE_END.finditer(text, 0, at))


def _value(text: str, at: int) -> tuple[Any, int]:
    """The JSON value at a place, and where it ends; raises ValueError or RecursionError."""
    return _DECODER.raw_decode(text, at)


def _sequence(text: str, at: int) -> Iterator[Found]:
    """Values one after another, whatever lines they are on."""
    line, counted = _line_of(text, at), at
    while at < len(text):
        line += sum(1 for _ in _LINE_END.finditer(text, counted, at))
        counted = at
        try:
            value, end = _value(text, at)
        except (ValueError, RecursionError) as error:
            yield (error.lineno if isinstance(error, json.JSONDecodeError) else line), _reason(error)
            return
        yield line, value if isinstance(value, dict) else _NO_OBJECT
        at = _skip(text, end)


def _array(text: str, at: int, line: int) -> tuple[int, list[Found]]:
    """Where the array ends that begins at a place (-1: nowhere), and its rows."""
    rows: list[Found] = []
    counted = at
    at = _skip(text, at + 1)
    if text[at : at + 1] == "]":
        return at + 1, rows
    while True:
        line += sum(1 for _ in _LINE_END.finditer(text, counted, at))
        counted = at
        try:
            value, at = _value(text, at)
        except (ValueError, RecursionError) as error:
            rows.append((error.lineno if isinstance(error, json.JSONDecodeError) else line, _reason(error)))
            return -1, rows
        rows.append((line, value if isinstance(value, dict) else _NO_OBJECT))
        at = _skip(text, at)
        mark = text[at : at + 1]
        if mark == "]":
            return at + 1, rows
        if mark != ",":
            rows.append(
                (_line_of(text, at), "not valid JSON (a comma before this row or the closing bracket is missing)")
            )
            return -1, rows
        at = _skip(text, at + 1)


def _unwrapped(path: Path, text: str, start: int, line: int, row: dict[str, Any]) -> Document:
    """The rows of a document that is one object: a list of objects in it, columns with a list each, or itself."""
    if _fits(row):
        columns = _columns(row)
        if columns is None:
            return Document(rows=[(line, row)])
        return Document(rows=columns, how=("one list per column, numbered as rows",))
    lists = [name for name, value in row.items() if _is_rows(value)]
    if not lists and [] in row.values():
        return Document(rows=[])
    fitting = [name for name in lists if _fits(row[name][0])] or lists
    if len(fitting) == 1:
        return _named(path, text, start, fitting[0])
    if len(fitting) > 1:
        raise DatasetError(
            f"{path} holds several lists of rows: {', '.join(map(repr, fitting[:8]))}.",
            hint="Name one with --reading rows=NAME.",
        )
    return Document(rows=[(line, row)])


def _is_rows(value: object) -> bool:
    if not isinstance(value, list) or not value or not all(isinstance(each, dict) for each in value):
        return False
    return "role" not in value[0] and "from" not in value[0]  # the turns of a conversation


def _fits(row: Mapping[str, Any]) -> bool:
    row = _inner(row) if isinstance(row, dict) else row
    return any(name.strip().lower() in ("prompt", "question", "messages") for name in row)


def _inner(row: Any) -> Any:
    """The row inside an entry of the hub's viewer, ``{"row_idx": 0, "row": {…}}``."""
    if isinstance(row, dict) and "row_idx" in row and isinstance(row.get("row"), dict):
        return row["row"]
    return row


def _columns(row: dict[str, Any]) -> list[Found] | None:
    """Rows of an object that has a list, or an object with numbered entries, for each column; None when it has not."""
    values = [list(each.values()) if isinstance(each, dict) else each for each in row.values()]
    if any(isinstance(each, dict) and list(each) != [str(n) for n in range(len(each))] for each in row.values()):
        return None
    main = next((v for name, v in zip(row, values, strict=True) if name in ("prompt", "question")), None)
    if not isinstance(main, list) or not all(isinstance(each, str) for each in main):
        return None
    if not all(isinstance(each, list) and len(each) == len(main) for each in values):
        return None
    return [(n, dict(zip(row, cells, strict=True))) for n, cells in enumerate(zip(*values, strict=True), 1)]


def _named(path: Path, text: str, start: int, name: str) -> Document:
    """The rows in the field of this name, which may reach into objects."""
    at = start
    for part in [name] if _member(text, start, name) >= 0 else name.split("."):
        at = _member(text, at, part)
        if at < 0:
            raise DatasetError(f"{path} has no field {name!r} with rows.", hint="Check --reading rows=NAME.")
    if text[at : at + 1] != "[":
        raise DatasetError(f"{path}: the field {name!r} is not a list of rows.", hint="Check --reading rows=NAME.")
    _end, rows = _array(text, at, _line_of(text, at))
    return _from_array(rows, f"rows from {name!r}")


def _member(text: str, at: int, name: str) -> int:
    """Where the value of an object's member begins; -1 when it has none."""
    if text[at : at + 1] != "{":
        return -1
    try:
        while text[at : at + 1] in ("{", ","):
            at = _skip(text, at + 1)
            key, at = _value(text, at)
            at = _skip(text, _skip(text, at) + 1)
            if key == name:
                return at
            _ignored, at = _value(text, at)
            at = _skip(text, at)
    except (ValueError, RecursionError):
        return -1
    return -1
