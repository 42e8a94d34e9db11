"""The user's own data: JSONL, CSV or Parquet, every bad row told with its line number.

Columns are ``question``, ``choices``, ``answer`` (choice items; the answer as an index from 0, a letter, the choice
itself, or one of ``labels`` where that column lists the choices' labels) or ``prompt``, ``answer`` (generate items;
several allowed answers as a list). ``id``, ``system`` and ``check`` (what a scorer needs besides the answers, an
object) may be there. In CSV the choices stand in one column separated by ``|``; anywhere they may stand in columns of
their own: ``A``, ``B``, ``C`` … or ``choice1``, ``choice2`` … Other names are mapped to these by ``columns``.
"""

from __future__ import annotations

import bisect
import hashlib
import json
import string
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ...errors import DatasetError
from ..items import ChoiceItem, GenerateItem, Item
from ..scorer import Scorer, UnfitItemError
from ..scorers import find_own_scorer
from ..spec import Kind, Shot, SuiteSpec
from .rows import MAX_CHOICES, Numbered, rows_of_file

MAX_SIZE_BYTES = 200 * 2**20


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
    shots: tuple[Shot, ...] = ()
    """The rows held out as solved examples, for generate suites; choice items carry theirs in their contexts."""


class _BadRowError(Exception):
    """One row cannot be used; the message says why."""


def data_sha256(path: Path) -> str:
    """SHA-256 of the file."""
    return hashlib.sha256(_read(path)).hexdigest()


def read_user_files(
    files: Sequence[tuple[Path, Path]],
    *,
    where: str,
    columns: Mapping[str, str] | None = None,
    shots: int = 0,
    scorer: str = "",
) -> UserData:
    """Read every row of the files as one table; rows that cannot be used become problems.

    Each file is the name that messages use and its place; ``where`` names all of them in messages. ``columns`` maps
    their column names to ours (``{"query": "prompt", "choices.text": "choices"}``). The first ``shots`` rows become
    worked examples instead of items. ``scorer`` scores generate items (empty: ``exact``): rows it cannot use are
    problems too.

    Raises:
        DatasetError: the data as a whole cannot be used: missing, empty, not UTF-8, not JSONL, CSV or Parquet, too
            large; the mapping does not fit; there is no such scorer; there are not more rows than ``shots``.
    """
    rows: list[Numbered] = []
    starts: list[int] = []
    """Lines before each file: rows are numbered through, so that ids made of line numbers stay different."""
    size = 0
    for shown, path in files:
        content = _read(path)
        size += len(content)
        if size > MAX_SIZE_BYTES:
            raise DatasetError(f"{where}: more than {MAX_SIZE_BYTES // 2**20} MiB in all.", hint="Take a sample.")
        starts.append(rows[-1][0] if rows else 0)
        rows += [(starts[-1] + line, row) for line, row in rows_of_file(shown, content, columns or {})]
    data = _user_data(rows, where, shots, scorer)
    if len(files) < 2:
        return data
    return msgspec.structs.replace(
        data,
        problems=tuple(_in_its_file(problem, starts, [shown.name for shown, _ in files]) for problem in data.problems),
    )


def _in_its_file(problem: RowProblem, starts: list[int], names: list[str]) -> RowProblem:
    index = bisect.bisect_left(starts, problem.line) - 1
    return RowProblem(line=problem.line - starts[index], message=f"of {names[index]}: {problem.message}")


def _user_data(rows: list[Numbered], where: str, shots: int, scorer: str) -> UserData:
    if not rows:
        raise DatasetError(f"{where} has no rows.", hint="It needs at least one item.")
    if shots < 0:
        raise DatasetError(f"{where}: {shots} solved examples cannot be held out.", hint="Give 0 or more.")
    kind = _kind(where, rows)
    scoring = find_own_scorer(scorer)
    if scorer and kind == "choice":
        raise DatasetError(
            f"{where} has choices, which are scored by their likelihood and not by {scorer!r}.",
            hint="Leave the scorer out, or put the choices into the prompt.",
        )
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
            item = _choice_item(line, row) if kind == "choice" else _generate_item(line, row, scoring)
            if item.id in ids:
                raise _BadRowError(f"the id {item.id!r} is on line {ids[item.id]} already")
            if isinstance(item, GenerateItem):
                scoring.check_item(item)
            ids[item.id] = line
            items.append(item)
        except (_BadRowError, UnfitItemError) as error:
            problems.append(RowProblem(line=line, message=str(error)))
    names = next((tuple(str(name) for name in row) for _line, row in rows if not isinstance(row, str)), ())
    data = UserData(kind=kind, items=tuple(items), problems=tuple(problems), columns=names)
    return _hold_out(data, shots, where) if shots and not problems else data


