import csv

import pytest

from weighin.engine.errors import WeighinError
from weighin.engine.events import AnswerScored
from weighin.engine.plan import Candidate, Plan
from weighin.engine.report.export import export

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


def test_answers_and_rankings_read_back(tmp_path):
    for fmt in ("answers-csv", "rankings-csv"):
        export("r", PLAN, [ANSWER], fmt, tmp_path / "out.csv")
        with (tmp_path / "out.csv").open(newline="") as file:
            (row,) = csv.DictReader(file)
        assert row["candidate"] == "a"
        assert row.get("output", ANSWER.output) == ANSWER.output
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_bad_requests_are_told(tmp_path):
    with pytest.raises(WeighinError, match="no export format"):
        export("r", PLAN, [], "xls", tmp_path / "x")
    with pytest.raises(WeighinError, match="cannot be written"):
        export("r", PLAN, [], "answers-csv", tmp_path / "no" / "x")
