"""Reads a sheet of an Excel workbook (.xlsx), within bounds."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

from ...errors import DatasetError
from ...plan.model import Reading
from .names import clean_name
from .tables import IsKnown, NumberedCells, Table, read_header

MAX_UNPACKED_BYTES = 2**29
MAX_CELLS = 10_000_000
_CELL = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')


def read_workbook(path: Path, content: bytes, reading: Reading, is_known: IsKnown) -> Table:
    """The rows of a sheet as text, numbered as in a spreadsheet: the one that the user names, or the first whose header
    has a known column.

    Whole numbers have no decimal point, dates are in ISO form, and formulas have the values that were stored with them.

    Raises:
        DatasetError: the workbook is damaged or too large, has no such sheet, or several that fit.
    """
    import python_calamine

    _check_size(path, content)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = list(book.sheet_names)
        if reading.sheet and reading.sheet not in names:
            raise DatasetError(
                f"{path} has no sheet {reading.sheet!r}.", hint=f"It has {', '.join(map(repr, names[:20]))}."
            )
        tables = {name: _cells(book, name) for name in ([reading.sheet] if reading.sheet else names)}
    except (python_calamine.CalamineError, OSError, ValueError, zipfile.BadZipFile) as error:
        raise DatasetError(
            f"{path} is not a readable workbook ({str(error)[:120]}).", hint="Save it again, or save the sheet as CSV."
        ) from None
    filled = {name: rows for name, rows in tables.items() if rows}
    fitting = [name for name, rows in filled.items() if any(is_known(clean_name(cell)) for cell in rows[0][1])]
    chosen = next(iter(fitting or filled), "")
    if len(fitting) > 1:
        raise DatasetError(
            f"{path} has several sheets with such columns: {', '.join(map(repr, fitting[:8]))}.",
            hint="Name one with --reading sheet=NAME.",
        )
    how = (f"sheet {chosen!r} of {len(filled)}",) if len(filled) > 1 else ()
    return read_header(path, filled.get(chosen, []), reading, is_known, how)


def _cells(book: Any, name: str) -> list[NumberedCells]:
    sheet = book.get_sheet_by_name(name)
    rows = enumerate(sheet.to_python(skip_empty_area=False), 1)
    texts = ((number, [_text(cell) for cell in row]) for number, row in rows)
    return [(number, cells) for number, cells in texts if any(map(clean_name, cells))]


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ") if cell.time() != dt.time() else cell.date().isoformat()
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)


def _check_size(path: Path, content: bytes) -> None:
    """Raise DatasetError for a workbook that would take too much memory. Its own statements are not believed.

    Two cells in opposite corners make a sheet of 17 billion, all of which the reader would make.
    """
    left = MAX_UNPACKED_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                is_sheet = member.filename.startswith("xl/worksheets/")
                n_rows = n_columns = 0
                before = b""
                with archive.open(member) as part:
                    while left > 0 and (piece := part.read(2**20)):
                        left -= len(piece)
                        for letters, digits in _CELL.findall(before + piece) if is_sheet else ():
                            n_rows, n_columns = max(n_rows, int(digits)), max(n_columns, _column(letters))
                        before = piece[-40:]
                if left <= 0 or n_rows * n_columns > MAX_CELLS:
                    raise DatasetError(
                        f"{path} unpacks to more than {MAX_UNPACKED_BYTES // 2**20} MiB or {MAX_CELLS:,} cells.",
                        hint="Take a sample, or save the sheet as CSV.",
                    )
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
        raise DatasetError(
            f"{path} is not a readable workbook ({str(error)[:120]}).",
            hint="Save it as .xlsx, or save the sheet as CSV.",
        ) from None


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
