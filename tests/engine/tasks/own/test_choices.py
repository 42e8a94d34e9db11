"""Which choice is right: what numbers mean is decided from all rows, and told; what is ambiguous is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fixtures.own_data import own_suite, read_file, read_rows, write_file
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.plan.model import Reading
from weighin.engine.tasks.items import ChoiceItem
from weighin.engine.tasks.opening import open_suite
from weighin.engine.tasks.own.choices import choice_item, choice_row, find_numbering
from weighin.engine.tasks.own.data import UserData
from weighin.engine.tasks.own.literals import UnclearListError, read_literal, split_choices
from weighin.engine.tasks.own.names import meaning_of
from weighin.engine.tasks.own.shapes import Shaped

_FROM_0 = ("answers are numbers of choices from 0",)
_FROM_1 = ("answers are numbers of choices from 1",)
_VALUES = ("answers are the choices themselves, even where they are numbers",)


def _right(data: UserData) -> list[str]:
    assert data.problems == ()
    return [item.choices[item.gold] for item in data.items if isinstance(item, ChoiceItem)]


def _rows(choices: list[Any], *answers: object) -> list[dict[str, Any]]:
    return [{"question": f"q{n}", "choices": choices, "answer": answer} for n, answer in enumerate(answers)]


@pytest.mark.parametrize(
    ("choices", "answers", "right", "how"),
    [
        (["a", "b", "c"], (0, 1), ["a", "b"], _FROM_0),
        (["a", "b", "c"], ("2", "0", "b"), ["c", "a", "b"], _FROM_0),
        (["a", "b", "c"], (1, 3), ["a", "c"], _FROM_1),
        (["a", "b", "c"], ("3", "C"), ["c", "c"], _FROM_1),
        (["a", "b", "c"], ("c", "B", "(a)", "B.", "C) c", "Ａ"), ["c", "b", "a", "b", "c", "a"], ()),
        ([1.0, 2.0, 3.0], (2.0,), ["2.0"], _VALUES),
        ([2.0, 4.0, 1.0], ("2",), ["2.0"], _VALUES),
        (["1.0", "2.0", "3.0"], ("1",), ["1.0"], _VALUES),
        (["1", "2", "3"], ("3", "1"), ["3", "1"], _VALUES),
        ([10, 20, 30], (20, "1e1"), ["20", "10"], ()),
        ([1.5, 2.5], ("2.50",), ["2.5"], ()),
        (["-1", "+1", "0.5"], ("1", "-1.0"), ["+1", "-1"], _VALUES),
    ],
)
def test_an_answer_is_the_choice_its_number_or_its_letter(
    tmp_path: Path, choices: list[Any], answers: tuple[object, ...], right: list[str], how: tuple[str, ...]
) -> None:
    data = read_rows(tmp_path, _rows(choices, *answers))
    assert (_right(data), data.how, data.doubts) == (right, how, ())


@pytest.mark.parametrize(
    ("choices", "answers", "line", "said"),
    [
        (["1", "2", "3"], (0, 2), 2, "could be choice B or C"),
        (["1", "2", "3"], ("A", "2"), 2, "could be choice B or C"),
        (["1", "2", "3"], (2,), 1, "could be choice B or C"),  # a number beside texts
        (["B", "A", "D"], ("A",), 1, "could be choice A or B"),
        (["1.0", "1", "2"], ("1.00",), 1, "could be choice"),
        (["a", "b"], (0, 2), 2, "index from 0 to 1"),
        (["a", "b"], (2, 3), 2, "index from 1 to 2"),
        (["a", "b"], ("-1",), 1, "is not a choice"),
        (["a", "b"], (["a", "b"],), 1, "exactly one can be right"),
        (["a", "b"], ("B) a",), 1, "is not a choice"),
    ],
)
def test_what_can_mean_two_choices_or_none_is_a_bad_row(
    tmp_path: Path, choices: list[Any], answers: tuple[object, ...], line: int, said: str
) -> None:
    (problem,) = read_rows(tmp_path, _rows(choices, *answers)).problems
    assert problem.line == line
    assert said in problem.message


def test_numbers_without_evidence_are_told_and_can_be_stated(tmp_path: Path) -> None:
    rows = _rows(["a", "b", "c", "d"], 1, 2)
    data = read_rows(tmp_path, rows)
    assert _right(data) == ["b", "c"]
    assert [(doubt.line, "index=1" in doubt.message) for doubt in data.doubts] == [(0, True)]
    for reading, right in ((Reading(index=0), ["b", "c"]), (Reading(index=1), ["a", "b"])):
        data = read_rows(tmp_path, rows, reading=reading)
        assert (_right(data), data.doubts) == (right, ())
    # What is stated also settles whether numbers among numbers are places.
    assert _right(read_rows(tmp_path, _rows(["4", "3", "2", "1"], 2, 3), reading=Reading(index=1))) == ["3", "2"]


@pytest.mark.parametrize(
    ("header", "answer", "right"),
    [
        ("choice0,choice1,choice2,choice3", "1", "b"),
        ("choice1,choice2,choice3,choice4", "1", "a"),
        ("choice_1,choice_2,choice_3,choice_4", "choice_2", "b"),
        ("Option A,Option B,Option C,Option D", "B", "b"),
        ("optionA,optionB,optionC,optionD", "optionC", "c"),
        ("option_a,option_b,option_c,option_d", "c", "c"),
        ("ans0,ans1,ans2,ans3", "0", "a"),
        ("opt[0],opt[1],opt[2],opt[3]", "0", "a"),
        ("answer_choice_1,answer_choice_2,answer_choice_3,answer_choice_4", "4", "d"),
        ("(A),(B),(C),(D)", "D", "d"),
        ("a,b,c,d", "D", "d"),
        ("选项A,选项B,选项C,选项D", "D", "d"),
        ("choice4,choice3,choice2,choice1", "4", "a"),
    ],
)
def test_choices_have_columns_of_their_own_under_many_names(
    tmp_path: Path, header: str, answer: str, right: str
) -> None:
    data = read_file(write_file(tmp_path, f"question,{header},answer\nq,a,b,c,d,{answer}\n", "mine.csv"))
    assert _right(data) == [right]
    assert {column.ours for column in data.columns} == {"question", "choices", "answer"}


def test_numbers_that_contradict_the_columns_are_told_before_a_run(tmp_path: Path) -> None:
    path = write_file(tmp_path, "question,choice0,choice1,answer\nq,a,b,2\n", "mine.csv")
    assert _right(read_file(path)) == ["b"]
    (doubt,) = open_suite(own_suite(path), seed=1, limit=0).doubts
    assert doubt.startswith("Answers count from 1")


def test_columns_with_a_gap_or_two_sets_of_columns_are_not_choices(tmp_path: Path) -> None:
    assert meaning_of(("question", "choice2", "choice3")).choices is None
    assert meaning_of(("question", "choice0", "choice2")).choices is None
    assert meaning_of(("prompt", "A", "B")).choices is None
    table = "question,A,B,choice1,choice2,answer\nq,a,b,c,d,A\nq,a,b,c,d,A\n"
    data_problem = "map one set with --columns"
    with pytest.raises(Exception, match=data_problem):
        read_file(write_file(tmp_path, table, "mine.csv"))


@pytest.mark.parametrize(
    ("cell", "choices"),
    [
        ("a | b|c", ["a", "b", "c"]),
        ('["a", "b|c"]', ["a", "b|c"]),
        ("['a', \"it's\"]", ["a", "it's"]),
        ("['a' 'b'\n 'c']", ["a", "b", "c"]),
        ("('a', 'b')", ["a", "b"]),
        ("[1 2]", ["1", "2"]),
        ("p(x\\|y)|q", ["p(x|y)", "q"]),
        ("[0, 1)|(0, 1]", ["[0, 1)", "(0, 1]"]),
    ],
)
def test_choices_in_one_cell_are_separated_by_bars_or_a_list(tmp_path: Path, cell: str, choices: list[str]) -> None:
    quoted = cell.replace('"', '""')
    data = read_file(write_file(tmp_path, f'question,choices,answer\nq,"{quoted}",B\n', "mine.csv"))
    (item,) = data.items
    assert isinstance(item, ChoiceItem)
    assert list(item.choices) == choices


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("a|b|p(x|y)", "inside a choice"),
        ("['a' | 'b']", "inside a choice"),
        ("$|x|$|b", "inside a choice"),
        ("['a' 'b', 'c']", "commas between some"),
        ("['a' ... 'z']", "shortened"),
        ("a;b;c", "write | between them"),
        ("a||b", "empty entry"),
    ],
)
def test_a_cell_whose_choices_are_unclear_is_refused(tmp_path: Path, cell: str, said: str) -> None:
    table = f'question,choices,answer\nq,a|b|c,C\nr,"{cell}",C\n'
    (problem,) = read_file(write_file(tmp_path, table, "mine.csv")).problems
    assert (problem.line, said in problem.message) == (3, True)


def test_a_row_with_more_choices_than_the_others_is_told(tmp_path: Path) -> None:
    table = "question,choices,answer\n" + "".join(f"q{n},a|b|c,A\n" for n in range(4)) + "r,a|b|c|d,A\n"
    data = read_file(write_file(tmp_path, table, "mine.csv"))
    assert [(doubt.line, "does a | stand inside" in doubt.message) for doubt in data.doubts] == [(6, True)]


_WORDS = st.text("abcxyz", min_size=2, max_size=5)


@given(
    choices=st.lists(_WORDS, min_size=2, max_size=6, unique=True),
    places=st.lists(st.integers(0, 5), min_size=1, max_size=6),
    first=st.sampled_from([0, 1]),
)
def test_indexes_are_read_as_they_were_written_wherever_that_can_be_told(
    choices: list[str], places: list[int], first: int
) -> None:
    golds = [place % len(choices) for place in places] + [0 if first == 0 else len(choices) - 1]
    rows = [
        choice_row(Shaped(line=n, fields={"question": "q", "choices": choices, "answer": gold + first}))
        for n, gold in enumerate(golds)
    ]
    numbering = find_numbering(rows, None)
    assert [choice_item(row, numbering).gold for row in rows] == golds


@given(st.lists(st.text(max_size=8), min_size=1, max_size=5))
def test_lists_are_read_as_python_and_numpy_write_them(values: list[str]) -> None:
    assert read_literal(repr(values)) == values
    assert read_literal("[" + " ".join(map(repr, values)) + "]") == values


@given(st.text("[]()'\"{},: \\ab1.|\n", max_size=30))
def test_any_text_is_a_literal_or_none(text: str) -> None:
    for read in (read_literal, split_choices):
        try:
            found = read(text)
        except UnclearListError:
            continue
        assert found is None or isinstance(found, (list, dict))
