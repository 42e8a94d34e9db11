"""OpenBookQA (Mihaylov et al. 2018, arXiv 1809.02789) as lm-evaluation-harness asks it: the bare question stem."""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import DatasetError
from ..items import ChoiceItem, Item
from ..spec import SuiteSpec
from .fields import Rows, split_rows, text_field


def make_items(rows: Rows, spec: SuiteSpec) -> tuple[Item, ...]:
    """One item per row of the split ``test``: ``question_stem``, ``choices``, ``answerKey``."""
    items = []
    for number, row in enumerate(split_rows(rows, "test", suite=spec.name)):
        where = f"openbookqa row {number}"
        stem, choices = text_field(row, "question_stem", where), row.get("choices")
        key = str(row.get("answerKey")).lstrip()
        if not isinstance(choices, Mapping) or key not in choices.get("label", ()):
            raise DatasetError(f"{where} has no choices with its answer among them.")
        items.append(
            ChoiceItem(
                id=str(row.get("id", number)),
                question=stem,
                choices=tuple(str(text) for text in choices["text"]),
                gold=list(choices["label"]).index(key),
                contexts=(stem,),
            )
        )
    return tuple(items)
