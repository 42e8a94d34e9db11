"""Tables that any program writes are read back as the same rows.

Each convention is what a program writes by default: the csv module, pandas, polars, Excel in English and German,
LibreOffice, old Macs. The `explore` profile of hypothesis looks for more.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd  # type: ignore[import-untyped]  # statsmodels brings it
import pytest
from fixtures.own_data import own_suite, write_file
from fixtures.workbooks import write_workbook
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weighin.engine.plan.model import Reading
from weighin.engine.tasks.items import ChoiceItem, GenerateItem
from weighin.engine.tasks.own.data import UserData
from weighin.engine.tasks.own.files import read_own

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class _Convention:
    delimiter: str = ","
    line_end: str = "\n"
    quoting: Literal[0, 1, 2, 3] = csv.QUOTE_MINIMAL
    encoding: str = "utf-8"
    before: str = ""
    is_spaced: bool = False
    """A space after each delimiter, also before quotes."""
    is_escaped: bool = False
    """Quotes inside cells are escaped with a backslash."""

    def write(self, rows: list[list[str]]) -> bytes:
        if self.is_spaced or self.is_escaped:
            inside = '\\"' if self.is_escaped else '""'
            cells = ([f'"{cell.replace(chr(34), inside)}"' for cell in row] for row in rows)
            between = self.delimiter + " " * self.is_spaced
            return "".join(between.join(row) + self.line_end for row in cells).encode(self.encoding)
        made = io.StringIO(newline="")
        csv.writer(made, delimiter=self.delimiter, lineterminator=self.line_end, quoting=self.quoting).writerows(rows)
        return (self.before + made.getvalue()).encode(self.encoding)


_CONVENTIONS = {
    "csv module": _Convention(line_end="\r\n"),
    "polars": _Convention(),
    "all quoted": _Convention(quoting=csv.QUOTE_ALL),
    "Excel, English": _Convention(line_end="\r\n", encoding="utf-8-sig"),
    "Excel, German": _Convention(delimiter=";", line_end="\r\n", encoding="utf-8-sig"),
    "Excel, sep line": _Convention(delimiter=";", line_end="\r\n", before="sep=;\r\n"),
    "Excel, Unicode text": _Convention(delimiter="\t", line_end="\r\n", encoding="utf-16"),
    "LibreOffice": _Convention(quoting=csv.QUOTE_NONNUMERIC),
    "tabs": _Convention(delimiter="\t"),
    "vertical bars": _Convention(delimiter="|"),
    "old Macs": _Convention(line_end="\r", quoting=csv.QUOTE_ALL),
    "spaces after commas": _Convention(is_spaced=True),
    "backslashes": _Convention(is_escaped=True),
}

_CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\\") | st.sampled_from(
    ',;\t|"\n'
)
_CELLS = st.text(_CHARACTERS, min_size=1, max_size=12).filter(
    lambda text: text.strip("\u200b\u200c\u200d\u2060\xad").strip()
)
"""Not a backslash, which some conventions cannot write, nor only what nobody sees."""
_ROWS = st.lists(st.tuples(_CELLS, _CELLS), min_size=1, max_size=5)
_QUIET = settings(
    max_examples=15 if settings().derandomize else 300,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def _read(path: Path) -> UserData:
    return read_own(own_suite(path, reading=Reading(lists=False)))


def _pairs(data: UserData) -> Pairs:
    assert data.problems == ()
    return [(item.prompt, item.answers[0]) for item in data.items if isinstance(item, GenerateItem)]


def _meant(rows: Pairs) -> Pairs:
    return [(prompt, answer.strip()) for prompt, answer in rows]


@pytest.mark.parametrize("name", _CONVENTIONS)
@_QUIET
@given(rows=_ROWS)
def test_prompts_and_answers_are_read_back(tmp_path: Path, name: str, rows: Pairs) -> None:
    content = _CONVENTIONS[name].write([["prompt", "answer"], *map(list, rows)])
    assert _pairs(_read(write_file(tmp_path, content, "mine.csv"))) == _meant(rows)


@_QUIET
@given(rows=_ROWS)
def test_what_pandas_writes_is_read_back(tmp_path: Path, rows: Pairs) -> None:
    frame = pd.DataFrame(rows, columns=["prompt", "answer"])
    frame.to_csv(tmp_path / "mine.csv")
    assert _pairs(_read(tmp_path / "mine.csv")) == _meant(rows)
    for orient, lines in (("records", False), ("records", True), ("columns", False)):
        frame.to_json(tmp_path / "mine.json", orient=orient, lines=lines, force_ascii=False)
        assert _pairs(_read(tmp_path / "mine.json")) == _meant(rows)


@_QUIET
@given(answers=st.lists(_CELLS.filter(lambda text: text.strip() == text), min_size=1, max_size=4, unique=True))
def test_lists_that_pandas_writes_are_several_answers(tmp_path: Path, answers: list[str]) -> None:
    pd.DataFrame({"prompt": ["q"], "answer": [answers]}).to_csv(tmp_path / "mine.csv", index=False)
    (item,) = read_own(own_suite(tmp_path / "mine.csv")).items
    assert isinstance(item, GenerateItem)
    assert item.answers == tuple(answers)


@_QUIET
@given(choices=st.lists(_CELLS.map(str.strip), min_size=2, max_size=5, unique=True), data=st.data())
def test_choices_in_columns_are_read_back_by_letter(tmp_path: Path, choices: list[str], data: st.DataObject) -> None:
    gold = data.draw(st.integers(0, len(choices) - 1))
    letters = "ABCDE"[: len(choices)]
    rows = [["question", *letters, "answer"], ["q", *choices, letters[gold]]]
    read = _read(write_file(tmp_path, _Convention().write(rows), "mine.csv"))
    if letters[gold] in choices and choices.index(letters[gold]) != gold:
        assert "ambiguous" in read.problems[0].message
        return
    (item,) = read.items
    assert isinstance(item, ChoiceItem)
    assert (item.choices, item.gold) == (tuple(choices), gold)


_VISIBLE = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Co", "Cn"]), min_size=1, max_size=9)


@_QUIET
@given(rows=st.lists(st.tuples(_VISIBLE.filter(str.strip), _VISIBLE.filter(str.strip)), min_size=1, max_size=4))
def test_workbooks_are_read_back(tmp_path: Path, rows: Pairs) -> None:
    path = write_workbook(tmp_path / "mine.xlsx", {"Sheet1": [["prompt", "answer"], *rows]})
    shown = [
        pair for pair in rows if any(part.strip("\ufeff\u200b\u200c\u200d\u2060\u200e\u200f\xad \xa0") for part in pair)
    ]
    data = _read(path)
    assert len(data.items) + len(data.problems) == len(shown)
    if not data.problems:
        assert _pairs(data) == _meant(shown)
