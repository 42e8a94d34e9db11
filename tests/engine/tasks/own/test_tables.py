"""Tables as spreadsheets, databases and data frames write them: read as they were meant, or refused with the reason."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from fixtures.own_data import read_file, write_file
from fixtures.workbooks import Date, write_workbook

from weighin.engine.errors import DatasetError
from weighin.engine.plan.model import Reading
from weighin.engine.tasks.items import ChoiceItem, GenerateItem
from weighin.engine.tasks.own import sheets
from weighin.engine.tasks.own.data import UserData

Pairs = list[tuple[str, str]]


def _read(tmp_path: Path, content: str | bytes, name: str = "mine.csv", **reading: Any) -> UserData:
    return read_file(write_file(tmp_path, content, name), reading=Reading(**reading))


def _pairs(data: UserData) -> Pairs:
    assert data.problems == ()
    return [(item.prompt, item.answers[0]) for item in data.items if isinstance(item, GenerateItem)]


@pytest.mark.parametrize(
    ("table", "how"),
    [
        ("prompt,answer\na,1\n", ""),
        ("prompt;answer\na;1\n", "cells separated by semicolons"),
        ("prompt\tanswer\na\t1\n", "cells separated by tabs"),
        ("prompt|answer\na|1\n", "cells separated by vertical bars"),
        ("sep=,\r\nprompt,answer\r\na,1\r\n", ""),
        ("\ufeffsep=;\r\nprompt;answer\r\na;1\r\n", "cells separated by semicolons"),
        ('"sep=;"\r\nprompt;answer\r\na;1\r\n', "cells separated by semicolons"),
        ("prompt,answer,,\r\na,1,,\r\n,,,\r\n\r\n,,,\r\n", ""),
        ("prompt,answer\r\n\r\n,\r\na,1\r\n\x1a", ""),
        ("\xa0 Prompt ,ANSWER\na,1\n", ""),
        ("\u200bprompt,answer \na,1\n", ""),
        ("prompt,answer\ra,1\r", ""),
        ('prompt, answer\n"a", "1"\n', "quotes after a space"),
        (",prompt,answer\n0,a,1\n", ""),
        ("prompt,answer\na\0,1\n", "zero bytes left out"),
        ("prompt,answer,notes\na,1,\n", ""),
    ],
)
def test_tables_of_every_convention_are_read_alike(tmp_path: Path, table: str, how: str) -> None:
    data = _read(tmp_path, table)
    assert _pairs(data) == [("a", "1")]
    assert data.how == ((how,) if how else ())


def test_a_delimiter_inside_quotes_or_a_decimal_comma_is_no_delimiter(tmp_path: Path) -> None:
    table = '\ufeffprompt;answer\r\n"Wie viele Tage; hat, eine Woche?";7\r\nWas, bitte?;1,5\r\n'
    assert _pairs(_read(tmp_path, table)) == [("Wie viele Tage; hat, eine Woche?", "7"), ("Was, bitte?", "1,5")]
    assert _pairs(_read(tmp_path, "prompt,answer\na;b;c,1\nd;e;f,2\n")) == [("a;b;c", "1"), ("d;e;f", "2")]
    assert _pairs(_read(tmp_path, "prompt^answer\na,b^1\n", delimiter="^")) == [("a,b", "1")]


def test_the_separator_of_the_columns_that_are_mapped_is_found(tmp_path: Path) -> None:
    path = write_file(tmp_path, "Frage, bitte;Antwort\na,b;1\n", "mine.csv")
    assert _pairs(read_file(path, columns={"frage, bitte": "prompt", "antwort": "answer"})) == [("a,b", "1")]


def test_quotes_escaped_with_a_backslash_are_read_and_other_backslashes_stay(tmp_path: Path) -> None:
    data = _read(tmp_path, 'prompt,answer\n"He said \\"hi\\", then \\n in C:\\dir?",bye\n')
    assert _pairs(data) == [('He said "hi", then \\n in C:\\dir?', "bye")]
    assert data.how == ("quotes escaped with a backslash",)


def test_cells_may_be_longer_than_a_hundred_thousand_characters(tmp_path: Path) -> None:
    assert _pairs(_read(tmp_path, f'prompt,answer\n"{"clause " * 30_000}",void\n')) == [("clause " * 30_000, "void")]


def test_rows_are_numbered_by_their_first_line(tmp_path: Path) -> None:
    table = 'sep=,\r\nprompt,answer\r\n"one\r\n\r\ntwo",1\r\n\r\nthree,\r\nfour,4\r\n'
    data = _read(tmp_path, table)
    assert [item.id for item in data.items] == ["line-3", "line-8"]
    assert [(problem.line, problem.message) for problem in data.problems] == [(7, "'answer' is missing or empty")]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("prompt,answer\nHow many, please?,7\n", r"line 2: has 3 cells, more than the 2 columns.*needs quotes"),
        ("prompt,answer\nalone\n", r"line 2: has 1 cell, fewer than the 2 columns"),
        ('prompt,answer\nb,8\n"open,7\nc,9\n', r"line 3: not valid CSV \(its quote is never closed\)"),
        ('prompt,answer\n"a"b,8\n', r"line 2: not valid CSV \(something follows a closing quote"),
        ("What is 2+2?,4\nWhat is 3+3?,6\n", r"found 'What is 2\+2\?', '4'.*--reading header=no"),
        ("prompt,answer\nprompt,answer\n", r"line 2: repeats the header"),
    ],
)
def test_a_row_that_cannot_be_read_is_the_reason(tmp_path: Path, table: str, said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        _read(tmp_path, table)


def test_a_table_without_a_header_is_read_when_that_is_certain_or_stated(tmp_path: Path) -> None:
    data = _read(tmp_path, "What is 2+2?,3,4,5,6,B\nWhat is 3+3?,5,6,7,8,B\n")
    assert [(i.choices[i.gold], i.id) for i in data.items if isinstance(i, ChoiceItem)] == [
        ("4", "line-1"),
        ("6", "line-2"),
    ]
    assert data.how == ("no header, read as question, A, B, C, D, answer",)
    assert _pairs(_read(tmp_path, "What is 2+2?,4\n", header=False)) == [("What is 2+2?", "4")]
    path = write_file(tmp_path, "4,x,What is 2+2?\n", "b.csv")
    named = read_file(path, columns={"3": "prompt", "1": "answer"}, reading=Reading(header=False))
    assert _pairs(named) == [("What is 2+2?", "4")]


_WESTERN = [("Wie heißt die Straße?", "Hauptstraße"), ("Où est l’été “là”?", "là"), ("qué tal ¿bien?", "año, 5 €")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("pair", _WESTERN)
def test_the_encoding_is_found_out(tmp_path: Path, encoding: str, pair: tuple[str, str]) -> None:
    data = _read(tmp_path, f'prompt,answer\r\n{pair[0]},"{pair[1]}"\r\n'.encode(encoding))
    assert _pairs(data) == [pair]
    assert bool(data.how) == (not encoding.startswith("utf-8"))
    # What was only guessed is told.
    assert bool(data.doubts) == (encoding in ("utf-16-le", "utf-16-be", "cp1252"))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Как дела? Хорошо", "cp1251"),
        ("Gdzie jest Łódź, gęś", "cp1250"),
        ("Kde je děvče? Příbram", "cp1250"),
        ("首都は? 東京", "shift_jis"),
        ("中国的首都 北京", "gbk"),
        ("Où est le café? là", "mac_roman"),
        ("Πού είναι;", "cp1253"),
    ],
)
def test_text_in_another_encoding_is_refused_until_it_is_stated(tmp_path: Path, text: str, encoding: str) -> None:
    content = f"prompt,answer\n{text},x\n".replace(", ", " ").encode(encoding)
    with pytest.raises(
        DatasetError, match=r"not UTF-8 text \(byte \d+\), and weighin cannot tell its encoding.*--reading"
    ):
        _read(tmp_path, content)
    assert _pairs(_read(tmp_path, content, encoding=encoding)) == [(text.replace(", ", " "), "x")]


def test_an_encoding_that_does_not_exist_or_does_not_fit_is_refused(tmp_path: Path) -> None:
    for encoding, said in (("rot13", "no text encoding"), ("no-such", "no text encoding"), ("ascii", "not ascii text")):
        with pytest.raises(DatasetError, match=said):
            _read(tmp_path, "prompt,answer\nä,1\n", encoding=encoding)


# Workbooks


def test_a_workbook_is_read_as_its_sheet_looks(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Prompt ", "answer", None],
        ["days?", 7],
        [None, None],
        ["factor?", 1.5],
        ["when?", Date(45000)],
        ["b", True],
    ]
    path = write_workbook(tmp_path / "a.xlsx", {"Notes": [["read this first"]], "Data": rows})
    data = read_file(path)
    assert _pairs(data) == [("days?", "7"), ("factor?", "1.5"), ("when?", "2023-03-15"), ("b", "true")]
    assert [item.id for item in data.items] == ["line-2", "line-4", "line-5", "line-6"]
    assert data.how == ("sheet 'Data' of 2",)
    path.rename(tmp_path / "renamed.csv")
    assert read_file(tmp_path / "renamed.csv").items == data.items


def test_one_of_several_sheets_must_be_named(tmp_path: Path) -> None:
    header = ["prompt", "answer"]
    path = write_workbook(tmp_path / "a.xlsx", {"A": [header, ["a", 1]], "B": [header, ["b", 2]]})
    with pytest.raises(DatasetError, match=r"several sheets.*'A', 'B'.*--reading sheet=NAME"):
        read_file(path)
    assert _pairs(read_file(path, reading=Reading(sheet="B"))) == [("b", "2")]
    with pytest.raises(DatasetError, match=r"no sheet 'C'\. It has 'A', 'B'"):
        read_file(path, reading=Reading(sheet="C"))


def test_damaged_and_oversized_workbooks_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for content, said in (
        (b"PK\x03\x04 xl/nothing", "not a readable workbook"),
        (b"\xd0\xcf\x11\xe0", "not an .xlsx workbook"),
    ):
        with pytest.raises(DatasetError, match=said):
            _read(tmp_path, content, "a.data")
    path = write_workbook(tmp_path / "a.xlsx", {"A": [["prompt", "answer"], ["a", 1]]})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    corner = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(b"</sheetData>", corner)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(DatasetError, match="cells"):
        _read(tmp_path, made.getvalue(), "b.xlsx")
    monkeypatch.setattr(sheets, "MAX_UNPACKED_BYTES", 100)
    with pytest.raises(DatasetError, match="unpacks to more"):
        read_file(path)


@pytest.mark.parametrize(
    ("text", "name", "rows", "how"),
    [
        ("Table 1\nprompt,answer\nq,a\nr,b\n", "m.csv", [(3, "q", "a"), (4, "r", "b")], "header on line 2"),
        ("My list,,\n,,\nid,prompt,answer\nx,q,a\n", "m.csv", [("x", "q", "a")], "header on line 3"),
        ("Fragen\nprompt;answer\nja, q;a\n", "m.csv", [(3, "ja, q", "a")], "header on line 2"),
        (
            "prompt\tanswer\n1\tq\ta\n2\tr\tb\n3\ts\tc\n", "m.tsv",
            [(2, "q", "a"), (3, "r", "b"), (4, "s", "c")], "row numbers before the first column of the header",
        ),
        (
            "| prompt | answer |\n|:---|---:|\n| q | a |\n| - | b |\n", "m.md",
            [(3, "q", "a"), (4, "-", "b")], "a table drawn with bars",
        ),
        (" prompt | answer\n--------+-------\n q | a\n", "m.txt", [(3, "q", "a")], "a table drawn with bars"),
        (
            'prompt\tanswer\n"Now" he said\ta\n5" pipe\tb\n', "m.tsv",
            [(2, '"Now" he said', "a"), (3, '5" pipe', "b")], "quotes as part of the text",
        ),
        (
            'prompt\tanswer\n"Hello\ta\nBye"\tb\n', "m.tsv",
            [(2, '"Hello', "a"), (3, 'Bye"', "b")], "quotes as part of the text",
        ),
    ],
)  # fmt: skip
def test_what_stands_around_the_rows_is_no_row(
    tmp_path: Path, text: str, name: str, rows: list[tuple[object, str, str]], how: str
) -> None:
    data = read_file(write_file(tmp_path, text, name))
    assert data.problems == ()
    ids = [f"line-{each[0]}" if isinstance(each[0], int) else each[0] for each in rows]
    assert [item.id for item in data.items] == ids
    read = [(item.prompt, item.answers[0]) for item in data.items if isinstance(item, GenerateItem)]
    assert read == [each[1:] for each in rows]
    assert how in data.how


def test_a_comma_too_many_is_not_taken_for_a_row_number(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="more than the 2 columns"):
        read_file(write_file(tmp_path, "prompt,answer\n1,000 or more?,7\n", "m.csv"))


def test_quoted_cells_of_a_table_with_tabs_keep_their_line_breaks(tmp_path: Path) -> None:
    data = read_file(write_file(tmp_path, 'prompt\tanswer\n"a ""b""\nc"\td\n', "m.tsv"))
    assert [item.prompt for item in data.items if isinstance(item, GenerateItem)] == ['a "b"\nc']


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x1f\x8b\x08\0\0", "packed with gzip"),
        (b"%PDF-1.7", "a PDF document"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:a\nsize 1\n", "a Git LFS pointer"),
        (b"\n<!DOCTYPE html><html></html>", "a web page"),
        (b"PK\x03\x04\x14\0\0\0\0\0data.csv", "a ZIP archive"),
    ],
)
@pytest.mark.parametrize("name", ["mine.csv", "mine.jsonl", "mine.parquet"])
def test_files_that_are_no_data_are_named_for_what_they_are(
    tmp_path: Path, content: bytes, said: str, name: str
) -> None:
    with pytest.raises(DatasetError, match=said):
        read_file(write_file(tmp_path, content, name))
