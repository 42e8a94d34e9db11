"""MBPP (Austin et al. 2021, arXiv 2108.07732) as lm-evaluation-harness asks it: mbpp/mbpp.yaml, version 1.

Rows: ``task_id``, ``text``, ``code`` and ``test_list``; the split ``test`` is asked, the solved examples come from the
split ``prompt``, and are those with the task ids 2, 3 and 4. Line ends within ``code`` stay as they are (``\\r\\n``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...errors import DatasetError
from ..items import GenerateItem, Item
from .fields import Asked, Row, Rows, split_rows, text_field, texts_field

SHOTS = (2, 3, 4)
"""Task ids of the solved examples, in their order."""
_N_TESTS = 3
"""So many tests are shown and run; the published table has no other number."""


def make_items(rows: Rows, spec: Asked) -> tuple[Item, ...]:
    """One item a task, behind the first ``spec.n_shot`` of three solved ones.

    As in the harness, a row's ``test_setup_code`` takes no part: the few tasks that need it cannot be solved.

    Raises:
        DatasetError: a split, a solved example or a column is missing.
    """
    shots = "".join(_solved(rows, task_id, spec) for task_id in SHOTS[: spec.n_shot])
    items = []
    for index, row in enumerate(split_rows(rows, "test", suite=spec.name)):
        where = f"mbpp row {index}"
        tests = _tests(row, where)
        imports = row.get("test_imports")
        lines = [*(imports if isinstance(imports, list | tuple) else ()), *tests]
        prompt = shots + _asked(row, where)
        code = text_field(row, "code", where)
        items.append(
            GenerateItem(
                id=f"mbpp-{row.get('task_id', index)}",
                prompt=prompt,
                plain_prompt=prompt,
                answers=(code,),
                check={"tests": "\n".join(lines), "entry_point": entry_point(code, tests)},
            )
        )
    return tuple(items)


def _asked(row: Row, where: str) -> str:
    tests = "\n".join(_tests(row, where))
    return (
        f"You are an expert Python programmer, and here is your task: {text_field(row, 'text', where)} "
        f"Your code should pass these tests:\n\n{tests}\n[BEGIN]\n"
    )


def _solved(rows: Rows, task_id: int, spec: Asked) -> str:
    where = f"mbpp task {task_id}"
    for row in split_rows(rows, "prompt", suite=spec.name):
        if row.get("task_id") == task_id:
            return f"{_asked(row, where)}{text_field(row, 'code', where)}\n[DONE]\n\n"
    raise DatasetError(f"The data of {spec.name} lacks the task {task_id}, one of its solved examples.")


def _tests(row: Row, where: str) -> Sequence[str]:
    return texts_field(row, "test_list", where, at_least=_N_TESTS)[:_N_TESTS]


def entry_point(code: str, tests: Sequence[str]) -> str:
    """The function that the tests call: the last one of ``code`` named in the first test; empty when there is none."""
    defined = re.findall(r"^(?:async\s+)?def\s+(\w+)", code, flags=re.MULTILINE)
    called = set(re.findall(r"\b(\w+)\s*\(", tests[0])) if tests else set()
    return next((name for name in reversed(defined) if name in called), "")
