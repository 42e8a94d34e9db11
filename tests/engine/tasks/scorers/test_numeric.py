"""The scorer ``numeric``: one parser reads allowed answers and what a model says, and compares by value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fixtures.own_data import read_file, write_file
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.errors import DatasetError
from weighin.engine.tasks.extractors import number
from weighin.engine.tasks.items import GenerateItem
from weighin.engine.tasks.own.data import UserData
from weighin.engine.tasks.scorers import find_scorer

NUMERIC = find_scorer("numeric")


def item(*answers: str, **check: Any) -> GenerateItem:
    return GenerateItem(id="item-7", prompt="p", answers=answers, check=check)


def is_right(output: str, *answers: str, **check: Any) -> bool:
    """Whether an output counts as right, through the extractor that the scorer asks for."""
    assert NUMERIC.extractor == "number"
    extracted = number(output)
    score = 0.0 if extracted is None else NUMERIC.score(extracted, item(*answers, **check))["exact_match"]
    assert NUMERIC.score(output, item(*answers, **check))["exact_match"] == score
    return score == 1.0


@pytest.mark.parametrize(
    ("output", "right", "wrong"),
    [
        ("3/4", "3/4 0.75 0,75 ¾", "4 3"),
        ("1e3", "1000 1e3 1,000.0 10^3", "3 1"),
        ("2.5e-3", "0.0025", "-3 3 2.5"),
        ("12\u202f500", "12500 12.5k", "500 12"),
        ("12 500", "12500", "500 12"),
        ("−5", "-5 −5", "5"),
        ("–5", "-5", "5"),
        ("It is between 5-7 days", "7", "-7 5"),
        ("5–7", "7", "-7"),
        ("2 1/2", "2.5", "2 0.5"),
        ("2^10", "1024", "10 2"),
        ("1.2 x 10^5", "120000", "5 10 1.2"),
        ("3 million", "3000000", "3"),
        ("42 [1].", "42", "1"),
        ("3.10.2", "", "3.10 2 3"),
        ("½", "0.5", "1 2"),
        ("1'234", "1234", "234 1"),
        ("14:30", "", "30 14"),
        ("42 (checked on 2024-05-01)", "42", "-1 1 2024"),
        ("1234.56", "1234.56 1.234,56 1,234.56", "1.234 1234"),
        ("1.234", "1.234 1234", "1234.56 1.234,56 1.234.567"),
        ("1.234,56", "1234.56 1.234,56", "1.234 1234"),
        ("100000", "1,00,000", "1 1.0"),
        ("1", "1", "1,00,000"),
        ("1.00", "1", "1,00,000"),
        ("9007199254740992", "9007199254740992", "9007199254740993"),
        ("1e400", "1e400", "1e500"),
        ("50%", "50% 50 0.5", "5"),
        ("none", "", "0 1"),
        ("inf", "", "0"),
    ],
)
def test_an_output_is_right_for_its_value_only(output: str, right: str, wrong: str) -> None:
    assert [gold for gold in right.split(" ") if gold and not is_right(output, gold)] == []
    assert [gold for gold in wrong.split(" ") if is_right(output, gold)] == []


def test_any_allowed_answer_counts() -> None:
    assert is_right("72", "73", "72")
    assert not is_right("72", "73", "71")


def test_tolerance_includes_its_bounds() -> None:
    assert is_right("3.1", "3", tolerance=0.1)
    assert not is_right("3.1001", "3", tolerance=0.1)
    assert is_right("-99", "-100", relative_tolerance=0.01)
    assert not is_right("-98.9", "-100", relative_tolerance=0.01)


@pytest.mark.parametrize("tolerance", ["0.1", -1, float("nan"), float("inf"), True, None])
def test_a_bad_tolerance_fails(tolerance: Any) -> None:
    with pytest.raises(DatasetError, match="item-7"):
        is_right("1", "1", tolerance=tolerance)


@pytest.mark.parametrize(
    ("gold", "reason"),
    [
        ("one", "is not a number"),
        ("12-5", "has several"),
        ("2 + 2", "a calculation|has several"),
        ("2024-05-01", "a date"),
        ("14:30", "a time"),
        ("3.10.2", "a version"),
        ("1/0", "cannot be computed"),
        ("1e9999", "cannot be computed"),
        ("inf", "is not a number"),
    ],
)
def test_an_allowed_answer_that_is_not_one_number_says_why(gold: str, reason: str) -> None:
    with pytest.raises(DatasetError, match=reason):
        is_right("1", gold)


@pytest.mark.parametrize(
    ("gold", "comparison"),
    [
        ("1234.56", "as the number 1234.56"),
        ("1.234,56", "as the number 1234.56"),
        ("1,00,000", "as the number 100000"),
        ("−5", "as the number -5"),
        ("¾", "as the number 0.75"),
        ("-1/3", "as the number -1/3"),
        ("50 %", "as the number 50%"),
        ("3 million", "as the number 3000000"),
        ("EUR 1.234,00", "as the number 1234"),
    ],
)
def test_how_an_answer_is_compared_is_told(gold: str, comparison: str) -> None:
    (reading,) = NUMERIC.read_golds(item(gold))
    assert (reading.comparison, reading.doubt) == (comparison, "")


@pytest.mark.parametrize(("gold", "meanings"), [("1.234", "1.234 or 1234"), ("1,234", "1234 or 1.234")])
def test_an_answer_that_can_mean_two_numbers_is_doubtful(gold: str, meanings: str) -> None:
    (reading,) = NUMERIC.read_golds(item(gold))
    assert f"{gold} can mean {meanings};" in reading.doubt
    decisive = [NUMERIC.read_golds(item(way))[0] for way in ("1234", "1.2340")]
    assert [each.doubt for each in decisive] == ["", ""]
    assert all(way in reading.doubt for way in ("1234", "1.2340"))


@pytest.mark.parametrize(
    ("column", "right", "wrong"),
    [
        (("1.234", "1.234,56"), "1234", "1.23400"),
        (("1,234", "0.5"), "1234", "1.2340"),
        (("1.234", "12.5"), "1.2340", "1234"),
        (("1.234", "12,50", "7"), "1234", "1.2340"),
    ],
)
def test_a_column_decides_what_its_ambiguous_answers_mean(column: tuple[str, ...], right: str, wrong: str) -> None:
    first, *others = NUMERIC.settle(tuple(item(gold) for gold in column))
    assert NUMERIC.read_golds(first)[0].doubt == ""
    assert [other.check for other in others] == [{}] * len(others)
    assert NUMERIC.score(right, first)["exact_match"] == 1.0
    assert NUMERIC.score(wrong, first)["exact_match"] == 0.0


def test_a_row_may_say_its_decimal_mark() -> None:
    (kept, _other) = NUMERIC.settle((item("1.234", decimal_mark=","), item("0.5")))
    assert kept.check == {"decimal_mark": ","}
    assert NUMERIC.read_golds(kept)[0].comparison == "as the number 1234"
    with pytest.raises(DatasetError, match="decimal_mark of item item-7"):
        is_right("1", "1", decimal_mark="comma")


def test_a_column_that_shows_nothing_is_left_alone() -> None:
    items = (item("1.234"), item("2.345"))
    assert NUMERIC.settle(items) == items


@given(st.integers(-(10**30), 10**30))
def test_any_whole_number_equals_itself_however_grouped(value: int) -> None:
    assert is_right(f"{value:,}", str(value))


def read(folder: Path, content: str | list[dict[str, Any]], name: str) -> UserData:
    return read_file(write_file(folder, content, name), scorer="numeric")


def test_a_file_tells_its_doubtful_answers_unless_the_others_decide(tmp_path: Path) -> None:
    doubtful = read(tmp_path, "prompt,answer\na,1.234\nb,72\n", "a.csv")
    assert [(each.line, "1.234 can mean 1.234 or 1234" in each.message) for each in doubtful.doubts] == [(2, True)]
    german = read(tmp_path, 'prompt;answer\na;1.234\nb;"1.234,56"\n', "b.csv")
    assert german.doubts == ()
    assert [NUMERIC.read_golds(each)[0].comparison for each in german.items if isinstance(each, GenerateItem)] == [
        "as the number 1234",
        "as the number 1234.56",
    ]


@pytest.mark.parametrize("name", ["numbers.jsonl", "numbers.parquet"])
def test_a_number_that_a_file_holds_as_one_is_never_doubtful(tmp_path: Path, name: str) -> None:
    data = read(tmp_path, [{"prompt": "a", "answer": 1.234}, {"prompt": "b", "answer": 2.718}], name)
    assert data.doubts == ()
    (first, _second) = data.items
    assert isinstance(first, GenerateItem)
    assert NUMERIC.score("1.2340", first)["exact_match"] == 1.0
    assert NUMERIC.score("1234", first)["exact_match"] == 0.0


def test_a_row_that_is_no_number_is_a_problem_with_its_reason(tmp_path: Path) -> None:
    data = read(tmp_path, "prompt,answer\na,2024-05-01\nb,5-7\nc,12\n", "a.csv")
    assert [(each.line, "a date" in each.message, "several" in each.message) for each in data.problems] == [
        (2, True, False),
        (3, False, True),
    ]
