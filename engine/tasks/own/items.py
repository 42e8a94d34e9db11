"""One row of your own data as an item: finds the answer, and says what is wrong with a row that cannot be used."""

from __future__ import annotations

import json
import string
from collections.abc import Iterator, Mapping
from typing import Any

from ..items import ChoiceItem, GenerateItem
from ..scorer import Scorer
from ..spec import Kind
from .rows import MAX_CHOICES


class BadRowError(Exception):
    """A row cannot be used; the message says why."""


def row_kind(row: Mapping[str, Any]) -> Kind | None:
    """What the columns of a row ask for; None when neither kind fits."""
    if "question" in row and "choices" in row:
        return "choice"
    return "generate" if "prompt" in row else None


def _text(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    if _is_blank(value):
        raise BadRowError(f"{column!r} is missing or empty")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise BadRowError(f"{column!r} must be text")
    return _sound(str(value), column)


def _sound(text: str, column: str) -> str:
    # JSON can spell half of a surrogate pair, which cannot be written as UTF-8 later.
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise BadRowError(f"{column!r} has half of a surrogate pair, which is not a character")
    return text


def _id(line: int, row: Mapping[str, Any]) -> str:
    value = row.get("id")
    return f"line-{line}" if value is None or not str(value).strip() else _text(row, "id")


def choice_item(line: int, row: Mapping[str, Any]) -> ChoiceItem:
    question = _text(row, "question")
    choices = row.get("choices")
    if not isinstance(choices, list) or not all(isinstance(c, (str, int, float)) for c in choices):
        raise BadRowError("'choices' must be a list of texts")
    texts = tuple(_sound(str(choice).strip(), "choices") for choice in choices)
    if not 2 <= len(texts) <= MAX_CHOICES:
        raise BadRowError(f"'choices' has {len(texts)} entries; it needs 2 to {MAX_CHOICES}")
    if "" in texts:
        raise BadRowError("'choices' has an empty entry")
    if len(set(texts)) < len(texts):
        raise BadRowError("'choices' has the same entry twice")
    return ChoiceItem(id=_id(line, row), question=question, choices=texts, gold=_gold(row, texts))


def _gold(row: Mapping[str, Any], choices: tuple[str, ...]) -> int:
    value = row.get("answer")
    # Tables with empty cells turn whole numbers into floats.
    whole = isinstance(value, float) and value.is_integer()
    answer = str(int(value)) if whole and value is not None else _text(row, "answer").strip()
    letters = string.ascii_uppercase[: len(choices)]
    labels = row.get("labels")
    if labels is not None:
        return _labelled(answer, labels, choices)
    meant = set()
    if answer in choices:
        meant.add(choices.index(answer))
    if len(answer) == 1 and answer.upper() in letters:
        meant.add(letters.index(answer.upper()))
    if answer.isascii() and answer.isdigit() and len(answer) < 4 and int(answer) < len(choices):
        meant.add(int(answer))
    if not meant:
        raise BadRowError(f"the answer {answer[:40]!r} is not a choice, a letter A to {letters[-1]} or an index from 0")
    if len(meant) > 1:
        raise BadRowError(
            f"the answer {answer!r} is ambiguous: it could be choice {' or '.join(letters[i] for i in sorted(meant))}; "
            "give a letter, or the text of a choice that is not an index or a letter"
        )
    return meant.pop()


def _labelled(answer: str, labels: object, choices: tuple[str, ...]) -> int:
    names = [str(label).strip() for label in labels] if isinstance(labels, list) else []
    if len(names) != len(choices) or len(set(names)) < len(names):
        raise BadRowError("'labels' must be a list of different labels, one per choice")
    if answer not in names:
        raise BadRowError(f"the answer {answer[:40]!r} is not one of the labels {', '.join(names)[:80]}")
    return names.index(answer)


def generate_item(line: int, row: Mapping[str, Any], scorer: Scorer) -> GenerateItem:
    prompt = _text(row, "prompt")
    answer = row.get("answer")
    check = _check(row, scorer.json_fields)
    answers: tuple[str, ...]
    if isinstance(answer, list):
        answers = tuple(_sound(str(a).strip(), "answer") for a in answers_of(answer))
        if (not check and not answers) or "" in answers:
            raise BadRowError("'answer' is an empty list or has an empty entry")
    elif _is_blank(answer):
        # Whether an answer is needed depends on the scorer.
        answers = ()
    else:
        answers = (_text(row, "answer").strip(),)
    system = _text(row, "system") if row.get("system") else ""
    return GenerateItem(id=_id(line, row), prompt=prompt, answers=answers, system=system, check=check)


def _is_blank(value: object) -> bool:
    return value is None or value != value or (isinstance(value, str) and not value.strip())


def _check(row: Mapping[str, Any], json_fields: frozenset[str]) -> dict[str, Any]:
    """The ``check`` object, also given as JSON text; fields in columns of their own may be JSON text too."""
    value = row.get("check")
    if _is_blank(value):
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
        _sound(json.dumps(check, ensure_ascii=False), "check")
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
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise BadRowError("'answer' must be text or a list of texts")
        yield value
