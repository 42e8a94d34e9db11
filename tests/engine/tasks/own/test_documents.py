"""JSON in every arrangement of rows, and rows in the shapes that data sets use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fixtures.own_data import read_file, read_rows, write_file

from weighin.engine.errors import DatasetError
from weighin.engine.plan.model import Reading
from weighin.engine.tasks.items import ChoiceItem, GenerateItem
from weighin.engine.tasks.own import parquet
from weighin.engine.tasks.own.data import UserData

_A, _B = '{"prompt": "a", "answer": "1"}', '{"prompt": "b", "answer": "2"}'


def _read(tmp_path: Path, text: str, name: str = "mine.json", **reading: Any) -> UserData:
    return read_file(write_file(tmp_path, text, name), reading=Reading(**reading))


@pytest.mark.parametrize("name", ["mine.json", "mine.jsonl", "mine.txt"])
@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"{_A}\n{_B}\n", [1, 2]),
        (f"{_A}\r\n\r\n  \r\n\ufeff{_B}\r\n\x1a", [1, 4]),
        (f"\r{_A}\r{_B}", [2, 3]),
        (f"[{_A}, {_B}]", [1, 2]),
        (f"[\n  {_A},\n\n  {_B}\n]\n", [2, 4]),
        (json.dumps([json.loads(_A), json.loads(_B)], indent=2), [2, 6]),
        (f"{json.dumps(json.loads(_A), indent=1)}\n{json.dumps(json.loads(_B), indent=1)}", [1, 5]),
        (f'{{"version": 1,\n"data": [{_A},\n{_B}]}}', [2, 3]),
        (f'{{"rows": [{{"row_idx": 0, "row": {_A}}}, {{"row_idx": 1, "row": {_B}}}], "features": [{{}}]}}', [1, 2]),
        ('{"prompt": ["a", "b"], "answer": ["1", "2"]}', [1, 2]),
        ('{"prompt": {"0": "a", "1": "b"}, "answer": {"0": "1", "1": "2"}}', [1, 2]),
    ],
)
def test_rows_are_found_in_every_arrangement_with_their_lines(
    tmp_path: Path, text: str, lines: list[int], name: str
) -> None:
    data = _read(tmp_path, text, name)
    assert data.problems == ()
    answers = [(item.id, item.prompt, item.answers) for item in data.items if isinstance(item, GenerateItem)]
    assert answers == [(f"line-{lines[0]}", "a", ("1",)), (f"line-{lines[1]}", "b", ("2",))]


def test_line_separators_of_unicode_are_text(tmp_path: Path) -> None:
    (item,) = _read(tmp_path, '{"prompt": "one\u2028two\x85three", "answer": 4}').items
    assert isinstance(item, GenerateItem)
    assert item.prompt == "one\u2028two\x85three"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"prompt": "a", "answer": "1"', r"line 1: not valid JSON \(Expecting ',' delimiter at column 30\)"),
        (f'{_A[:-1]}, "answer": 2}}', "line 1: not valid JSON \\('answer' appears twice"),
        ('"text"', "line 1: not a JSON object"),
        ("[]", "has no rows"),
        ('{"data": []}', "has no rows"),
        (f'{{"train": [{_A}], "test": [{_B}]}}', "several lists of rows: 'train', 'test'.*--reading rows=NAME"),
        ('{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}', "parts that are not text"),
        ('{"question": "q", "answer": {"start": 1, "end": 2}}', "map the field.*--columns answer=answer.start"),
    ],
)
def test_the_first_real_reason_is_the_message(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        _read(tmp_path, text)


def test_one_damaged_row_is_one_problem_at_its_line(tmp_path: Path) -> None:
    data = _read(tmp_path, f"{_A[:-1]}\n{_B}\n")
    assert [problem.line for problem in data.problems] == [1]
    data = _read(tmp_path, f'[\n{_A},\n{{"prompt": "b" "answer": 2}}\n]')
    assert [(problem.line, len(data.items)) for problem in data.problems] == [(3, 1)]
    assert len(_read(tmp_path, f'{{"a": {{"b": [{_A}]}}, "c": [{_B}]}}', rows="a.b").items) == 1


_TURNS = [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}, {"role": "assistant", "content": "7"}]


_DEVELOPER = {"role": "developer", "content": "s"}
_SHARED = [("system", "s"), ("human", "q"), ("gpt", "7")]


@pytest.mark.parametrize(
    "row",
    [
        {"messages": _TURNS},
        {"messages": [_DEVELOPER, {"role": "user", "content": [{"type": "text", "text": "q"}]}], "answer": "7"},
        {"conversations": [{"from": name, "value": text} for name, text in _SHARED]},
        {"input": _TURNS[:2], "ideal": "7"},
        {"prompt": _TURNS[:2], "completion": _TURNS[2:]},
    ],
)  # fmt: skip
def test_a_conversation_of_one_turn_is_a_prompt_with_its_answer(tmp_path: Path, row: dict[str, Any]) -> None:
    assert read_rows(tmp_path, [row]).items == (GenerateItem(id="line-1", prompt="q", answers=("7",), system="s"),)


def test_longer_conversations_are_refused(tmp_path: Path) -> None:
    data = read_rows(tmp_path, [{"messages": _TURNS}, {"messages": [*_TURNS, *_TURNS[1:]]}])
    assert [problem.line for problem in data.problems] == [2]
    assert "weighin asks one user turn" in data.problems[0].message


@pytest.mark.parametrize(
    ("row", "answers"),
    [
        ({"question": "q", "answer": {"value": "x", "aliases": ["x", "y"]}}, ("x", "y")),
        ({"question": "q", "answers": {"text": ["x", "x y"], "answer_start": [1, 2]}}, ("x", "x y")),
        ({"prompt": "q", "answer": '["x", "y"]'}, ("x", "y")),
        ({"prompt": "q", "answer": "['x', \"it's\"]"}, ("x", "it's")),
        ({"prompt": "q", "answer": "['x' 'y']"}, ("x", "y")),
        ({"prompt": "q", "answer": "['x' 'y', 'z']"}, ("['x' 'y', 'z']",)),
        ({"prompt": "q", "answer": "[1, 2]"}, ("[1, 2]",)),
        ({"prompt": "q", "answer": "[sic]"}, ("[sic]",)),
        ({"prompt": "q", "answer": True}, ("true",)),
        ({"Prompt": "q", "Correct Answer": "x"}, ("x",)),
    ],
)
def test_answers_of_every_shape_are_texts(tmp_path: Path, row: dict[str, Any], answers: tuple[str, ...]) -> None:
    data = read_rows(tmp_path, [row])
    assert [item.answers for item in data.items if isinstance(item, GenerateItem)] == [answers]


def test_what_looks_like_a_list_is_told_and_can_be_kept(tmp_path: Path) -> None:
    rows = [{"prompt": "q", "answer": "['x', 'y']"}, {"prompt": "r", "answer": "[1, 2]"}]
    data = read_rows(tmp_path, rows)
    assert data.how == ("1 answer is a list of right answers, written as text",)
    assert [(doubt.line, "looks like a list" in doubt.message) for doubt in data.doubts] == [(2, True)]
    kept = read_rows(tmp_path, rows, reading=Reading(lists=False))
    assert [item.answers[0] for item in kept.items if isinstance(item, GenerateItem)] == ["['x', 'y']", "[1, 2]"]


_BY_PANDAS = "{'text': array(['x z', 'y'], dtype=object), 'label': array(['A', 'B'], dtype=object)}"


@pytest.mark.parametrize(
    ("fields", "right"),
    [
        ({"choices": {"text": ["x", "y"], "label": ["A", "B"]}, "answerKey": "B"}, "y"),
        ({"choices": [{"label": "1", "text": "x"}, {"label": "2", "text": "y"}], "answer": "1"}, "x"),
        ({"choices": [{"text": "x", "correct": False}, {"text": "y", "correct": True}]}, "y"),
        ({"options": {"A": "x", "B": "y"}, "answer": "B"}, "y"),
        ({"choices": _BY_PANDAS, "answer": "A"}, "x z"),
        ({"choices": [True, False], "answer": True}, "true"),
        ({"choices": ["x", "y"], "answer": ["y"]}, "y"),
        ({"choices": '["x", "y"]', "answer": "x"}, "x"),
        ({"Options": "['x' 'y']", "Answer": "B."}, "y"),
    ],
)  # fmt: skip
def test_choices_of_every_shape_are_texts(tmp_path: Path, fields: dict[str, Any], right: str) -> None:
    data = read_rows(tmp_path, [{"question": "q", **fields}])
    assert data.problems == ()
    assert [item.choices[item.gold] for item in data.items if isinstance(item, ChoiceItem)] == [right]


def test_questions_whose_choices_are_not_recognised_are_not_asked_without_them(tmp_path: Path) -> None:
    rows = [{"question": "q", "first": "x", "second": "y", "answer": answer} for answer in ("x", "y")]
    with pytest.raises(DatasetError, match=r"choices seem to be in 'first', 'second'.*--columns A=first,B=second"):
        read_rows(tmp_path, rows)
    with pytest.raises(DatasetError, match=r"choices seem to be in 'variants'.*choices=variants"):
        read_rows(tmp_path, [{"question": "q", "variants": ["x", "y"], "answer": "x"}])
    data = read_rows(tmp_path, rows, columns={"question": "prompt"})
    assert (data.kind, data.unused) == ("generate", ("first", "second"))


def test_a_passage_that_is_not_asked_is_told(tmp_path: Path) -> None:
    data = read_rows(tmp_path, [{"question": "Who?", "context": "Ann did.", "answer": "Ann"}])
    assert ["'context' is not asked" in doubt.message for doubt in data.doubts] == [True]


@pytest.mark.parametrize("shape", ["flat", "nested", "struct", "empty"])
def test_parquet_that_would_unpack_to_too_much_is_refused_before_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    repeated = pa.DictionaryArray.from_arrays(pa.array([0] * 2000, pa.int32()), pa.array(["x" * 10_000]))
    columns = {
        "flat": repeated,
        "nested": pa.ListArray.from_arrays(pa.array([0, 2000], pa.int32()), repeated),
        "struct": pa.StructArray.from_arrays([repeated], ["part"]),
        "empty": pa.nulls(2000, pa.string()),
    }
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"prompt": columns[shape]}), path)
    monkeypatch.setattr(parquet, "MAX_UNPACKED_BYTES", 1_000_000)
    monkeypatch.setattr(parquet, "MAX_VALUES", 2000 if shape != "empty" else 1999)
    with pytest.raises(DatasetError, match="holds"):
        read_file(path)
