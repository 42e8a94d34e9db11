"""Whether an answer is JSON, follows a schema, and has the expected values."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from ...errors import DatasetError
from ..extractors import parse_json
from ..items import GenerateItem
from ..scorer import Scorer

_MISSING = object()


def score_json(found: str, item: GenerateItem) -> dict[str, float]:
    """``json_valid``, ``schema_valid``, and with an expected value ``exact_match`` and ``field_accuracy``.

    The text must be one JSON value, plain or as the only content of a code fence; the extractor ``json_block`` removes
    words around it. ``item.check["schema"]`` is a JSON Schema (2020-12 unless it says otherwise); without one,
    ``schema_valid`` equals ``json_valid``. The expected value is ``item.check["expected"]``, or else the first answer
    parsed as JSON.

    ``exact_match``: the same value, regardless of the order of keys and the notation of numbers; true is not 1.
    ``field_accuracy``: the share of all leaves in either value that both have, at the same path with the same content.

    Raises:
        DatasetError: the item's schema or expected value cannot be used.
    """
    schema = item.check.get("schema")
    validator = _validator(json.dumps(schema, sort_keys=True), item.id) if schema is not None else None
    expected = _expected(item)
    try:
        value = parse_json(found)
    except ValueError:
        value = _MISSING
    valid = value is not _MISSING
    scores = {"json_valid": float(valid), "schema_valid": float(valid and _keeps(validator, value, item.id))}
    if expected is not _MISSING:
        same = valid and _flat(value) == _flat(expected)
        scores |= {"exact_match": float(same), "field_accuracy": field_accuracy(value, expected) if valid else 0.0}
    return scores


def field_accuracy(value: Any, expected: Any) -> float:
    """The share of all leaves in either value that have the same content in both.

    A leaf is identified by its path of keys and list positions. An empty list or object is a leaf.
    """
    found, wanted = _flat(value), _flat(expected)
    n_same = sum(1 for path, leaf in wanted.items() if found.get(path, _MISSING) == leaf)
    return n_same / len(found.keys() | wanted.keys())


def _flat(value: Any) -> dict[tuple[str | int, ...], tuple[str, Any]]:
    return dict(_leaves(value))


def _leaves(value: Any) -> Iterator[tuple[tuple[str | int, ...], tuple[str, Any]]]:
    # Without recursion, because a valid answer may be nested deeper than Python's stack. Content includes its type,
    # because True == 1 in Python.
    open_values: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while open_values:
        path, each = open_values.pop()
        children = each.items() if isinstance(each, dict) else enumerate(each) if isinstance(each, list) else ()
        if isinstance(each, dict | list) and each:
            open_values += [((*path, key), child) for key, child in children]
        elif isinstance(each, dict | list):
            yield path, ("empty", type(each).__name__)
        else:
            number = isinstance(each, int | float) and not isinstance(each, bool)
            yield path, ("number" if number else type(each).__name__, each)


def _expected(item: GenerateItem) -> Any:
    if "expected" in item.check:
        return item.check["expected"]
    if not item.answers:
        return _MISSING
    try:
        return parse_json(item.answers[0])
    except ValueError:
        raise DatasetError(
            f"The answer of item {item.id} is not JSON.", hint='Fix it, or give check = {"expected": ...}.'
        ) from None


def _keeps(validator: Any, value: Any, where: str) -> bool:
    if validator is None:
        return True
    from referencing.exceptions import Unresolvable

    try:
        return bool(validator.is_valid(value))
    except RecursionError:
        return False
    except Unresolvable as error:
        raise DatasetError(
            f"The schema of item {where} refers to something that is not in it: {error}.",
            hint="Put the whole schema into one document; nothing is downloaded.",
        ) from None


@lru_cache(maxsize=256)
def _validator(schema_text: str, where: str) -> Any:
    import referencing
    from jsonschema import Draft202012Validator, SchemaError  # type: ignore[import-untyped]
    from jsonschema.validators import extend, validator_for  # type: ignore[import-untyped]

    schema = json.loads(schema_text)
    if not isinstance(schema, Mapping | bool):
        raise DatasetError(f"The schema of item {where} is not a JSON Schema.", hint="It must be an object.")
    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        raise DatasetError(f"The schema of item {where} is wrong: {error.message}.") from None
    # An empty registry, because by default a reference to a URL is downloaded.
    return extend(kind, {"multipleOf": _multiple_of})(schema, registry=referencing.Registry())


def _multiple_of(validator: Any, step: Any, value: Any, _schema: Any) -> Iterator[Any]:
    # jsonschema divides binary fractions: 19.99 is no multiple of 0.01 there, and a number beyond their range raises.
    from jsonschema import ValidationError

    if validator.is_type(value, "number") and (
        (isinstance(value, float) and math.isinf(value)) or _exact(value) % _exact(step)
    ):
        yield ValidationError(f"{value!r} is not a multiple of {step}")


def _exact(number: float) -> Fraction:
    """The number as it is written in decimal."""
    return Fraction(repr(number)) if isinstance(number, float) else Fraction(number)


SCORER = Scorer(
    name="json_schema",
    correct_when="it is JSON that matches a schema",
    score=score_json,
    metrics=("schema_valid", "json_valid", "exact_match", "field_accuracy"),
    extractor="json_block",
    max_tokens=512,
    needs="answer or check",
    reveals_bad_items=True,
    json_fields=frozenset(("schema",)),
)
