"""Which choice is right: the answer of a row as the text of a choice, its number, its letter, its label or its column.

Whether numbers count from 0 or 1, and whether they are numbers of choices at all, is decided once for all rows, from
evidence in all of them. Where two readings of a row disagree, the row is wrong and says so.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

import msgspec

from ..items import ChoiceItem
from .cells import BadRowError, is_blank, item_id, sound, spelled, text_of
from .names import MAX_CHOICES, ChoiceColumns, plain_name
from .shapes import Shaped

_NUMBER = re.compile(r"[+-]?(?:\d{1,30}\.?\d{0,30}|\.\d{1,30})(?:[eE][+-]?\d{1,2})?")
_PLACE = re.compile(r"(\d{1,3})(?:\.0+)?")
_LETTER = re.compile(r"\(?([A-Za-z])[.):]{0,2}")


class ChoiceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of choices before it is known which one is right."""

    item: ChoiceItem
    """With a gold of 0."""
    answer: str
    labels: tuple[str, ...] = ()
    columns: ChoiceColumns | None = None
    texts_meant: bool
    """By its type, the answer can be the text of a choice."""


class Numbering(msgspec.Struct, frozen=True, kw_only=True):
    """What a number in ``answer`` means, in all rows."""

    first: Literal[0, 1] = 0
    numbers_are: Literal["either", "texts", "places"] = "either"
    """The text of a choice, its place, or whichever is there."""
    how: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def choice_row(row: Shaped) -> ChoiceRow:
    """The question and its choices.

    Raises:
        BadRowError: something is missing, twice or of another type.
    """
    fields = row.fields
    question = text_of(fields, "question")
    choices = fields.get("choices")
    if not isinstance(choices, list) or not all(isinstance(c, (str, int, float)) for c in choices):
        raise BadRowError('\'choices\' must be a list of texts, such as ["red", "blue"]')
    texts = tuple(sound(spelled(choice).strip(), "choices") for choice in choices)
    if not 2 <= len(texts) <= MAX_CHOICES:
        entries = "1 entry" if len(texts) == 1 else f"{len(texts)} entries"
        between = "; write | between them" if row.was_split and len(texts) == 1 else ""
        raise BadRowError(f"'choices' has {entries}; it needs 2 to {MAX_CHOICES}{between}")
    if "" in texts:
        bar = "; a | inside a choice is written \\|" if row.was_split else ""
        raise BadRowError(f"'choices' has an empty entry{bar}")
    if len(set(texts)) < len(texts):
        raise BadRowError("'choices' has the same entry twice")
    value = fields.get("answer")
    if isinstance(value, list):
        if len(value) != 1:
            raise BadRowError(f"'answer' lists {len(value)} choices; exactly one can be right")
        value = value[0]
    answer = text_of({"answer": value}, "answer").strip()
    return ChoiceRow(
        item=ChoiceItem(id=item_id(row.line, fields), question=question, choices=texts, gold=0),
        answer=answer,
        labels=_labels(fields.get("labels"), texts),
        columns=row.choice_columns,
        # A number beside choices that are texts is their place as likely as not.
        texts_meant=isinstance(value, str) or not isinstance(choices[0], str),
    )


def find_numbering(rows: Sequence[ChoiceRow], stated: Literal[0, 1] | None) -> Numbering:
    """Decide for all rows what numbers in ``answer`` mean.

    A 0 means that they count from 0. The number of choices (a 4 with four of them) means that they count from 1.
    Neither: as the columns of the choices are numbered, or from 0.
    """
    if stated is not None:
        return Numbering(first=stated, numbers_are="places", how=(f"answers are numbers of choices from {stated}",))
    plain = [row for row in rows if not row.labels]
    by_text = [bool(_by_text(row)) for row in plain]
    clashing = [row for row, found in zip(plain, by_text, strict=True) if found and _can_be_place(row)]
    if clashing and all(by_text) and all(row.texts_meant for row in clashing):
        return Numbering(numbers_are="texts", how=("answers are the choices themselves, even where they are numbers",))
    places = [
        (place, len(row.item.choices))
        for row, found in zip(plain, by_text, strict=True)
        if not found and (place := _place(row)) is not None
    ]
    if not places:
        return Numbering()
    if any(place == 0 for place, _count in places):
        return Numbering(how=("answers are numbers of choices from 0",))
    columns = next((row.columns for row in plain if row.columns), None)
    if any(place == count for place, count in places):
        doubt = "Answers count from 1, because some are the number of choices, but the choices' columns count from 0."
        return Numbering(
            first=1,
            how=("answers are numbers of choices from 1",),
            doubts=(doubt,) if columns and columns.first_number == 0 else (),
        )
    if columns and columns.first_number is not None:
        first: Literal[0, 1] = 1 if columns.first_number else 0
        return Numbering(
            first=first, how=(f"answers are numbers of choices from {first}, as in the column {columns.names[0]!r}",)
        )
    return Numbering(
        doubts=(
            "The answers do not show whether they count from 0 or 1, so they count from 0. Say it with --reading"
            " index=0 or --reading index=1.",
        )
    )


