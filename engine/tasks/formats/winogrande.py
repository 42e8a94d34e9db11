"""WinoGrande (Sakaguchi et al. 2019, arXiv 1907.10641) as lm-evaluation-harness scores it: the rest of the sentence is
scored after each option in the gap ("partial evaluation", Trinh and Le 2018)."""

from __future__ import annotations

from ...errors import DatasetError
from ..items import ChoiceItem, Item
from ..spec import SuiteSpec
from .fields import Rows, split_rows, text_field


def make_items(rows: Rows, spec: SuiteSpec) -> tuple[Item, ...]:
    """One item per row of ``validation``: ``sentence`` with ``_``, ``option1``, ``option2``, ``answer`` 1 or 2."""
    items = []
    for number, row in enumerate(split_rows(rows, "validation", suite=spec.name)):
        where = f"winogrande row {number}"
        sentence = text_field(row, "sentence", where)
        options = (
            text_field(row, "option1", where, may_be_blank=True),
            text_field(row, "option2", where, may_be_blank=True),
        )
        answer = str(row.get("answer"))
        gap = sentence.find("_")
        if gap < 0 or answer not in ("1", "2"):
            raise DatasetError(f"{where} has no gap, or no answer 1 or 2.")
        rest = " " + sentence[gap + 1 :].strip()
        items.append(
            ChoiceItem(
                id=f"winogrande-{number}",
                question=sentence,
                choices=options,
                gold=int(answer) - 1,
                contexts=tuple(sentence[:gap] + option for option in options),
                continuations=(rest, rest),
            )
        )
    return tuple(items)
