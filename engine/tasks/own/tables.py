"""Reads tables of text (CSV, TSV and their relatives) as spreadsheets, databases and data frames write them.

What a table does not say about itself is found out from all of it: the character between cells, white space before
quotes, quotes inside cells that are escaped with a backslash, a missing header. Lines keep their numbers: a row has
that of its first line, as in an editor.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from ...errors import DatasetError
from ...plan.model import Reading
from .names import clean_name

MAX_CELL_CHARACTERS = 2**31 - 1
"""Python's own limit is 131,072. The file's size is limited, so its cells are."""
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
"""What separates cells, in the order of preference, and its name in messages."""
_SEP_LINE = re.compile(r'"?sep=(.)"?[ \t]*(?:\r\n|\r|\n|$)', re.IGNORECASE)
_SAMPLE_ROWS = 50
_TITLE_ROWS = 6
_SAMPLE_CHARACTERS = 2**20
_RULE = re.compile(r"\s*:?[-+]*:?\s*")
"""The cells of the line below the header in a table of Markdown or of a database's terminal."""
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)

NumberedCells = tuple[int, list[str]]
"""The cells of a row, after the number of its first line."""
IsKnown = Callable[[str], bool]
"""Whether a column name means something to weighin or to the user's mapping."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table as it was read."""

    header: list[str]
    """Column names as they stand there, without white space around them; a column without a name has an empty one."""
    rows: list[NumberedCells]
    how: tuple[str, ...] = ()
    """How it was read where that is not what everybody expects, in a few words each."""


def read_table(path: Path, text: str, reading: Reading, is_known: IsKnown) -> Table:
    """All rows of a table of text. Empty rows are left out.

    Raises:
        DatasetError: the table is damaged; the message has the line.
    """
    how: list[str] = []
    if "\0" in text:
        how.append("zero bytes left out")
        text = text.replace("\0", "")
    # Files that were joined keep the byte order mark of each part; old programs end a file with Ctrl-Z.
    text = re.sub(r"(\r\n|\r|\n)\ufeff", r"\1", text).rstrip("\x1a")
    skipped, text, stated = _without_sep_line(text)
    delimiter = reading.delimiter or stated or find_delimiter(text, is_known, is_tsv=path.suffix.lower() == ".tsv")
    if delimiter != ("\t" if path.suffix.lower() == ".tsv" else ","):
        how.append(f"cells separated by {DELIMITERS.get(delimiter, repr(delimiter))}")
    rows, quoting = _parsed(path, text, delimiter, skipped)
    how += quoting
    rows = [(line, cells) for line, cells in rows if any(map(clean_name, cells))]
    if delimiter == "|" and len(rows) > 1 and all(_RULE.fullmatch(cell) for cell in rows[1][1]):
        how.append("a table drawn with bars")
        rows = [(line, [cell.strip() for cell in cells]) for line, cells in (rows[0], *rows[2:])]
    return read_header(path, rows, reading, is_known, tuple(how))


def read_header(
    path: Path, rows: list[NumberedCells], reading: Reading, is_known: IsKnown, how: tuple[str, ...]
) -> Table:
    """The table of these rows, none of which is empty; the first one is the header unless there is none.

    Raises:
        DatasetError: two columns have the same name.
    """
    if not rows:
        return Table(header=[], rows=[], how=how)
    if reading.header is None and (title := _title_rows(rows, is_known)):
        rows = rows[title:]
        how = (*how, f"header on line {rows[0][0]}")
    has_header = not _lacks_header(rows, is_known) if reading.header is None else reading.header
    if not has_header:
        header = _unnamed(rows)
        return Table(header=header, rows=rows, how=(*how, f"no header, read as {', '.join(header)}"))
    header = [clean_name(name) for name in rows[0][1]]
    while header and not header[-1]:
        header.pop()
    counts = Counter(name for name in header if name)
    twice = next((name for name, count in counts.items() if count > 1), None)
    if twice:
        raise DatasetError(f"{path}: the header has the column {twice!r} twice.", hint="Rename one.")
    rows = rows[1:]
    if _has_row_names(header, rows):
        header = ["", *header]
        how = (*how, "row numbers before the first column of the header")
    return Table(header=header, rows=rows, how=how)


def _title_rows(rows: list[NumberedCells], is_known: IsKnown) -> int:
    """The number of rows before the header that hold a title or notes, as spreadsheets have them."""
    for place, (_line, cells) in enumerate(rows[:_TITLE_ROWS]):
        names = [name for name in map(clean_name, cells) if name]
        if sum(map(is_known, names)) >= 2:
            return place
        if len(names) > 1:
            return 0
    return 0


def _has_row_names(header: Sequence[str], rows: Sequence[NumberedCells]) -> bool:
    """Whether every row begins with its number, for which the header has no cell, as R writes tables."""
    if len(rows) < 3 or any(len(cells) != len(header) + 1 for _line, cells in rows):
        return False  # a few rows can also begin with a number and have a comma in their text
    names = [cells[0].strip() for _line, cells in rows]
    return any(names == [str(n) for n in range(first, first + len(names))] for first in (0, 1))


def row_of(header: Sequence[str], cells: Sequence[str]) -> dict[str, str] | str:
    """The cells by column name, or what is wrong with them. Cells beyond the header do not count while empty."""
    if len(cells) < len(header):
        are = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
        return f"has {are}, fewer than the {len(header)} columns of the header"
    if any(map(clean_name, cells[len(header) :])):
        return (
            f"has {len(cells)} cells, more than the {len(header)} columns of the header; "
            "text that contains the delimiter needs quotes"
        )
    if all(clean_name(cell) == name for name, cell in zip(header, cells, strict=False)):
        return "repeats the header; remove it"
    return {name: cell for name, cell in zip(header, cells, strict=False) if name}


