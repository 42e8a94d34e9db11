"""The user's own data: JSONL or CSV, every bad row told with its line number.

Columns are ``question``, ``choices``, ``answer`` (choice items; the answer as an index from 0, a letter, or the choice
itself) or ``prompt``, ``answer`` (generate items; several allowed answers as a list). ``id`` and ``system`` may be
there. In CSV the choices stand in one column separated by ``|``, or in columns of their own: ``A``, ``B``, ``C`` … or
``choice1``, ``choice2`` …
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
    columns: tuple[str, ...] = ()
    """Of the first row that could be read, for a preview."""


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
            if kind != _row_kind(row) and _row_kind(row) is not None:
                raise _BadRowError(
                    f"is a {_row_kind(row)} row, but the file began with {kind} rows; use one file a kind"
                )
            item = _choice_item(line, row) if kind == "choice" else _generate_item(line, row)
            if item.id in ids:
                raise _BadRowError(f"the id {item.id!r} is on line {ids[item.id]} already")
            ids[item.id] = line
            items.append(item)
        except _BadRowError as error:
            problems.append(RowProblem(line=line, message=str(error)))
    columns = next((tuple(str(name) for name in row) for _line, row in rows if not isinstance(row, str)), ())
    return UserData(kind=kind, items=tuple(items), problems=tuple(problems), columns=columns)


def _read(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            # A pipe or a device may never end, and cannot be read again when the run goes on.
            raise DatasetError(f"{path} is not a file.", hint="Give the JSONL or CSV file itself.")
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
        yield number, row if isinstance(row, dict) else 'not a JSON object; each line needs one, such as {"prompt": …}'


def _csv_rows(path: Path, text: str) -> Iterator[tuple[int, _Row]]:
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
                yield reader.line_num, _gather_choices(row)
    except csv.Error as error:
        raise DatasetError(f"{path}, line {reader.line_num}: not valid CSV ({error}).") from None


def _gather_choices(row: Mapping[str, str]) -> _Row:
    if "choices" in row:
        return {**row, "choices": [choice.strip() for choice in row["choices"].split("|")]}
    for names in (tuple(string.ascii_uppercase), tuple(f"choice{n}" for n in range(1, _MAX_CHOICES + 1))):
        if names[0] not in row or names[1] not in row:
            continue
        texts = [row.get(name, "").strip() for name in names]
        while texts and not texts[-1]:
            texts.pop()
        if "" in texts:
            # Closing the gap would silently move the letters after it.
            return f"the choice {names[texts.index('')]!r} is empty and a later one is not"
        return {**row, "choices": texts}
    return row


def _row_kind(row: Mapping[str, Any]) -> Kind | None:
    if "question" in row and "choices" in row:
        return "choice"
    return "generate" if "prompt" in row else None


def _kind(path: Path, rows: list[tuple[int, _Row]]) -> Kind:
    for _line, row in rows:
        if isinstance(row, str):
            continue
        found_kind = _row_kind(row)
        if found_kind is not None:
            return found_kind
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
    return _sound(str(value), column)


def _sound(text: str, column: str) -> str:
    # JSON can spell half of a character pair; nothing after this could write it as UTF-8.
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise _BadRowError(f"{column!r} has half of a surrogate pair, which is no character")
    return text


def _id(line: int, row: Mapping[str, Any]) -> str:
    value = row.get("id")
    return f"line-{line}" if value is None or not str(value).strip() else _text(row, "id")


def _choice_item(line: int, row: Mapping[str, Any]) -> ChoiceItem:
    question = _text(row, "question")
    choices = row.get("choices")
    if not isinstance(choices, list) or not all(isinstance(c, (str, int, float)) for c in choices):
        raise _BadRowError("'choices' must be a list of texts")
    texts = tuple(_sound(str(choice).strip(), "choices") for choice in choices)
    if not 2 <= len(texts) <= _MAX_CHOICES:
        raise _BadRowError(f"'choices' has {len(texts)} entries; it needs 2 to {_MAX_CHOICES}")
    if "" in texts:
        raise _BadRowError("'choices' has an empty entry")
    if len(set(texts)) < len(texts):
        raise _BadRowError("'choices' has the same entry twice")
    return ChoiceItem(id=_id(line, row), question=question, choices=texts, gold=_gold(row, texts))


def _gold(row: Mapping[str, Any], choices: tuple[str, ...]) -> int:
    answer = _text(row, "answer").strip()
    letters = string.ascii_uppercase[: len(choices)]
    meant = set()
    if answer in choices:
        meant.add(choices.index(answer))
    if len(answer) == 1 and answer.upper() in letters:
        meant.add(letters.index(answer.upper()))
    if answer.isascii() and answer.isdigit() and len(answer) < 4 and int(answer) < len(choices):
        meant.add(int(answer))
    if not meant:
        raise _BadRowError(f"the answer {answer[:40]!r} is no choice, no letter A to {letters[-1]}, no index from 0")
    if len(meant) > 1:
        raise _BadRowError(
            f"the answer {answer!r} can mean choice {' or '.join(letters[i] for i in sorted(meant))}; "
            "give a letter, or the text of a choice that is no index or letter"
        )
    return meant.pop()


def _generate_item(line: int, row: Mapping[str, Any]) -> GenerateItem:
    prompt = _text(row, "prompt")
    answer = row.get("answer")
    if isinstance(answer, list):
        answers = tuple(_sound(str(a).strip(), "answer") for a in answers_of(answer))
        if not answers or "" in answers:
            raise _BadRowError("'answer' is an empty list or has an empty entry")
    else:
        answers = (_text(row, "answer").strip(),)
    system = _text(row, "system") if row.get("system") else ""
    return GenerateItem(id=_id(line, row), prompt=prompt, answers=answers, system=system)


def answers_of(values: list[Any]) -> Iterator[str | int | float]:
    """The allowed answers in a list.

    Raises:
        _BadRowError: one is neither text nor a number.
    """
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise _BadRowError("'answer' must be text or a list of texts")
        yield value
