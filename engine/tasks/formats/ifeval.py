"""IFEval (Zhou et al. 2023, arXiv 2311.07911) as lm-evaluation-harness asks it: ifeval/ifeval.yaml, version 4.

Rows of the split ``test``: ``key``, ``prompt``, ``instruction_id_list`` and ``kwargs``, one dictionary per instruction.
"""

from __future__ import annotations

from typing import Any

from ...errors import DatasetError
from ..items import GenerateItem, Item
from ..scorers.ifeval import parse_instructions
from ..spec import SuiteSpec
from .fields import Row, Rows, split_rows, text_field, texts_field


def make_items(rows: Rows, spec: SuiteSpec) -> tuple[Item, ...]:
    """One item per prompt, sent unchanged."""
    items = []
    for index, row in enumerate(split_rows(rows, "test", suite=spec.name)):
        where = f"ifeval row {index}"
        prompt = text_field(row, "prompt", where)
        check = {"instruction_id_list": list(texts_field(row, "instruction_id_list", where)), "kwargs": _kwargs(row)}
        parse_instructions(check, where=where)
        items.append(
            GenerateItem(id=str(row.get("key", index)), prompt=prompt, plain_prompt=prompt, answers=(), check=check)
        )
    if len({item.id for item in items}) < len(items):
        raise DatasetError("Two rows of ifeval have the same key.")
    return tuple(items)


def _kwargs(row: Row) -> list[dict[str, Any]]:
    """The arguments as first published: the hub's table fills in None for every argument an instruction lacks."""
    given = row.get("kwargs")
    if not isinstance(given, list | tuple):
        return []
    return [{key: value for key, value in (each or {}).items() if value is not None} for each in given]
