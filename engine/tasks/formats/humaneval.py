"""HumanEval (Chen et al. 2021, arXiv 2107.03374) as lm-evaluation-harness asks it: humaneval/humaneval.yaml, version 1.

Rows of the split ``test``: ``task_id``, ``prompt`` (the head of a function with its docstring), ``test`` (defines
``check``) and ``entry_point``. The model continues where the prompt ends.
"""

from __future__ import annotations

from ..items import GenerateItem, Item
from ..spec import SuiteSpec
from .fields import Rows, split_rows, text_field


def make_items(rows: Rows, spec: SuiteSpec) -> tuple[Item, ...]:
    """One item per function; the answer is scored together with its prompt."""
    items = []
    for index, row in enumerate(split_rows(rows, "test", suite=spec.name)):
        where = f"humaneval row {index}"
        prompt = text_field(row, "prompt", where)
        solution = row.get("canonical_solution")
        check = {
            "tests": text_field(row, "test", where),
            "entry_point": text_field(row, "entry_point", where),
            "prompt": prompt,
        }
        items.append(
            GenerateItem(
                id=text_field(row, "task_id", where),
                prompt=prompt,
                plain_prompt=prompt,
                answers=(solution,) if isinstance(solution, str) and solution else (),
                check=check,
            )
        )
    return tuple(items)
