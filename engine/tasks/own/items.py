"""A row with a prompt as an item, with its right answers and what its scorer needs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..items import GenerateItem
from ..scorer import Scorer
from .cells import BadRowError, is_blank, item_id, sound, spelled, text_of
from .shapes import Shaped


def generate_item(shape: Shaped, scorer: Scorer) -> GenerateItem:
    """The prompt with its right answers.

    Raises:
        BadRowError: something is missing or of another type.
    """
    row = shape.fields
    prompt = text_of(row, "prompt")
    answer = row.get("answer")
    check = _check(row, scorer.json_fields)
    answers: tuple[str, ...]
    if isinstance(answer, list):
        answers = tuple(sound(spelled(a).strip(), "answer") for a in answers_of(answer))
        if (not check and not answers) or "" in answers:
            raise BadRowError("'answer' is an empty list or has an empty entry")
    elif is_blank(answer):
        # Whether an answer is needed depends on the scorer.
        answers = ()
    else:
        answers = (text_of(row, "answer").strip(),)
    if any(isinstance(each, float) for each in (answer if isinstance(answer, list) else [answer])):
        check = {**scorer.number_check, **check}
    system = text_of(row, "system") if row.get("system") else ""
    return GenerateItem(id=item_id(shape.line, row), prompt=prompt, answers=answers, system=system, check=check)


def _check(row: Mapping[str, Any], json_fields: frozenset[str]) -> dict[str, Any]:
    """The ``check`` object, also given as JSON text; fields in columns of their own may be JSON text too."""
    value = row.get("check")
    if is_blank(value):
        return {}
    whole = _read_json(value) if isinstance(value, str) else value
    if not isinstance(whole, Mapping):
        raise BadRowError("'check' must be an object")
    check = {
        str(name): _read_json(part) if isinstance(part, str) and name in json_fields else part
        for name, part in whole.items()
        if part is not None
    }
    try:
        sound(json.dumps(check, ensure_ascii=False), "check")
    except (TypeError, ValueError, RecursionError):
        raise BadRowError("'check' has a value that JSON cannot hold") from None
    return check


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def answers_of(values: list[Any]) -> Iterator[str | int | float]:
    """The correct answers in a list.

    Raises:
        BadRowError: one is neither text nor a number.
    """
    for value in values:
        if not isinstance(value, (str, int, float)) or value != value:
            raise BadRowError("'answer' must be text or a list of texts")
        yield value
