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
