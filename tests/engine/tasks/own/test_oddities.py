"""Data that can be used and is odd all the same is told before a run, each kind once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fixtures.own_data import Rows, read_file, read_rows, write_file

A_ROW = {"prompt": "Where?", "answer": "Berlin"}


def _told(folder: Path, rows: Rows, **asking: Any) -> list[tuple[int, str]]:
    data = read_rows(folder, rows, **asking)
    assert data.problems == ()
    return [(doubt.line, doubt.message) for doubt in data.doubts]


@pytest.mark.parametrize("written", ["NA", "nan", "NaN", "<NA>", "NULL", "null", r"\N", "#N/A", "#REF!", "#DIV/0!"])
def test_what_programs_write_for_a_missing_value_is_told(tmp_path: Path, written: str) -> None:
    data = read_file(write_file(tmp_path, f"prompt,answer\na?,b\nc?,{written}\nd?,{written}\n", "mine.csv"))
    ((line, message),) = [(doubt.line, doubt.message) for doubt in data.doubts]
    assert line == 3
    assert (
        message == f"{written!r} is what programs write where a value is missing, and is taken as text (2 such rows)."
    )


def test_a_missing_prompt_or_choice_is_told(tmp_path: Path) -> None:
    assert _told(tmp_path, [A_ROW, {"prompt": "nan", "answer": "b"}])[0][0] == 2
    choices = [{"question": "q", "choices": ["a", "b", "nan"], "answer": "a"}]
    assert "'nan' is what programs write" in _told(tmp_path, choices)[0][1]


@pytest.mark.parametrize("answer", ["Namibia", "None", "N/A", "none of these", ["NA", "Namibia"], "Is it #N/A?"])
def test_words_that_people_write_are_no_missing_values(tmp_path: Path, answer: object) -> None:
    assert _told(tmp_path, [{"prompt": "q?", "answer": answer}]) == []


@pytest.mark.parametrize("text", ["GrÃ¶ÃŸe", "cafÃ©", "itâ€™s", "5 Â°C", "ï»¿Where", "M\ufffdnchen", "Ã€ la carte"])
def test_letters_damaged_by_a_wrong_encoding_are_told(tmp_path: Path, text: str) -> None:
    ((line, message),) = _told(tmp_path, [A_ROW, {"prompt": f"What is {text}?", "answer": "b"}])
    assert line == 2
    assert "looks damaged by a wrong encoding" in message


@pytest.mark.parametrize("text", ["Größe", "AMANHÃ", "São Paulo", "Âge", "it’s 5 °C", "€ 5"])
def test_sound_letters_are_not(tmp_path: Path, text: str) -> None:
    assert _told(tmp_path, [{"prompt": f"What is {text}?", "answer": text}]) == []


def test_rows_that_stand_twice_are_told_and_contradictions_apart(tmp_path: Path) -> None:
    rows: Rows = [
        A_ROW,
        A_ROW,
        {**A_ROW, "answer": "Paris"},
        {**A_ROW, "answer": ["Berlin"]},
        {"prompt": "x", "answer": "y"},
    ]
    assert _told(tmp_path, rows) == [
        (2, "The row is the same as an earlier one, and counts again (2 such rows)."),
        (3, "The row asks what an earlier row asks, but another answer is right."),
    ]


def test_the_same_question_with_other_choices_is_another_item(tmp_path: Path) -> None:
    row = {"question": "q", "choices": ["red", "blue"], "answer": "red"}
    assert _told(tmp_path, [row, {**row, "choices": ["red", "green"]}]) == []
    turned = [row, {**row, "choices": ["blue", "red"]}, {**row, "answer": "blue"}]
    assert [(line, "another answer" in message) for line, message in _told(tmp_path, turned)] == [(2, False), (3, True)]


def test_an_answer_longer_than_what_may_be_written_is_told(tmp_path: Path) -> None:
    rows = [{"prompt": "Why?", "answer": "because " * 100}]
    assert "longer than the 64 tokens" in _told(tmp_path, rows)[0][1]
    assert _told(tmp_path, rows, max_tokens=200) == []
    assert _told(tmp_path, [{"prompt": "How many?", "answer": "so " * 1000 + "7"}], scorer="numeric") == []
