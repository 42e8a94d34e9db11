"""Reading your own file: every bad row is reported with its line, and only DatasetError is raised."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from fixtures.own_data import read_file, write_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weighin.engine.errors import DatasetError
from weighin.engine.plan.model import FileSource, OwnSuite
from weighin.engine.tasks.items import ChoiceItem, GenerateItem
from weighin.engine.tasks.opening import open_suite
from weighin.engine.tasks.own import data
from weighin.engine.tasks.own.data import UserData


def _read(tmp_path: Path, text: str | bytes, name: str = "mine.jsonl") -> UserData:
    return read_file(write_file(tmp_path, text, name))


def _choice(answer: object, choices: object = ("red", "green", "blue")) -> str:
    return json.dumps({"question": "Which?", "choices": choices, "answer": answer})


@pytest.mark.parametrize("answer", ["green", "B", "b", 1, "1", " green "])
def test_the_answer_is_an_index_a_letter_or_the_choice(tmp_path: Path, answer: object) -> None:
    data = _read(tmp_path, _choice(answer))
    item = data.items[0]
    assert data.problems == ()
    assert isinstance(item, ChoiceItem)
    assert (item.id, item.choices, item.gold) == ("line-1", ("red", "green", "blue"), 1)
    assert [column.ours for column in data.columns] == ["question", "choices", "answer"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (_choice("pink"), "'pink' is not a choice"),
        (_choice(3), "'3' is not a choice"),
        (_choice(None), "'answer' is missing"),
        (_choice("a", ["a"]), "it needs 2"),
        (_choice("a", ["a", "a"]), "twice"),
        (_choice("a", ["a", " "]), "empty entry"),
        (_choice("a", "abc"), "must be a list"),
        (_choice(1, ["1", "2", "3"]), "could be choice A or B"),
        (_choice("\ud800", ["\ud800", "b"]), "surrogate"),
        ('{"prompt": "p", "answer": "x"}', "is a generate row"),
        ('{"question": ', "not valid JSON"),
        ("[1, 2]", "not a JSON object"),
        ('{"question": "", "choices": ["a", "b"], "answer": 0}', "'question' is missing or empty"),
        ('{"id": "first", "question": "?", "choices": ["a", "b"], "answer": 0}', "already used on line 1"),
    ],
)
def test_a_bad_row_is_reported_with_its_line(tmp_path: Path, row: str, said: str) -> None:
    good = '{"id": "first", "question": "Which?", "choices": ["a", "b"], "answer": 0}'
    data = _read(tmp_path, f"{good}\n\n{row}\n")
    assert [problem.line for problem in data.problems] == [3]
    assert said in data.problems[0].message
    assert len(data.items) == 1


def test_a_suite_of_a_bad_file_names_the_first_five_and_the_total(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text("\n".join([_choice(0), *[_choice("pink")] * 7]), encoding="utf-8")
    with pytest.raises(DatasetError) as caught:
        open_suite(OwnSuite(name="mine", source=FileSource(path=str(path))), seed=1, limit=0)
    text = str(caught.value)
    assert "7 bad rows" in text
    assert "line 2:" in text
    assert "line 6:" in text
    assert "line 7:" not in text
    assert "2 more" in text


@pytest.mark.parametrize(
    "table",
    [
        "question,choices,answer\nWhich?,red|green|blue,B\n",
        "question,A,B,C,D,answer\nWhich?,red,green,blue,,B\n",
        "question,choice1,choice2,choice3,answer\nWhich?,red,green,blue,green\n",
        "\ufeffquestion,choices,answer\r\nWhich?,red | green | blue,1\r\n",
    ],
)
def test_csv_choices_are_in_one_column_or_several(tmp_path: Path, table: str) -> None:
    data = _read(tmp_path, table, "mine.csv")
    assert data.problems == ()
    item = data.items[0]
    assert isinstance(item, ChoiceItem)
    assert (item.choices, item.gold) == (("red", "green", "blue"), 1)


def test_csv_rows_of_another_length_or_with_a_gap_are_problems(tmp_path: Path) -> None:
    table = "question,A,B,C,answer\nq,a,b,c\nq,a,b,c,A,more\nq,a,,c,C\nq,a,b,c,C\n"
    data = _read(tmp_path, table, "mine.csv")
    assert [problem.line for problem in data.problems] == [2, 3, 4]
    assert "'B' is empty" in data.problems[2].message
    assert len(data.items) == 1


def test_generate_rows_take_several_answers_and_a_system_message(tmp_path: Path) -> None:
    rows = '{"id": 0, "prompt": "p", "answer": ["4", "four"], "system": "Be brief."}\n{"prompt": "p2", "answer": 5}'
    assert _read(tmp_path, rows).items == (
        GenerateItem(id="0", prompt="p", answers=("4", "four"), system="Be brief."),
        GenerateItem(id="line-2", prompt="p2", answers=("5",)),
    )


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "mine.jsonl", "no rows"),
        (b"\n \n", "mine.jsonl", "no rows"),
        (b"", "mine.csv", "no rows"),
        (b"\xff\xfe\x00", "mine.jsonl", "not UTF-16 text"),
        (b'{"text": "x"}', "mine.jsonl", "found 'text'"),
        (b"prompt,answer,answer\na,b,c\n", "mine.csv", "'answer' twice"),
        (b'prompt,answer\n"a,b\n', "mine.csv", "not valid CSV"),
    ],
)
def test_a_file_that_cannot_be_used_fails(tmp_path: Path, content: bytes, name: str, said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        _read(tmp_path, content, name)


def test_missing_files_pipes_and_enormous_files_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DatasetError, match="no data file"):
        read_file(tmp_path / "none.jsonl")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(DatasetError, match="not a file"):
            read_file(tmp_path / "pipe")
    monkeypatch.setattr(data, "MAX_SIZE_BYTES", 10)
    with pytest.raises(DatasetError, match="the maximum is"):
        _read(tmp_path, _choice(0))


_HARMLESS = [HealthCheck.function_scoped_fixture]
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
_ROWS = st.dictionaries(st.sampled_from(["question", "choices", "answer", "prompt", "id", "system"]), _VALUES)


@settings(max_examples=150, deadline=None, suppress_health_check=_HARMLESS)
@given(content=st.binary(max_size=200), suffix=st.sampled_from([".jsonl", ".csv", ""]))
def test_any_bytes_give_data_or_a_dataset_error(tmp_path: Path, content: bytes, suffix: str) -> None:
    for prefix in (b"", b"prompt,answer\n", b"question,A,B,answer\n"):
        try:
            data = _read(tmp_path, prefix + content, "any" + suffix)
        except DatasetError:
            continue
        assert data.items or data.problems


@settings(max_examples=150, deadline=None, suppress_health_check=_HARMLESS)
@given(rows=st.lists(_ROWS, min_size=1, max_size=4))
def test_any_json_rows_become_items_or_problems(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    try:
        data = _read(tmp_path, "\n".join(json.dumps(row) for row in rows))
    except DatasetError:
        return
    assert len(data.items) + len(data.problems) == len(rows)
    for item in data.items:
        assert json.dumps(item.id, ensure_ascii=False).encode("utf-8")
        if isinstance(item, ChoiceItem):
            assert 0 <= item.gold < len(item.choices)
