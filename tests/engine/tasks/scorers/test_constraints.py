"""Checkable constraints: every line of the table in the module's docstring."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.errors import DatasetError
from weighin.engine.tasks.items import GenerateItem
from weighin.engine.tasks.scorers import find_scorer
from weighin.engine.tasks.scorers.constraints import _CHECKS, _COUNTS, is_kept, parse_constraints
from weighin.engine.tasks.scorers.sentences import count_sentences, split_words


def kept(answer: str, kind: str, value: Any = None, **more: Any) -> bool:
    entry = {"kind": kind, **more} if value is None else {"kind": kind, "value": value, **more}
    (constraint,) = parse_constraints({"constraints": [entry]}, where="the test")
    return is_kept(constraint, answer)


@pytest.mark.parametrize(
    ("text", "kind", "value", "expected"),
    [
        ("It's a well-known thing.", "exact_words", 4, True),
        ("one two three", "max_words", 2, False),
        ("one two three", "min_words", 3, True),
        ("Dr. Low came at 3.30. Who saw her? Nobody", "exact_sentences", 3, True),
        ("One.\n\nTwo\nstill two.\n\n\nThree.", "exact_paragraphs", 3, True),
        ("One.\n \nTwo.", "exact_paragraphs", 2, True),
        ("a\n\nb\n", "exact_lines", 2, True),
        ("  abc  ", "exact_characters", 3, True),
        ("- a\n* b\n• c\n-no bullet", "exact_bullets", 3, True),
        ("**Bold** line\n- a", "exact_bullets", 1, True),
        ("1. a\n2) b\n3. c", "exact_numbered", 3, True),
        ("1. a\n3. b", "min_numbered", 0, False),
        ("3.5 is a number\n2024. no", "max_numbered", 5, False),
        ("Dear [name], at [place]", "min_placeholders", 2, True),
        ("Dear [], at [pl\nace]", "max_placeholders", 0, True),
        ("The Red Fox ran", "include", ["red fox", "RAN"], True),
        ("The reddish fox", "include", "red", False),
        ("a red\nfox", "include", "red fox", True),
        ("The reddish fox", "exclude", ["red", "cat"], True),
        ("Red!", "exclude", "red", False),
        ("no comma here", "no_characters", ",", True),
        ("a, b", "no_characters", ",;", False),
        ("  Dear all, hello", "starts_with", "Dear", True),
        ("dear all", "starts_with", "Dear", False),
        ("All done. The End.\n", "ends_with", "The End.", True),
        ("Well, yes", "first_word", "well", True),
        ("Is it so? Yes.", "last_word", "yes", True),
        ("...", "first_word", "yes", False),
        ("Positive.", "one_of", ["positive", "negative"], True),
        ("It is positive", "one_of", ["positive", "negative"], False),
        ("all small 123.", "lowercase", None, True),
        ("One big", "lowercase", None, False),
        ("123", "lowercase", None, False),
        ("LOUD 1", "uppercase", None, True),
        ("<<On Rain>>\n\nIt falls.", "title_line", None, True),
        ("<<On Rain>>", "title_line", None, False),
        ("<< >>\ntext", "title_line", None, False),
        ('"all of it"', "quoted", None, True),
        ('"half', "quoted", None, False),
        ('{"a": 1}', "json", None, True),
        ('```json\n{"a": 1}\n```', "json", None, True),
        ('Here: {"a": 1}', "json", None, False),
        ("[NaN]", "json", None, False),
        ('{"b": 1, "a": null}', "json_keys", ["a", "b"], True),
        ('{"a": 1}', "json_keys", ["a", "b"], False),
        ('["a", "b"]', "json_keys", ["a", "b"], False),
    ],
)
def test_every_kind_of_constraint(text: str, kind: str, value: Any, expected: bool) -> None:
    assert kept(text, kind, value) is expected


def test_json_nested_too_deep_is_none() -> None:
    assert not kept("[" * 100_000, "json")
    assert not kept("[" * 100_000 + "]" * 100_000, "json")


def test_times_counts_whole_words() -> None:
    assert kept("Cat, cat and category.", "exact_times", 2, text="cat")
    assert kept("Cat, cat and category.", "max_times", 2, text="cat")
    assert not kept("Cat, cat and category.", "min_times", 3, text="cat")


@pytest.mark.parametrize("kind", ["max_words", "exclude", "no_characters", "lowercase", "max_bullets"])
def test_an_empty_answer_keeps_nothing(kind: str) -> None:
    value: Any = {"exclude": "x", "no_characters": ",", "lowercase": None}.get(kind, 5)
    assert not kept(" \n ", kind, value)


def test_scores_are_the_share_and_whether_all_are_kept() -> None:
    check = {"constraints": [{"kind": "max_words", "value": 3}, {"kind": "lowercase"}, {"kind": "json"}]}
    item = GenerateItem(id="i", prompt="p", answers=(), check=check)
    scorer = find_scorer("constraints").score
    assert scorer("one two", item) == {"constraints_met": pytest.approx(2 / 3), "exact_match": 0.0}
    check = {"constraints": [{"kind": "max_words", "value": 3}, {"kind": "lowercase"}]}
    item = GenerateItem(id="i", prompt="p", answers=(), check=check)
    assert scorer("one two", item) == {"constraints_met": 1.0, "exact_match": 1.0}


@pytest.mark.parametrize(
    "constraints",
    [
        [],
        [{"kind": "max_wrods", "value": 3}],
        [{"kind": "max_words"}],
        [{"kind": "max_words", "value": "3"}],
        [{"kind": "max_words", "value": -1}],
        [{"kind": "max_words", "value": 3, "text": "stray"}],
        [{"kind": "max_times", "value": 3}],
        [{"kind": "lowercase", "value": 1}],
        [{"kind": "include"}],
        [{"kind": "include", "value": []}],
        [{"kind": "include", "value": ""}],
        [{"kind": "no_characters", "value": ["a", "b"]}],
        [{"kind": "one_of", "value": "yes"}],
        [{"kind": "json", "valeu": 1}],
        "max_words",
    ],
)
def test_a_wrong_constraint_is_named(constraints: Any) -> None:
    with pytest.raises(DatasetError, match="item 7"):
        parse_constraints({"constraints": constraints}, where="item 7")


_ALL: list[dict[str, Any]] = [
    *({"kind": f"{bound}_{c}", "value": 2} for bound in ("min", "max", "exact") for c in _COUNTS if c != "times"),
    *({"kind": f"{bound}_times", "value": 2, "text": "a b"} for bound in ("min", "max", "exact")),
    *(
        {"kind": kind} if wanted == "no value" else {"kind": kind, "value": "a" if wanted == "a text" else ["a", "b"]}
        for kind, (wanted, _) in _CHECKS.items()
    ),
]


@given(st.text())
def test_any_text_can_be_checked(text: str) -> None:
    scores = find_scorer("constraints").score(
        text, GenerateItem(id="i", prompt="p", answers=(), check={"constraints": _ALL})
    )
    assert set(scores) == {"constraints_met", "exact_match"}
    assert all(0.0 <= value <= 1.0 for value in scores.values())


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit", ["a", " ", "\n", "[", "<<", "-", "*", ".", "a.", "1. ", "a b ", '"', "`", "{", "É. ", "\n\n "]
)
def test_very_long_answers_can_be_checked(unit: str) -> None:
    text = unit * (50_000 // len(unit))
    item = GenerateItem(id="i", prompt="p", answers=(), check={"constraints": _ALL})
    assert set(find_scorer("constraints").score(f"x{text}x", item)) == {"constraints_met", "exact_match"}


@pytest.mark.parametrize(
    ("text", "n_sentences"),
    [
        ("", 0),
        ("...", 0),
        ("No mark", 1),
        ("One. Two! Three? Four…", 4),
        ("It cost 3.50 and it broke.", 1),
        ("Mr. and Mrs. J. Smith left, e.g. by car.", 1),
        ('"Stop!" she said. He did.', 3),
        ("Apples, pears, etc. They are sold at 5 p.m. today.", 2),
        ("1. First thing.\n2. Second thing.", 2),
        ("It was I. You knew.", 2),
        ("これは本です。あれは？", 2),
        ("Really?! Yes.", 2),
    ],
)
def test_sentences(text: str, n_sentences: int) -> None:
    assert count_sentences(text) == n_sentences


def test_words() -> None:
    assert split_words("Don't over-think: naïve 42 – ok") == ["Don't", "over-think", "naïve", "42", "ok"]
