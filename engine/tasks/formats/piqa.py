"""PIQA (Bisk et al. 2019, arXiv 1911.11641) as lm-evaluation-harness asks it: piqa/piqa.yaml."""

from __future__ import annotations

from ..items import ChoiceItem, Item
from ..spec import SuiteSpec
from .fields import Rows, label_field, split_rows, text_field


def make_items(rows: Rows, spec: SuiteSpec) -> tuple[Item, ...]:
    """One item per row of the split ``validation``: ``goal``, ``sol1``, ``sol2``, ``label``."""
    items = []
    for number, row in enumerate(split_rows(rows, "validation", suite=spec.name)):
        where = f"piqa row {number}"
        goal = text_field(row, "goal", where)
        choices = (text_field(row, "sol1", where, may_be_blank=True), text_field(row, "sol2", where, may_be_blank=True))
        gold = label_field(row, "label", where, n_choices=2)
        context = f"Question: {goal}\nAnswer:"
        items.append(ChoiceItem(id=f"piqa-{number}", question=goal, choices=choices, gold=gold, contexts=(context,)))
    return tuple(items)
