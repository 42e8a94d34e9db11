"""MBPP (Austin et al. 2021, arXiv 2108.07732) as lm-evaluation-harness asks it: mbpp/mbpp.yaml, version 1.

Rows: ``task_id``, ``text``, ``code`` and ``test_list``; the split ``test`` is asked; the worked examples are the tasks
with the ids 2, 3 and 4 in the split ``prompt``. Line ends within ``code`` are kept (``\\r\\n``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...errors import DatasetError
from ..items import GenerateItem, Item
from ..spec import SuiteSpec
from .fields import Row, Rows, split_rows, text_field, texts_field

SHOTS = (2, 3, 4)
"""Task ids of the worked examples, in order."""
_N_TESTS = 3
"""Number of tests shown and run; the published table always has three."""


def make_items(rows: Rows, spec: SuiteSpec) -> tuple[Item, ...]:
    """One item per task, after the first ``spec.n_shot`` of three worked examples.

    As in the harness, a row's ``test_setup_code`` is ignored, so the few tasks that need it cannot be solved.
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


def _solved(rows: Rows, task_id: int, spec: SuiteSpec) -> str:
    where = f"mbpp task {task_id}"
    for row in split_rows(rows, "prompt", suite=spec.name):
        if row.get("task_id") == task_id:
            return f"{_asked(row, where)}{text_field(row, 'code', where)}\n[DONE]\n\n"
    raise DatasetError(f"The data of {spec.name} lacks the task {task_id}, one of its worked examples.")


def _tests(row: Row, where: str) -> Sequence[str]:
    return texts_field(row, "test_list", where, at_least=_N_TESTS)[:_N_TESTS]


def entry_point(code: str, tests: Sequence[str]) -> str:
    """The function that the tests call: the last one of ``code`` named in the first test; empty without one."""
    defined = re.findall(r"^(?:async\s+)?def\s+(\w+)", code, flags=re.MULTILINE)
    called = set(re.findall(r"\b(\w+)\s*\(", tests[0])) if tests else set()
    return next((name for name in reversed(defined) if name in called), "")
