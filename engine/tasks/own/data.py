"""Reads your own data (JSONL, CSV or Parquet) into items, and reports every bad row with its line number.

Choice items have the columns ``question``, ``choices`` and ``answer``: an index from 0, a letter, the option itself, or
one of ``labels`` when that column lists the options' labels. Generate items have ``prompt`` and ``answer``; several
correct answers are a list. Optional columns are ``id``, ``system`` and ``check``, an object with what a scorer needs
besides the answers. In CSV, ``choices`` is one column separated by ``|``. In any format the options can have columns of
their own: ``A``, ``B``, ``C`` … or ``choice1``, ``choice2`` … ``columns`` maps other names to these.

``rows`` reads the formats, ``items`` turns one row into an item.
"""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from ...errors import DatasetError
from ..items import ChoiceItem, GenerateItem, Item
from ..scorer import UnfitItemError
from ..scorers import find_own_scorer
from ..spec import CONTEXT_TEMPLATE, DELIMITER, Kind, Shot
from .items import BadRowError, choice_item, generate_item, row_kind
from .rows import Numbered, rows_of_file

MAX_SIZE_BYTES = 200 * 2**20


class RowProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one row."""

    line: int
    """Line number as in an editor, from 1."""
    message: str


class UserData(msgspec.Struct, frozen=True, kw_only=True):
    """The rows that could be read. The data can be used when there are no problems."""

    kind: Kind
    items: tuple[Item, ...]
    problems: tuple[RowProblem, ...]
    columns: tuple[str, ...] = ()
    """Columns of the first readable row, for a preview."""
    shots: tuple[Shot, ...] = ()
    """Worked examples of generate suites. Choice items have theirs in their contexts."""


def data_sha256(path: Path) -> str:
    """SHA-256 of the file.

    Raises:
        DatasetError: it is missing, not a plain file, too large or unreadable.
    """
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
    """Number of lines before each file. Numbering continues across files, so that ids made of line numbers differ."""
    size = 0
    for shown, path in files:
        content = _read(path)
        size += len(content)
        if size > MAX_SIZE_BYTES:
            raise DatasetError(f"{where} has more than {MAX_SIZE_BYTES // 2**20} MiB in total.", hint="Take a sample.")
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
        raise DatasetError(f"{where} has no rows.", hint="Add at least one item.")
    if shots < 0:
        raise DatasetError(f"{where}: shots is {shots}; it must not be negative.", hint="Give 0 or more.")
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
                raise BadRowError(row)
            own_kind = row_kind(row)
            if own_kind not in (kind, None):
                raise BadRowError(f"is a {own_kind} row, but the file began with {kind} rows; use one file per kind")
            item = choice_item(line, row) if kind == "choice" else generate_item(line, row, scoring)
            if item.id in ids:
                raise BadRowError(f"the id {item.id!r} is already used on line {ids[item.id]}")
            if isinstance(item, GenerateItem):
                scoring.check_item(item)
            ids[item.id] = line
            items.append(item)
        except (BadRowError, UnfitItemError) as error:
            problems.append(RowProblem(line=line, message=str(error)))
    names = next((tuple(str(name) for name in row) for _line, row in rows if not isinstance(row, str)), ())
    data = UserData(kind=kind, items=tuple(items), problems=tuple(problems), columns=names)
    return _hold_out(data, shots, where) if shots and not problems else data


def _hold_out(data: UserData, shots: int, where: str) -> UserData:
    """Turn the first ``shots`` items into worked examples for the others."""
    if len(data.items) <= shots:
        raise DatasetError(
            f"{where} has {len(data.items)} rows: {shots} worked examples leave none to ask.", hint="Use fewer."
        )
    held, asked = data.items[:shots], data.items[shots:]
    solved: list[Shot] = []
    for item in held:
        if isinstance(item, ChoiceItem):
            solved.append(Shot(prompt=item.question, answer=item.choices[item.gold]))
        elif not item.answers:
            raise DatasetError(f"{where}: the row {item.id} cannot be a worked example, because it has no answer.")
        else:
            solved.append(Shot(prompt=item.prompt, answer=item.answers[0]))
    if data.kind == "generate":
        return msgspec.structs.replace(data, items=asked, shots=tuple(solved))
    before = "".join(f"{CONTEXT_TEMPLATE.format(question=shot.prompt)}{DELIMITER}{shot.answer}\n\n" for shot in solved)
    return msgspec.structs.replace(
        data,
        items=tuple(
            msgspec.structs.replace(item, contexts=(before + CONTEXT_TEMPLATE.format(question=item.question),))
            for item in asked
            if isinstance(item, ChoiceItem)
        ),
    )


def _read(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            # A pipe or a device may never end, and cannot be read again when the run resumes.
            raise DatasetError(f"{path} is not a file.", hint="Give the JSONL or CSV file itself.")
        size = path.stat().st_size
        if size > MAX_SIZE_BYTES:
            raise DatasetError(
                f"{path} has {size / 2**20:.0f} MiB; the maximum is {MAX_SIZE_BYTES // 2**20}.", hint="Take a sample."
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise DatasetError(f"There is no data file {path}.") from None
    except (OSError, ValueError) as error:
        raise DatasetError(f"The data file {path} cannot be read: {error}.") from None


def _kind(where: str, rows: list[Numbered]) -> Kind:
    for _line, row in rows:
        if isinstance(row, str):
            continue
        found_kind = row_kind(row)
        if found_kind is not None:
            return found_kind
    first = next((row for _line, row in rows if not isinstance(row, str)), None)
    found = f"found {', '.join(map(repr, list(first)[:8]))}" if first is not None else "no line could be read"
    raise DatasetError(
        f"{where} needs the columns question, choices and answer, or prompt and answer ({found}).",
        hint="Rename its columns, or map them with --columns.",
    )
