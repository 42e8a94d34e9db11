"""The user's own data: JSONL or CSV, every bad row told with its line number.

Columns are ``question``, ``choices``, ``answer`` (choice items; the answer as an index from 0, a letter, or the choice
itself) or ``prompt``, ``answer`` (generate items; several allowed answers as a list). ``id`` and ``system`` may be
there. In CSV the choices stand in one column separated by ``|``, or in columns ``A``, ``B``, ``C`` … of their own.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import string
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from ..errors import DatasetError
from .items import ChoiceItem, GenerateItem, Item
from .spec import Kind

MAX_SIZE_BYTES = 200 * 2**20
_MAX_CHOICES = 26


class RowProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one row."""

    line: int
    """As an editor counts, from 1."""
    message: str


class UserData(msgspec.Struct, frozen=True, kw_only=True):
    """A file as far as it could be read; it can be used when there are no problems."""

    kind: Kind
    items: tuple[Item, ...]
    problems: tuple[RowProblem, ...]


class _BadRowError(Exception):
    """One row cannot be used; the message says why."""


def data_sha256(path: Path) -> str:
    """SHA-256 of the file."""
    return hashlib.sha256(_read(path)).hexdigest()


def read_user_data(path: Path) -> UserData:
    """Read every row of ``path``; rows that cannot be used become problems.

    Raises:
        DatasetError: the file as a whole cannot be used: missing, empty, not UTF-8, not JSONL or CSV, too large.
    """
    try:
        text = _read(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is not UTF-8 text (byte {error.start}).", hint="Save it as UTF-8.") from None
    rows = list(_csv_rows(path, text) if path.suffix.lower() == ".csv" else _json_rows(text))
    if not rows:
        raise DatasetError(f"{path} has no rows.", hint="It needs at least one item.")
    kind = _kind(path, rows)
    items: list[Item] = []
    problems: list[RowProblem] = []
    ids: dict[str, int] = {}
    for line, row in rows:
        try:
            if isinstance(row, str):
                raise _BadRowError(row)
            item = _choice_item(line, row) if kind == "choice" else _generate_item(line, row)
            if item.id in ids:
                raise _BadRowError(f"the id {item.id!r} is on line {ids[item.id]} already")
            ids[item.id] = line
            items.append(item)
        except _BadRowError as error:
            problems.append(RowProblem(line=line, message=str(error)))
    return UserData(kind=kind, items=tuple(items), problems=tuple(problems))


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_SIZE_BYTES:
            raise DatasetError(
                f"{path} has {size / 2**20:.0f} MiB; at most {MAX_SIZE_BYTES // 2**20} are read.", hint="Take a sample."
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise DatasetError(f"There is no data file {path}.") from None
    except (OSError, ValueError) as error:
        raise DatasetError(f"The data file {path} cannot be read: {error}.") from None


_Row = Mapping[str, Any] | str
"""The columns of a row, or what is wrong with it."""


def _json_rows(text: str) -> Iterator[tuple[int, _Row]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, f"not valid JSON ({error})"
            continue
        yield number, row if isinstance(row, dict) else "not a JSON object; each line needs one, such as {\"prompt\": …}"


def _csv_rows(path: Path, text: str) -> Iterator[tuple[int, _Row]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [(name or "").strip() for name in reader.fieldnames or ()]
        reader.fieldnames = header
        for row in reader:
            if None in row:
                yield reader.line_num, f"has more than the {len(header)} columns of the header"
            elif any(value is None for value in row.values()):
                yield reader.line_num, f"has fewer than the {len(header)} columns of the header"
            else:
                yield reader.line_num, _gather_choices(row)
    except csv.Error as error:
        raise DatasetError(f"{path}, line {reader.line_num}: not valid CSV ({error}).") from None


def _gather_choices(row: Mapping[str, str]) -> Mapping[str, Any]:
    letters = [letter for letter in string.ascii_uppercase if row.get(letter, "").strip()]
    if "choices" in row:
        return {**row, "choices": [choice.strip() for choice in row["choices"].split("|")]}
    if letters:
        return {**row, "choices": [row[letter].strip() for letter in letters]}
    return row


def _kind(path: Path, rows: list[tuple[int, _Row]]) -> Kind:
    for _line, row in rows:
        if isinstance(row, str):
            continue
        if "question" in row and "choices" in row:
            return "choice"
        if "prompt" in row:
            return "generate"
    first = next((row for _line, row in rows if not isinstance(row, str)), None)
    found = f"found {', '.join(map(repr, list(first)[:8]))}" if first is not None else "no line could be read"
    raise DatasetError(
        f"{path} has neither the columns question, choices, answer nor prompt, answer ({found}).",
        hint="Rename its columns.",
    )


def _text(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    if value is None or (isinstance(value, str) and not value.strip()):
        raise _BadRowError(f"{column!r} is missing or empty")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise _BadRowError(f"{column!r} must be text")
    return str(value)


def _id(line: int, row: Mapping[str, Any]) -> str:
    return _text(row, "id") if str(row.get("id") or "").strip() else f"line-{line}"


def _choice_item(line: int, row: Mapping[str, Any]) -> ChoiceItem:
    question = _text(row, "question")
    choices = row.get("choices")
    if not isinstance(choices, list) or not all(isinstance(c, (str, int, float)) for c in choices):
        raise _BadRowError("'choices' must be a list of texts")
    texts = tuple(str(choice).strip() for choice in choices)
    if not 2 <= len(texts) <= _MAX_CHOICES:
        raise _BadRowError(f"'choices' has {len(texts)} entries; it needs 2 to {_MAX_CHOICES}")
    if "" in texts:
        raise _BadRowError("'choices' has an empty entry")
    if len(set(texts)) < len(texts):
        raise _BadRowError("'choices' has the same entry twice")
    return ChoiceItem(id=_id(line, row), question=question, choices=texts, gold=_gold(row, texts))


def _gold(row: Mapping[str, Any], choices: tuple[str, ...]) -> int:
    answer = _text(row, "answer").strip()
    if answer in choices:
        return choices.index(answer)
    letters = string.ascii_uppercase[: len(choices)]
    if len(answer) == 1 and answer.upper() in letters:
        return letters.index(answer.upper())
    if answer.isascii() and answer.isdigit() and len(answer) < 4 and int(answer) < len(choices):
        return int(answer)
    raise _BadRowError(f"the answer {answer[:40]!r} is no choice, no letter A to {letters[-1]}, no index from 0")


def _generate_item(line: int, row: Mapping[str, Any]) -> GenerateItem:
    prompt = _text(row, "prompt")
    answer = row.get("answer")
    if isinstance(answer, list):
        answers = tuple(str(a).strip() for a in answers_of(answer))
        if not answers or "" in answers:
            raise _BadRowError("'answer' is an empty list or has an empty entry")
    else:
        answers = (_text(row, "answer").strip(),)
    system = row.get("system")
    return GenerateItem(id=_id(line, row), prompt=prompt, answers=answers, system=str(system) if system else "")


def answers_of(values: list[Any]) -> Iterator[str | int | float]:
    """The allowed answers in a list.

    Raises:
        _BadRowError: one is neither text nor a number.
    """
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise _BadRowError("'answer' must be text or a list of texts")
        yield value
