"""ARC (Clark et al. 2018, arXiv 1803.05457) as lm-evaluation-harness asks it: arc/arc_easy.yaml.

Rows: ``id``, ``question``, ``choices`` (``text`` and ``label`` lists) and ``answerKey``, as on the hub; or ``question``
with ``stem`` and a list of ``choices``, as in the authors' own files; or ``query`` (the complete prompt), a list of
texts and ``gold`` (index), as in prepared copies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import DatasetError
from ..items import ChoiceItem, Item
from ..spec import SuiteSpec
from .fields import Row, Rows, label_field, split_rows, text_field, texts_field


def make_items(rows: Rows, spec: SuiteSpec) -> tuple[Item, ...]:
    """One item per question of the last split named in the spec."""
    split = list(spec.dataset.files)[-1] if spec.dataset else "test"
    return tuple(_item(row, f"{spec.name} row {n}") for n, row in enumerate(split_rows(rows, split, suite=spec.name)))


def _item(row: Row, where: str) -> ChoiceItem:
    asked: Any = row.get("question")
    choices: Any = row.get("choices")
    if isinstance(asked, Mapping):
        asked, choices = asked.get("stem"), asked.get("choices")
    if isinstance(row.get("query"), str):
        return _prepared(row, where)
    if isinstance(choices, Mapping):
        texts, labels = list(choices.get("text", ())), list(choices.get("label", ()))
    else:
        listed = [choice for choice in choices or () if isinstance(choice, Mapping)]
        texts, labels = [choice.get("text") for choice in listed], [choice.get("label") for choice in listed]
    key = row.get("answerKey")
    if not isinstance(asked, str) or key not in labels or not all(isinstance(text, str) for text in texts):
        raise DatasetError(f"{where} is not an ARC question.", hint="Download the data set again.")
    return ChoiceItem(
        id=str(row.get("id", where)),
        question=asked,
        choices=tuple(texts),
        gold=labels.index(key),
        contexts=(f"Question: {asked}\nAnswer:",),
    )


def _prepared(row: Row, where: str) -> ChoiceItem:
    query, choices = text_field(row, "query", where), texts_field(row, "choices", where, at_least=2)
    if not (query.startswith("Question: ") and query.endswith("\nAnswer:")):
        raise DatasetError(f"{where} is not an ARC question.", hint="Download the data set again.")
    return ChoiceItem(
        id=str(row.get("id", where)),
        question=query.removeprefix("Question: ").removesuffix("\nAnswer:"),
        choices=choices,
        gold=label_field(row, "gold", where, n_choices=len(choices)),
        contexts=(query,),
    )
