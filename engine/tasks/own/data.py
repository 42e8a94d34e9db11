"""Reads your own data into items, and reports every bad row with its line number.

Choice items have the columns ``question``, ``choices`` and ``answer``: the option itself, its number, its letter, or
one of ``labels`` when that column lists the options' labels. Generate items have ``prompt`` and ``answer``; several
correct answers are a list. Optional columns are ``id``, ``system`` and ``check``, an object with what a scorer needs
besides the answers. In a table of text, ``choices`` is one column separated by ``|``. In any format the options can
have columns of their own: ``A``, ``B``, ``C`` …, or ``choice1``, ``choice2`` … (see ``names``). ``columns`` maps other
names to these.

``rows`` reads the formats, ``shapes`` brings rows into these columns, ``choices`` and ``items`` turn them into items.
"""

from __future__ import annotations

import bisect
import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ...errors import DatasetError
from ...plan.model import OwnAsking
from ..items import ChoiceItem, GenerateItem, Item
from ..limited import limited
from ..scorer import Scorer
from ..scorers import find_own_scorer
from ..spec import CONTEXT_TEMPLATE, DELIMITER, Kind, Shot
from .cells import BadRowError, RowProblem, is_blank
from .choices import ChoiceRow, Numbering, choice_item, choice_row, find_numbering
from .items import generate_item
from .names import plain_name
from .oddities import oddities
from .rows import FileRows, rows_of_file
from .shapes import Shaped, shaped

MAX_SIZE_BYTES = 200 * 2**20
_PASSAGES = frozenset((
    "article", "background", "context", "ctx", "dialog", "dialogue", "document", "facts", "hypothesis", "input",
    "paragraph", "passage", "premise", "sentence", "story", "support", "transcript",
))  # fmt: skip
"""Columns that questions are often about."""


class ColumnUse(msgspec.Struct, frozen=True):
    """A column of ours and what it is called in the file."""

    ours: str
    theirs: str


class UserData(msgspec.Struct, frozen=True, kw_only=True):
    """The rows that could be read. The data can be used when there are no problems."""

    kind: Kind
    items: tuple[Item, ...]
    problems: tuple[RowProblem, ...]
    columns: tuple[ColumnUse, ...] = ()
    """Columns of the first usable row that mean something."""
    unused: tuple[str, ...] = ()
    """Its other columns."""
    how: tuple[str, ...] = ()
    """How the data was read where that is not what everybody expects, in a few words each."""
    doubts: tuple[RowProblem, ...] = ()
    """What a person should look at: usable, but there is another way to read it."""
    shots: tuple[Shot, ...] = ()
    """Worked examples of generate suites. Choice items have theirs in their contexts."""


def data_sha256(path: Path) -> str:
    """SHA-256 of the file.

    Raises:
        DatasetError: it is missing, not a plain file, too large or unreadable.
    """
    return hashlib.sha256(_read(path)).hexdigest()


def read_user_files(files: Sequence[tuple[Path, Path]], *, where: str, asking: OwnAsking) -> UserData:
    """Read every row of the files as one table; rows that cannot be used become problems.

    Each file is the name that messages use and its place; ``where`` names all of them in messages. ``asking`` maps
    their column names to ours, says how many rows from the first become worked examples, and how generate items are
    scored: rows that its scorer cannot use are problems too.

    Raises:
        DatasetError: the data as a whole cannot be used: missing, empty, too large, in no known format or encoding; the
            mapping does not fit; there is no such scorer; there are not more rows than worked examples.
    """
    parts: list[tuple[int, FileRows]] = []
    """Each file, after the number of lines before it: numbering continues, so that ids made of lines differ."""
    size = before = 0
    for shown, path in files:
        content = _read(path)
        size += len(content)
        if size > MAX_SIZE_BYTES:
            raise DatasetError(f"{where} has more than {MAX_SIZE_BYTES // 2**20} MiB in total.", hint="Take a sample.")
        part = rows_of_file(shown, content, asking.columns, asking.reading)
        parts.append((before, part))
        before += part.rows[-1][0] if part.rows else 0
    data = _Reader(where, asking).read(parts)
    if len(files) < 2:
        return data
    names = [shown.name for shown, _path in files]
    starts = [start for start, _part in parts]
    return msgspec.structs.replace(
        data,
        problems=tuple(_in_its_file(problem, starts, names) for problem in data.problems),
        doubts=tuple(_in_its_file(doubt, starts, names) for doubt in data.doubts),
    )


def _in_its_file(problem: RowProblem, starts: list[int], names: list[str]) -> RowProblem:
    if not problem.line:
        return problem
    index = bisect.bisect_left(starts, problem.line) - 1
    return RowProblem(line=problem.line - starts[index], message=f"of {names[index]}: {problem.message}")


