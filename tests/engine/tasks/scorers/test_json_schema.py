"""The JSON scorer: validity, schema, exact value and fields."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.errors import DatasetError
from weighin.engine.tasks.items import GenerateItem
from weighin.engine.tasks.scorers.json_schema import field_accuracy, score_json

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
EXPECTED = {"name": "Ida", "age": 41}


def run(found: str, *answers: str, **check: Any) -> dict[str, float]:
    return score_json(found, GenerateItem(id="item-7", prompt="p", answers=answers, check=check))


@pytest.mark.parametrize(
    ("found", "valid", "keeps_schema", "exact", "fields"),
    [
        ('{"age": 41, "name": "Ida"}', 1, 1, 1, 1),
        ('```json\n{"name": "Ida", "age": 41.0}\n```', 1, 1, 1, 1),
        ('```\n{"name": "Ida", "age": 14}\n```', 1, 1, 0, 1 / 2),
        ('{"name": "Ida", "age": "41"}', 1, 0, 0, 1 / 2),
        ('{"name": "Ida"}', 1, 0, 0, 1 / 2),
        ('{"name": "Ida", "age": 41, "x": 1}', 1, 0, 0, 2 / 3),
        ("[]", 1, 0, 0, 0),
        ("41", 1, 0, 0, 0),
        ('Here: {"name": "Ida", "age": 41}', 0, 0, 0, 0),
        ('{"name": "Ida", "age": 41} {}', 0, 0, 0, 0),
        ("{'name': 'Ida'}", 0, 0, 0, 0),
        ('{"name": "Ida", "age": NaN}', 0, 0, 0, 0),
        ("", 0, 0, 0, 0),
        ("[" * 100_000 + "]" * 100_000, 0, 0, 0, 0),
    ],
)
def test_worked_examples(found: str, valid: float, keeps_schema: float, exact: float, fields: float) -> None:
    assert run(found, schema=SCHEMA, expected=EXPECTED) == {
        "json_valid": valid,
        "schema_valid": keeps_schema,
        "exact_match": exact,
        "field_accuracy": pytest.approx(fields),
    }


def test_without_schema_or_expected_value() -> None:
    assert run("[1]") == {"json_valid": 1.0, "schema_valid": 1.0}
    assert run("nothing") == {"json_valid": 0.0, "schema_valid": 0.0}
    assert run("[1]", "[1]")["exact_match"] == 1.0
    assert run("null", expected=None) == {
        "json_valid": 1.0,
        "schema_valid": 1.0,
        "exact_match": 1.0,
        "field_accuracy": 1.0,
    }


def test_true_is_not_one() -> None:
    assert run("[true]", expected=[1])["exact_match"] == 0.0
    assert run("[0]", expected=[False])["field_accuracy"] == 0.0


def test_fields_are_known_by_their_path() -> None:
    # Leaves a, b.0, b.1 and found a, b.0, c: two in common of four.
    assert field_accuracy({"a": 1, "b": [2], "c": 3}, {"a": 1, "b": [2, 5]}) == pytest.approx(2 / 4)
    assert field_accuracy({"a": {}}, {"a": []}) == 0.0
    assert field_accuracy({}, {}) == 1.0


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "objekt"},
        {"$ref": "https://example.invalid/schema.json"},
        {"$ref": "#/$defs/missing"},
        [1],
    ],
)
def test_a_schema_that_cannot_be_used_is_named(schema: Any) -> None:
    with pytest.raises(DatasetError, match="item-7"):
        run("{}", schema=schema)


def test_references_inside_the_schema_work() -> None:
    schema = {"$defs": {"n": {"type": "integer"}}, "items": {"$ref": "#/$defs/n"}}
    assert run("[1, 2]", schema=schema)["schema_valid"] == 1.0
    assert run('["1"]', schema=schema)["schema_valid"] == 0.0


def test_an_answer_that_is_not_json_fails_and_names_the_item() -> None:
    with pytest.raises(DatasetError, match="item-7"):
        run("{}", "{broken")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(_JSON, _JSON)
def test_a_value_equals_itself_and_the_scores_agree(value: Any, other: Any) -> None:
    same = run(json.dumps(value), expected=value)
    assert set(same.values()) == {1.0}
    scores = run(json.dumps(other), expected=value)
    assert (scores["exact_match"] == 1.0) == (scores["field_accuracy"] == 1.0)
    assert field_accuracy(other, value) == field_accuracy(value, other)


@pytest.mark.parametrize(
    ("found", "step", "keeps"),
    [
        ("19.99", 0.01, 1.0),
        ("0.3", 0.1, 1.0),
        ("19.995", 0.01, 0.0),
        ("7", 0.5, 1.0),
        ("1e308", 0.1, 1.0),
        ("1e400", 0.1, 0.0),
        ("-1e400", 3, 0.0),
        ("9" * 400, 3, 1.0),
        ("9" * 400, 0.7, 0.0),
    ],
)
def test_multiples_are_exact_and_never_an_error(found: str, step: float, keeps: float) -> None:
    item = GenerateItem(id="i", prompt="?", answers=(), check={"schema": {"type": "number", "multipleOf": step}})
    assert score_json(found, item)["schema_valid"] == keeps