def choice_item(row: ChoiceRow, numbering: Numbering) -> ChoiceItem:
    """The item with its right choice.

    Raises:
        BadRowError: the answer is no choice, or can mean several.
    """
    return msgspec.structs.replace(row.item, gold=_gold(row, numbering))


def _gold(row: ChoiceRow, numbering: Numbering) -> int:
    choices, answer = row.item.choices, row.answer
    letters = string.ascii_uppercase[: len(choices)]
    if row.labels:
        # Tables with empty cells turn whole numbers into floats.
        for label in (answer, str(_place(row))):
            if label in row.labels:
                return row.labels.index(label)
        if answer in choices:
            return choices.index(answer)
        raise BadRowError(f"the answer {answer[:40]!r} is not one of the labels {', '.join(row.labels)[:80]}")
    place = _place(row)
    meant = set() if numbering.numbers_are == "places" and place is not None else set(_by_text(row))
    is_text = bool(meant)
    counts = place is not None and not (is_text and numbering.numbers_are == "texts")
    if place is not None and counts and 0 <= place - numbering.first < len(choices):
        meant.add(place - numbering.first)
    meant.update(_by_letter(row), _by_column(row))
    if not meant:
        last = len(choices) - 1 + numbering.first
        raise BadRowError(
            f"the answer {answer[:40]!r} is not a choice, a letter A to {letters[-1]} or an index from"
            f" {numbering.first} to {last}"
        )
    if len(meant) > 1:
        way_out = "--reading index=0 or index=1 if answers are indexes" if place is not None else "labels"
        raise BadRowError(
            f"the answer {answer[:40]!r} is ambiguous: it could be choice "
            f"{' or '.join(letters[i] for i in sorted(meant))}; give a letter, the text of a choice that is no"
            f" index or letter, or {way_out}"
        )
    return meant.pop()


def _by_text(row: ChoiceRow) -> list[int]:
    """The choices that the answer is: the same text, or the same number where all choices are numbers."""
    choices, answer = row.item.choices, row.answer
    if answer in choices:
        return [choices.index(answer)]
    if not _NUMBER.fullmatch(answer) or not all(_NUMBER.fullmatch(choice) for choice in choices):
        return []
    value = Decimal(answer)
    return [index for index, choice in enumerate(choices) if Decimal(choice) == value]


def _place(row: ChoiceRow) -> int | None:
    found = _PLACE.fullmatch(row.answer) if row.answer.isascii() else None
    return int(found[1]) if found else None


def _can_be_place(row: ChoiceRow) -> bool:
    place = _place(row)
    return place is not None and place <= len(row.item.choices)


def _by_letter(row: ChoiceRow) -> list[int]:
    """The choice of a letter, also dressed as ``A.``, ``(A)`` or ``A) its text``."""
    answer = unicodedata.normalize("NFKC", row.answer)
    found = _LETTER.match(answer)
    if not found:
        return []
    index = string.ascii_uppercase.find(found[1].upper())
    rest = answer[found.end() :].strip()
    if index >= len(row.item.choices) or (rest and (found.end() < 2 or rest != row.item.choices[index])):
        return []
    return [index]


def _by_column(row: ChoiceRow) -> list[int]:
    """The choice whose column the answer names."""
    if row.columns is None or len(row.answer) < 2:
        return []
    names = [plain_name(name) for name in row.columns.names[: len(row.item.choices)]]
    return [names.index(plain_name(row.answer))] if plain_name(row.answer) in names else []


def _labels(value: Any, choices: tuple[str, ...]) -> tuple[str, ...]:
    if is_blank(value):
        return ()
    names = tuple(spelled(label).strip() for label in value) if isinstance(value, list) else ()
    if len(names) != len(choices) or len(set(names)) < len(names):
        raise BadRowError("'labels' must be a list of different labels, one per choice")
    return names