def _hold_out(data: UserData, shots: int, where: str) -> UserData:
    """The first ``shots`` items made solved examples of the others."""
    if len(data.items) <= shots:
        raise DatasetError(
            f"{where} has {len(data.items)} rows: {shots} as solved examples leave none to ask.",
            hint="Hold out fewer.",
        )
    held, asked = data.items[:shots], data.items[shots:]
    solved: list[Shot] = []
    for item in held:
        if isinstance(item, ChoiceItem):
            solved.append(Shot(prompt=item.question, answer=item.choices[item.gold]))
        elif not item.answers:
            raise DatasetError(f"{where}: the row {item.id} is to be a solved example, but has no answer.")
        else:
            solved.append(Shot(prompt=item.prompt, answer=item.answers[0]))
    if data.kind == "generate":
        return msgspec.structs.replace(data, items=asked, shots=tuple(solved))
    template, delimiter = _default_of("context_template"), _default_of("delimiter")
    before = "".join(f"{template.format(question=shot.prompt)}{delimiter}{shot.answer}\n\n" for shot in solved)
    return msgspec.structs.replace(
        data,
        items=tuple(
            msgspec.structs.replace(item, contexts=(before + template.format(question=item.question),))
            for item in asked
            if isinstance(item, ChoiceItem)
        ),
    )


def _default_of(field: str) -> str:
    return str(next(each.default for each in msgspec.structs.fields(SuiteSpec) if each.name == field))


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


def _row_kind(row: Mapping[str, Any]) -> Kind | None:
    if "question" in row and "choices" in row:
        return "choice"
    return "generate" if "prompt" in row else None


def _kind(where: str, rows: list[Numbered]) -> Kind:
    for _line, row in rows:
        if isinstance(row, str):
            continue
        found_kind = _row_kind(row)
        if found_kind is not None:
            return found_kind
    first = next((row for _line, row in rows if not isinstance(row, str)), None)
    found = f"found {', '.join(map(repr, list(first)[:8]))}" if first is not None else "no line could be read"
    raise DatasetError(
        f"{where} has neither the columns question, choices, answer nor prompt, answer ({found}).",
        hint="Rename its columns, or map them.",
    )


def _text(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    if _is_blank(value):
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
    if not 2 <= len(texts) <= MAX_CHOICES:
        raise _BadRowError(f"'choices' has {len(texts)} entries; it needs 2 to {MAX_CHOICES}")
    if "" in texts:
        raise _BadRowError("'choices' has an empty entry")
    if len(set(texts)) < len(texts):
        raise _BadRowError("'choices' has the same entry twice")
    return ChoiceItem(id=_id(line, row), question=question, choices=texts, gold=_gold(row, texts))


def _gold(row: Mapping[str, Any], choices: tuple[str, ...]) -> int:
    value = row.get("answer")
    # Tables with gaps turn whole numbers into floats.
    whole = isinstance(value, float) and value.is_integer()
    answer = str(int(value)) if whole and value is not None else _text(row, "answer").strip()
    letters = string.ascii_uppercase[: len(choices)]
    labels = row.get("labels")
    if labels is not None:
        return _labelled(answer, labels, choices)
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


def _labelled(answer: str, labels: object, choices: tuple[str, ...]) -> int:
    names = [str(label).strip() for label in labels] if isinstance(labels, list) else []
    if len(names) != len(choices) or len(set(names)) < len(names):
        raise _BadRowError("'labels' must be a list of different labels, one for each choice")
    if answer not in names:
        raise _BadRowError(f"the answer {answer[:40]!r} is none of the labels {', '.join(names)[:80]}")
    return names.index(answer)


def _generate_item(line: int, row: Mapping[str, Any], scorer: Scorer) -> GenerateItem:
    prompt = _text(row, "prompt")
    answer = row.get("answer")
    check = _check(row, scorer.json_fields)
    answers: tuple[str, ...]
    if isinstance(answer, list):
        answers = tuple(_sound(str(a).strip(), "answer") for a in answers_of(answer))
        if (not check and not answers) or "" in answers:
            raise _BadRowError("'answer' is an empty list or has an empty entry")
    elif _is_blank(answer):
        # Whether it can do without one depends on the scorer.
        answers = ()
    else:
        answers = (_text(row, "answer").strip(),)
    system = _text(row, "system") if row.get("system") else ""
    return GenerateItem(id=_id(line, row), prompt=prompt, answers=answers, system=system, check=check)


def _is_blank(value: object) -> bool:
    return value is None or value != value or (isinstance(value, str) and not value.strip())


def _check(row: Mapping[str, Any], json_fields: frozenset[str]) -> dict[str, Any]:
    """What the scorer needs, as an object or as JSON text of one; a field of it in a column of its own may be JSON."""
    value = row.get("check")
    if _is_blank(value):
        return {}
    whole = _read_json(value) if isinstance(value, str) else value
    if not isinstance(whole, Mapping):
        raise _BadRowError("'check' must be an object")
    check = {
        str(name): _read_json(part) if isinstance(part, str) and name in json_fields else part
        for name, part in whole.items()
        if part is not None
    }
    try:
        _sound(json.dumps(check, ensure_ascii=False), "check")
    except (TypeError, ValueError, RecursionError):
        raise _BadRowError("'check' holds what JSON cannot") from None
    return check


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def answers_of(values: list[Any]) -> Iterator[str | int | float]:
    """The allowed answers in a list.

    Raises:
        _BadRowError: one is neither text nor a number.
    """
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise _BadRowError("'answer' must be text or a list of texts")
        yield value