class _Reader:
    """Turns the rows of all files into items of one kind."""

    def __init__(self, where: str, asking: OwnAsking) -> None:
        self._where, self._asking = where, asking
        self._problems: list[RowProblem] = []
        self._doubts: list[RowProblem] = []
        self._how: list[str] = []
        self._ids: dict[str, int] = {}

    def read(self, parts: Sequence[tuple[int, FileRows]]) -> UserData:
        shots = self._asking.shots
        if not any(part.rows for _start, part in parts):
            raise DatasetError(f"{self._where} has no rows.", hint="Add at least one item.")
        if shots < 0:
            raise DatasetError(f"{self._where}: shots is {shots}; it must not be negative.", hint="Give 0 or more.")
        rows = self._shaped(parts)
        kind = self._kind(rows)
        scoring = find_own_scorer(self._asking.scorer)
        if self._asking.scorer and kind == "choice":
            raise DatasetError(
                f"{self._where} has choices, which are scored by their likelihood and not by {scoring.name!r}.",
                hint="Leave the scorer out, or put the choices into the prompt.",
            )
        rows = [row for row in rows if self._is_of_kind(row, kind)]
        items = self._choice_items(rows) if kind == "choice" else self._generate_items(rows, scoring)
        if passage := _passage(rows):
            message = f"The column {passage!r} is not asked. If it is needed to answer, put it into the question."
            self._doubts.append(RowProblem(line=0, message=message))
        for _start, part in parts:
            self._how += part.how
            self._doubts += [RowProblem(line=0, message=doubt) for doubt in part.doubts]
        data = UserData(
            kind=kind,
            items=tuple(items),
            problems=tuple(sorted(self._problems, key=lambda problem: problem.line)),
            columns=tuple(self._columns(rows[0])) if rows else (),
            unused=tuple(rows[0].rest) if rows else (),
            how=tuple(dict.fromkeys(self._how)),
            doubts=tuple(sorted(dict.fromkeys(self._doubts), key=lambda doubt: doubt.line)),
        )
        return _hold_out(data, shots, self._where) if shots and not data.problems else data

    def _problem(self, line: int, message: str) -> None:
        self._problems.append(RowProblem(line=line, message=message))

    def _shaped(self, parts: Sequence[tuple[int, FileRows]]) -> list[Shaped]:
        rows = []
        for start, part in parts:
            for line, row in part.rows:
                try:
                    if isinstance(row, str):
                        raise BadRowError(row)
                    read_lists = self._asking.reading.lists
                    rows.append(shaped(start + line, row, is_table=part.is_table, read_lists=read_lists))
                except BadRowError as error:
                    self._problem(start + line, str(error))
        return rows

    def _kind(self, rows: Sequence[Shaped]) -> Kind:
        kind = next((found for row in rows if (found := _kind_of(row)) is not None), None)
        if kind is not None:
            return kind
        if not rows:
            first, *others = sorted(self._problems, key=lambda problem: problem.line)
            n_more = len(others)
            more = f" {n_more} more {'row' if n_more == 1 else 'rows'} cannot be read either." if others else ""
            raise DatasetError(
                f"{self._where}, line {first.line}: {first.message}.{more}",
                hint="`weighin preview` shows how a file is read; --reading says what cannot be seen in it.",
            )
        names = [*rows[0].used.values(), *rows[0].rest]
        raise DatasetError(
            f"{self._where} needs the columns question, choices and answer, or prompt and answer "
            f"(found {', '.join(map(repr, names[:8])) or 'none'}{' …' if len(names) > 8 else ''}).",
            hint="Rename its columns, map them with --columns, or say --reading header=no if the first line is a row.",
        )

    def _is_of_kind(self, row: Shaped, kind: Kind) -> bool:
        own = _kind_of(row)
        if own in (kind, None):
            return True
        self._problem(row.line, f"is a {own} row, but the file began with {kind} rows; use one file per kind")
        return False

    def _columns(self, row: Shaped) -> list[ColumnUse]:
        theirs = {ours: name for name, ours in self._asking.columns.items()}
        return [
            ColumnUse(ours, ", ".join(theirs.get(part, part) for part in name.split(", ")))
            for ours, name in row.used.items()
        ]

    def _choice_items(self, rows: Sequence[Shaped]) -> list[Item]:
        found: list[ChoiceRow] = []
        lines: list[int] = []
        for row in rows:
            try:
                found.append(choice_row(row))
                lines.append(row.line)
            except BadRowError as error:
                self._problem(row.line, str(error))
        numbering: Numbering = find_numbering(found, self._asking.reading.index)
        self._how += numbering.how
        self._doubts += [RowProblem(line=0, message=doubt) for doubt in numbering.doubts]
        self._doubts += _odd_counts([row for row in rows if row.was_split])
        read: list[tuple[int, Item]] = []
        for line, each in zip(lines, found, strict=True):
            try:
                item = choice_item(each, numbering)
                self._take_id(line, item)
                read.append((line, item))
            except BadRowError as error:
                self._problem(line, str(error))
        self._doubts += oddities(read)
        return [item for _line, item in read]

    def _generate_items(self, rows: Sequence[Shaped], scoring: Scorer) -> list[Item]:
        self._check_no_choices(rows)
        read: list[tuple[Shaped, GenerateItem]] = []
        for row in rows:
            try:
                item = generate_item(row, scoring)
                self._take_id(row.line, item)
                read.append((row, item))
            except BadRowError as error:
                self._problem(row.line, str(error))
        self._doubts += oddities(((row.line, item) for row, item in read), self._longest(scoring))
        items: list[Item] = []
        settled = scoring.settle(tuple(item for _row, item in read))
        for (row, _item), item, problem in zip(read, settled, _unfit(scoring, settled), strict=True):
            if problem:
                self._problem(row.line, problem)
                continue
            items.append(item)
            for reading in scoring.read_golds(item):
                if reading.doubt:
                    self._doubts.append(RowProblem(line=row.line, message=reading.doubt))
            if row.is_unclear_list:
                self._doubts.append(
                    RowProblem(line=row.line, message="The answer looks like a list and is taken as one text.")
                )
        n_lists = sum(row.was_list for row in rows)
        if n_lists:
            are = "answer is a list" if n_lists == 1 else "answers are lists"
            self._how.append(f"{n_lists} {are} of right answers, written as text")
        return items

    def _longest(self, scoring: Scorer) -> int:
        """The most tokens of an answer; 0 where models need not write it whole: a number in it decides, for example."""
        extractor = self._asking.extractor or scoring.extractor
        is_written = scoring.needs == "answer" and extractor in ("first_line", "whole", "verbatim")
        return (self._asking.max_tokens or scoring.max_tokens) if is_written else 0

    def _take_id(self, line: int, item: Item) -> None:
        if item.id in self._ids:
            raise BadRowError(f"the id {item.id!r} is already used on line {self._ids[item.id]}")
        self._ids[item.id] = line

    def _check_no_choices(self, rows: Sequence[Shaped]) -> None:
        """Refuse questions whose choices are in columns that were not recognised: only letters would be right."""
        asked = [row for row in rows if row.question_asked and not is_blank(row.fields.get("answer"))]
        if not asked or not asked[0].rest:
            return
        lists = next((name for name, value in asked[0].rest.items() if isinstance(value, list) and len(value) > 1), "")
        holding = [
            name
            for name in asked[0].rest
            if any(row.rest.get(name) == row.fields["answer"] for row in asked) and len(asked[0].rest) > 1
        ]
        answers_are_text_of_columns = len(holding) > 1 and all(
            any(value == row.fields["answer"] for value in row.rest.values()) for row in asked
        )
        are_letters = len(asked[0].rest) > 1 and all(
            isinstance(answer := row.fields["answer"], str) and len(answer.strip()) == 1 and answer.strip().isalpha()
            for row in asked
        )
        if lists or answers_are_text_of_columns or are_letters:
            names = [lists] if lists else list(asked[0].rest)
            mapping = f"choices={lists}" if lists else f"A={names[0]},B={names[1]}"
            raise DatasetError(
                f"{self._where} has questions, and their choices seem to be in {', '.join(map(repr, names[:5]))}.",
                hint=f"Map them, such as --columns {mapping}, or ask without them with --columns prompt=question.",
            )


