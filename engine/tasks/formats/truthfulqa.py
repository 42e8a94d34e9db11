"""TruthfulQA's multiple choice (Lin et al. 2021, arXiv 2109.07958) as lm-evaluation-harness asks it, after six worked
questions. mc1: the one true answer, which comes first. mc2: the probability mass on all true answers."""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import DatasetError
from ..items import ChoiceItem, Item
from ..spec import SuiteSpec
from ..tables import read_table
from .fields import Rows, split_rows, text_field

_EXAMPLES = read_table("truthfulqa-examples", dict[str, tuple[dict[str, str], ...]])["example"]
_BEFORE = "".join("Q: {question}\nA: {answer}\n\n".format_map(example) for example in _EXAMPLES)


def make_items(rows: Rows, spec: SuiteSpec) -> tuple[Item, ...]:
    """One item per row of the split ``validation``; a spec called ``…-mc2`` uses the answers of mc2."""
    column = "mc2_targets" if spec.name.endswith("mc2") else "mc1_targets"
    items = []
    for number, row in enumerate(split_rows(rows, "validation", suite=spec.name)):
        where = f"{spec.name} row {number}"
        question, targets = text_field(row, "question", where), row.get(column)
        choices, labels = (targets.get("choices"), targets.get("labels")) if isinstance(targets, Mapping) else ((), ())
        if not isinstance(choices, list) or not isinstance(labels, list) or not 2 <= len(choices) == len(labels):
            raise DatasetError(f"{where} has no answers in the column {column!r}.")
        true = tuple(index for index, label in enumerate(labels) if str(label) == "1")
        if not true:
            raise DatasetError(f"{where} has no true answer.")
        items.append(
            ChoiceItem(
                id=f"truthfulqa-{number}",
                question=question,
                choices=tuple(str(choice) for choice in choices),
                gold=true[0],
                golds=true if column == "mc2_targets" else (),
                contexts=(f"{_BEFORE}Q: {question}\nA:",),
            )
        )
    return tuple(items)