def find_delimiter(text: str, is_known: IsKnown, *, is_tsv: bool = False) -> str:
    """The character between cells: with it, the first row has known column names, or all rows have the same length."""
    order = ["\t", *(d for d in DELIMITERS if d != "\t")] if is_tsv else list(DELIMITERS)
    best, best_score = order[0], (0, 0.0)
    for delimiter in order:
        lengths: list[int] = []
        known = 0
        try:
            for cells in csv.reader(
                io.StringIO(text[:_SAMPLE_CHARACTERS], newline=""), delimiter=delimiter, skipinitialspace=True
            ):
                if not any(map(clean_name, cells)):
                    continue
                if len(lengths) < _TITLE_ROWS and known < 2:
                    n_known = len({name for name in map(clean_name, cells) if is_known(name)})
                    if n_known > 1 or not lengths:
                        known, lengths = n_known, []  # what came before is a title
                lengths.append(len(cells))
                if len(lengths) == _SAMPLE_ROWS:
                    break
        except csv.Error:
            continue
        if not lengths or lengths[0] == 1:
            continue
        score = (known, Counter(lengths)[lengths[0]] / len(lengths))
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _without_sep_line(text: str) -> tuple[int, str, str]:
    """Number of lines taken away, the text without Excel's ``sep=;`` line, and its delimiter."""
    found = _SEP_LINE.match(text)
    return (1, text[found.end() :], found[1]) if found else (0, text, "")


def _parsed(path: Path, text: str, delimiter: str, skipped: int) -> tuple[list[NumberedCells], list[str]]:
    """The rows, and how quotes were read."""
    error: DatasetError
    unquoted = _unquoted_rows(text, delimiter, skipped) if delimiter == "\t" and '"' in text else []
    try:
        rows = list(_rows(path, text, delimiter, skipped))
        if unquoted and any("\t" in cell and ("\n" in cell or "\r" in cell) for _line, cells in rows for cell in cells):
            return unquoted, ["quotes as part of the text"]
        if any(cell[:1] == " " and cell.lstrip(" ")[:1] == '"' for _line, cells in rows for cell in cells):
            # Written as: one, "two, three". Without this, the quotes stay and the comma separates.
            return list(_rows(path, text, delimiter, skipped, spaced=True)), ["quotes after a space"]
        return rows, []
    except DatasetError as caught:
        error = caught
    if unquoted:
        return unquoted, ["quotes as part of the text"]
    if re.search(delimiter if delimiter.isalnum() else rf"[{re.escape(delimiter)}] +\"", text):
        try:
            return list(_rows(path, text, delimiter, skipped, spaced=True)), ["quotes after a space"]
        except DatasetError:
            pass
    if '\\"' in text:
        doubled = _ESCAPED.sub(lambda found: {'"': '""', "\\": "\\"}.get(found[1], found[0]), text)
        try:
            return list(_rows(path, doubled, delimiter, skipped)), ["quotes escaped with a backslash"]
        except DatasetError:
            pass
    raise error


def _unquoted_rows(text: str, delimiter: str, skipped: int) -> list[NumberedCells]:
    """The lines split at every delimiter, as tables with tabs are often written; none if they differ in length."""
    lines = enumerate(re.split(r"\r\n|\n|\r", text), 1 + skipped)
    rows = [(number, line.split(delimiter)) for number, line in lines if line.strip()]
    return rows if len({len(cells) for _number, cells in rows}) == 1 and len(rows[0][1]) > 1 else []


def _rows(path: Path, text: str, delimiter: str, skipped: int, *, spaced: bool = False) -> Iterator[NumberedCells]:
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=spaced)
    first = 1 + skipped
    try:
        for cells in reader:
            yield first, cells
            first = reader.line_num + 1 + skipped
    except csv.Error as error:
        reason = str(error)
        if "expected after" in reason:
            reason = "something follows a closing quote; write a quote inside a cell twice"
        elif "unexpected end" in reason:
            reason = "its quote is never closed"
        raise DatasetError(f"{path}, line {first}: not valid CSV ({reason}).", hint="Fix the row.") from None


def _lacks_header(rows: list[NumberedCells], is_known: IsKnown) -> bool:
    """Whether the first row can only be data: question, choices and a letter in every row, as Hendrycks' MMLU files."""
    first = rows[0][1]
    if any(is_known(clean_name(name)) for name in first[:-1]):
        return False
    n_choices = len(first) - 2
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: max(n_choices, 0)]
    return n_choices >= 2 and all(
        len(cells) == len(first) and len(cells[-1].strip()) == 1 and cells[-1].strip() in letters
        for _line, cells in rows
    )


def _unnamed(rows: list[NumberedCells]) -> list[str]:
    """Names for the columns of a table without a header: prompt and answer, or a question with its choices."""
    width = max(len(cells) for _line, cells in rows)
    if width <= 2:
        return ["prompt", "answer"][:width]
    if 4 <= width <= 28 and _ends_in_answers(rows, width):
        return ["question", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: width - 2], "answer"]
    return [str(number) for number in range(1, width + 1)]


def _ends_in_answers(rows: list[NumberedCells], width: int) -> bool:
    """Whether the last column always has a letter, a number or the text of one of the columns before it."""
    return all(
        len(cells) == width and (len(cells[-1].strip()) == 1 or cells[-1].strip() in map(str.strip, cells[1:-1]))
        for _line, cells in rows
    )