def _kind_of(row: Shaped) -> Kind | None:
    """What the columns of a row ask for; None when neither kind fits."""
    if "question" in row.fields and "choices" in row.fields:
        return "choice"
    return "generate" if "prompt" in row.fields else None


def _passage(rows: Sequence[Shaped]) -> str:
    """A column that is not used, and that questions are likely about."""
    names = [name for row in rows[:1] for name in row.rest if plain_name(name) in _PASSAGES]
    return next((name for name in names if any(not is_blank(row.rest.get(name)) for row in rows)), "")


def _odd_counts(rows: Sequence[Shaped]) -> list[RowProblem]:
    """Rows with more choices than nearly all others have: a bar inside one of them looks like that."""
    counts = Counter(len(row.fields["choices"]) for row in rows)
    if len(rows) < 3 or len(counts) < 2:
        return []
    usual, times = counts.most_common(1)[0]
    if times < 0.6 * len(rows):
        return []
    return [
        RowProblem(
            line=row.line,
            message=f"It has {len(row.fields['choices'])} choices, most rows have {usual}: does a | stand inside one?",
        )
        for row in rows
        if len(row.fields["choices"]) > usual
    ]


def _unfit(scorer: Scorer, items: Sequence[GenerateItem]) -> list[str]:
    """For each item why ``scorer`` cannot use it, or an empty text."""
    if scorer.reveals_bad_items:  # by running what the user wrote, which may take forever
        return limited().find_problems(scorer.name, items)
    return [scorer.problem_of(item) for item in items]


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
            raise DatasetError(f"{path} is not a file.", hint="Name the data file itself.")
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
