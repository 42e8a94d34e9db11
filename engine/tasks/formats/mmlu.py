"""MMLU (Hendrycks et al. 2020, arXiv 2009.03300) as lm-evaluation-harness asks it: mmlu/default, 5-shot.

Rows of ``dev`` and ``test``: ``question``, ``choices`` (four), ``answer`` (index) and ``subject``.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import DatasetError
from ..items import ChoiceItem, Item
from ..spec import SuiteSpec
from .fields import Row, Rows, split_rows, text_field, texts_field

_LETTERS = "ABCD"


def make_items(rows: Rows, spec: SuiteSpec) -> tuple[Item, ...]:
    """One item per test question, after the first ``spec.n_shot`` development questions of its subject."""
    examples: dict[str, list[Row]] = {}
    for row in split_rows(rows, "dev", suite=spec.name):
        examples.setdefault(str(row.get("subject")), []).append(row)
    before: dict[str, str] = {}
    items = []
    for number, row in enumerate(split_rows(rows, "test", suite=spec.name)):
        subject = text_field(row, "subject", f"mmlu row {number}")
        if subject not in before:
            before[subject] = _shots(subject, examples.get(subject, []), spec.n_shot)
        items.append(_item(row, subject, before[subject], f"mmlu row {number}", number))
    return tuple(items)


def _shots(subject: str, examples: Sequence[Row], n_shot: int) -> str:
    if len(examples) < n_shot:
        raise DatasetError(f"MMLU has only {len(examples)} examples of {subject}; it needs {n_shot}.")
    head = f"The following are multiple choice questions (with answers) about {subject.replace('_', ' ')}.\n\n"
    shots = [
        f"{_asked(row, f'mmlu example of {subject}')} {_LETTERS[_gold(row, subject)]}\n\n" for row in examples[:n_shot]
    ]
    return head + "".join(shots)


def _asked(row: Row, where: str) -> str:
    choices = _choices(row, where)
    lines = [f"{letter}. {choice}" for letter, choice in zip(_LETTERS, choices, strict=True)]
    return "\n".join([text_field(row, "question", where).strip(), *lines, "Answer:"])


def _choices(row: Row, where: str) -> tuple[str, ...]:
    choices = texts_field(row, "choices", where, at_least=4)
    if len(choices) != len(_LETTERS):
        raise DatasetError(f"{where} has {len(choices)} choices; MMLU has four.")
    return choices


def _gold(row: Row, where: str) -> int:
    value = row.get("answer")
    gold = _LETTERS.find(value) if isinstance(value, str) and len(value) == 1 and value in _LETTERS else value
    if not isinstance(gold, int) or not 0 <= gold < 4:
        raise DatasetError(f"{where} has no answer from 0 to 3.")
    return gold


def _item(row: Row, subject: str, before: str, where: str, number: int) -> ChoiceItem:
    return ChoiceItem(
        id=f"{subject}-{number}",
        question=text_field(row, "question", where),
        choices=_choices(row, where),
        gold=_gold(row, where),
        contexts=(before + _asked(row, where),),
        continuations=tuple(f" {letter}" for letter in _LETTERS),
        group=subject,
    )
