"""HellaSwag (Zellers et al. 2019, arXiv 1905.07830) as lm-evaluation-harness asks it: hellaswag/utils.py."""

from __future__ import annotations

import re

from ..items import ChoiceItem, Item
from ..spec import SuiteSpec
from .fields import Row, Rows, label_field, split_rows, text_field, texts_field


def make_items(rows: Rows, spec: SuiteSpec) -> tuple[Item, ...]:
    """One item per row of the split ``validation``."""
    validation_rows = split_rows(rows, "validation", suite=spec.name)
    return tuple(_item(row, f"hellaswag row {number}", number) for number, row in enumerate(validation_rows))


def prepare(text: str) -> str:
    """The text without WikiHow's markup, as the harness cleans it."""
    text = text.strip().replace(" [title]", ". ")
    return re.sub(r"\[.*?\]", "", text).replace("  ", " ")


def _item(row: Row, where: str, number: int) -> ChoiceItem:
    beginning = text_field(row, "ctx_a", where, may_be_blank=True) + " " + str(row.get("ctx_b") or "").capitalize()
    context = prepare(text_field(row, "activity_label", where) + ": " + beginning)
    endings = tuple(prepare(ending) for ending in texts_field(row, "endings", where, at_least=2))
    return ChoiceItem(
        id=f"hellaswag-{number}",
        question=context,
        choices=endings,
        gold=label_field(row, "label", where, n_choices=len(endings)),
        contexts=(context,),
    )
