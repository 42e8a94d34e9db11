"""BoolQ (Clark et al. 2019, arXiv 1905.10044) as lm-evaluation-harness asks it: super_glue/boolq."""

from __future__ import annotations

from ..items import ChoiceItem, Item
from ..spec import SuiteSpec
from .fields import Rows, label_field, split_rows, text_field


def make_items(rows: Rows, spec: SuiteSpec) -> tuple[Item, ...]:
    """One item per row of the split ``validation``: ``passage``, ``question``, ``label`` (or ``answer``, a Boolean)."""
    items = []
    passages: dict[str, str] = {}
    for number, row in enumerate(split_rows(rows, "validation", suite=spec.name)):
        where = f"boolq row {number}"
        passage, question = text_field(row, "passage", where), text_field(row, "question", where)
        column = "label" if "label" in row else "answer"
        items.append(
            ChoiceItem(
                id=f"boolq-{number}",
                question=question,
                choices=("no", "yes"),
                gold=label_field(row, column, where, n_choices=2),
                contexts=(f"{passage}\nQuestion: {question}?\nAnswer:",),
                # Some passages have several questions.
                group=passages.setdefault(passage, f"passage-{number}"),
            )
        )
    return tuple(items)
