"""Extractors: find answers in outputs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.errors import DatasetError
from weighin.engine.tasks.extractors import (
    EXTRACTORS,
    boxed,
    code_block,
    find_extractor,
    first_line,
    json_block,
    letter,
    parse_json,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("B", "B"),
        (" (C) ", "C"),
        ("**D**", "D"),
        ("D.", "D"),
        ("The answer is (B).", "B"),
        ("The answer is B", "B"),
        ("the correct answer is: **C** because …", "C"),
        ("Answer: J", "J"),
        ("**Answer:** E", "E"),
        ("Answer:\nB", "B"),
        ("The correct option is D) Paris", "D"),
        ("I choose option A.", "A"),
        ("The answer is option (F)", "F"),
        ("Final answer: [G]", "G"),
        ("B. Paris is the capital.", "B"),
        ("(B) Paris", "B"),
        ("A) Paris", "A"),
        ("It must be Paris (C), since it is in France.", "C"),
        ("Reasons first.\n\nC", "C"),
        ("First I thought the answer is A. But the answer is D.", "D"),
        (r"So \boxed{B}", "B"),
        (r"So \boxed{\text{(H)}}", "H"),
        ("The answer should be B", "B"),
        ("Answer: A", "A"),
        ("The answer is A", "A"),
        ("The answer is A, as shown.", "A"),
        # Words are no labels.
        ("The answer is A dog that barks.", None),
        ("I think it is Paris.", None),
        ("A dog.", None),
        ("Answer: Charles Darwin", None),
        ("The answer is Both of them", None),
        ("The answer is K", None),
        ("The answer is b", None),
        ("Either (A) or (B).", None),
        ("Paris", None),
        ("", None),
    ],
)
def test_letter(text: str, found: str | None) -> None:
    assert letter(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"Thus \boxed{42}.", "42"),
        (r"\boxed{1}, no: \boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{ \{1, 2\} }", r"\{1, 2\}"),
        (r"\fbox{x}", "x"),
        (r"\boxed{7} and \boxed{8", "7"),
        (r"\boxed{}", None),
        ("boxed{7}", None),
    ],
)
def test_boxed(text: str, found: str | None) -> None:
    assert boxed(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1}', '{"a": 1}'),
        (' "x" ', '"x"'),
        ('Sure:\n```json\n{"a": 1}\n```\nDone.', '{"a": 1}'),
        ("```\n[1]\n```", "[1]"),
        ('```json\n{"a": 1}\n```\nor better\n```json\n{"a": 2}\n```', '{"a": 2}'),
        ('```json\n{"a": 1}', '{"a": 1}'),
        ('As in [1], it is {"a": {"b": [2]}}.', '{"a": {"b": [2]}}'),
        ('{"a": "} {"} and so on', '{"a": "} {"}'),
        ("{broken, [1, 2]", "[1, 2]"),
        ("{'a': 1}", None),
        ("The answer is 4", None),
        ("", None),
    ],
)
def test_json_block(text: str, found: str | None) -> None:
    assert json_block(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("```python\ndef f():\n    return 1\n```", "def f():\n    return 1"),
        ("Here:\n\n```python\na = 1\n```\n\nThen\n\n```python\nb = 2\n```", "a = 1\nb = 2"),
        ("```python\na = 1\n```\nPrints\n```text\n1\n```", "a = 1"),
        ("~~~\na\n~~~", "a"),
        ("````md\n```\ninner\n```\n````", "```\ninner\n```"),
        ("```python\na = 1\nwhile True:", "a = 1\nwhile True:"),
        ("    return x + 1\n", "    return x + 1"),
        ("```\n```", None),
        ("```", None),
        ("\n \n", None),
    ],
)
def test_code_block(text: str, found: str | None) -> None:
    assert code_block(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Answer: 4", "4"),
        ("\nThe answer is Paris\nmore", "Paris"),
        ("Answers vary", "Answers vary"),
        ("Answer:\n4", "4"),
        ("**Final Answer:**\n\n4", "4"),
        ("### Answer\n4", "4"),
        ("So the answer is **Paris**.", "Paris**."),
        ("Therefore, my final answer is: Paris", "Paris"),
        ("Die richtige Antwort lautet: Paris", "Paris"),
        ("Die Antwort ist Paris.", "Paris."),
        ("La réponse est Paris", "Paris"),
        ("La respuesta correcta es: París", "París"),
        ("A resposta é Lisboa", "Lisboa"),
        ("Ответ: Москва", "Москва"),
        ("答案是巴黎。", "巴黎。"),
        ("最终答案：巴黎", "巴黎"),
        ("정답은 서울", "서울"),
        ("```text\nParis\n```", "Paris"),
        ("<answer>\nParis\n</answer>", "Paris"),
        ("Sure! Here is the translation:\n\nHaus", "Haus"),
        ("Here's the answer:\nParis", "Paris"),
        ("Voici la réponse :\nParis", "Paris"),
        ("Sure!\nParis", "Paris"),
        # What may be an answer is none of these.
        ("Here are 3:\na", "Here are 3:"),
        ("The total is 42, as follows:\n- a", "The total is 42, as follows:"),
        ("Sure", "Sure"),
        ("OK.", "OK."),
        ("Answer", "Answer"),
        ("Réponse", "Réponse"),
        ("*", "*"),
        ("---", "---"),
        ("Answer:", None),
        ("**Answer:**", None),
        ("```", None),
        ("\u200b\n", None),
    ],
)
def test_the_first_line_is_the_first_that_says_something(text: str, found: str | None) -> None:
    assert first_line(text) == found


def test_verbatim_keeps_white_space_and_whole_does_not() -> None:
    text = "\n    return 1\n"
    assert find_extractor("verbatim")(text) == text
    assert find_extractor("whole")(text) == "return 1"
    assert find_extractor("verbatim")(" \n") is None


def test_an_unknown_extractor_fails_with_the_known_names() -> None:
    with pytest.raises(DatasetError, match="json_block"):
        find_extractor("jsonblock")


def test_json_is_one_value() -> None:
    assert parse_json('```json\n{"a": 1}\n```') == {"a": 1}
    for bad in ("", "1 2", "Infinity", "```json\n1\n``` then", "{'a': 1}"):
        with pytest.raises(ValueError, match=r"Expecting|Extra|not JSON"):
            parse_json(bad)


@given(
    st.text() | st.lists(st.sampled_from(["```", "\n", "{", "}", "[", "]", '"', "A", "answer is ", "(B)"])).map("".join)
)
def test_any_text_can_be_read(text: str) -> None:
    for name, extract in EXTRACTORS.items():
        found = extract(text)
        assert found is None or found, name


@given(st.sampled_from("ABCDEFGHIJ"), st.sampled_from(["The answer is ({}).", "{}", "Answer: {}", "**{}**", "({}) x"]))
def test_every_letter_is_found_in_every_shape(label: str, shape: str) -> None:
    assert letter(shape.format(label)) == label


@given(st.recursive(st.integers() | st.text(), lambda each: st.lists(each) | st.dictionaries(st.text(), each)))
def test_json_is_found_anywhere_in_the_output(value: object) -> None:
    text = json.dumps(value)
    for shape in ("{}", "```json\n{}\n```", "So:\n```\n{}\n```\nDone"):
        found = json_block(shape.replace("{}", text))
        assert found is not None
        assert json.loads(found) == value


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "unit",
    [
        "a",
        " ",
        "\n",
        "{",
        "[",
        '["',
        '{"a":',
        "(",
        "\\boxed{",
        "answer ",
        "answer is ",
        "```\n",
        "*",
        "1",
        "1,",
        "####",
        "`",
    ],
)
def test_very_long_texts_can_be_read(unit: str) -> None:
    text = "x" + unit * (100_000 // len(unit))
    for name, extract in EXTRACTORS.items():
        extracted = extract(text)
        assert extracted is None or len(extracted) <= len(text), name
