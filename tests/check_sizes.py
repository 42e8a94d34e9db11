"""Checks that modules, classes and parameter lists stay small. Run by ``make lint``.

The limits are where a reader loses the thread, not where a file becomes wrong: whoever reaches one splits by reason to
change, never in the middle.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAX_MODULE_LINES = 400
MAX_CLASS_LINES = 250
MAX_PARAMETERS = 8
"""Of a function, without ``self`` and ``cls``."""


def oversized(source: str, where: str) -> Iterator[str]:
    """A line for each module, class and function in ``source`` that is over a limit."""
    n_lines = len(source.splitlines())
    if n_lines > MAX_MODULE_LINES:
        yield f"{where} has {n_lines} lines; the limit is {MAX_MODULE_LINES}."
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            n_lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if n_lines > MAX_CLASS_LINES:
                yield f"{where}:{node.lineno}: class {node.name} has {n_lines} lines; the limit is {MAX_CLASS_LINES}."
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            n_parameters = len(parameters(node.args))
            if n_parameters > MAX_PARAMETERS:
                yield f"{where}:{node.lineno}: {node.name}() takes {n_parameters}; the limit is {MAX_PARAMETERS}."


def parameters(arguments: ast.arguments) -> list[str]:
    """The names of the parameters, without ``self`` and ``cls`` in front."""
    positional = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    if positional[:1] in (["self"], ["cls"]):
        del positional[0]
    others = (arguments.vararg, *arguments.kwonlyargs, arguments.kwarg)
    return positional + [each.arg for each in others if each is not None]


def main() -> int:
    problems = [
        problem
        for top in ("engine", "tui")
        for file in sorted((ROOT / top).rglob("*.py"))
        for problem in oversized(file.read_text(encoding="utf-8"), str(file.relative_to(ROOT)))
    ]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
