"""Checks what import-linter cannot: circles between modules, and what the tests import. Run by ``make lint``.

import-linter looks at packages and leaves the tests out. Here every import counts, also one inside a function: one
that hides in a function to dodge a circle is still a circle.
"""

from __future__ import annotations

import ast
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def source_files() -> dict[str, Path]:
    """Every module of the package by its dotted name below ``weighin``."""
    files = {}
    for top in ("engine", "tui"):
        for file in sorted((ROOT / top).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return files


def imported_modules(name: str, file: Path, known: dict[str, Path]) -> set[str]:
    """The modules of the package that ``name`` imports, at its top or in its functions."""
    package = name.split(".") if file.name == "__init__.py" else name.split(".")[:-1]
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level:
            base = package[: len(package) - node.level + 1] + (node.module or "").split(".")
        elif (node.module or "").startswith("weighin."):
            base = (node.module or "").split(".")[1:]
        else:
            continue
        target = ".".join(part for part in base if part)
        for alias in node.names:
            full = f"{target}.{alias.name}"
            found.add(full if full in known else target)
    return (found & set(known)) - {name}


def import_circle() -> list[str]:
    """The modules of one circle, first and last the same; empty when there is none."""
    known = source_files()
    graph = {name: imported_modules(name, file, known) for name, file in known.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle[::-1]
    return []


def engine_tests_that_import_tui() -> list[str]:
    """Test files below ``tests/engine`` that import the screens."""
    return [
        str(file.relative_to(ROOT))
        for file in sorted((ROOT / "tests" / "engine").rglob("*.py"))
        if any(
            isinstance(node, ast.ImportFrom) and (node.module or "").startswith("weighin.tui")
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        )
    ]


def main() -> int:
    circle, strays = import_circle(), engine_tests_that_import_tui()
    if circle:
        print("Import circle: " + " -> ".join(circle), file=sys.stderr)
    for stray in strays:
        print(f"{stray} imports weighin.tui: move it to tests/tui, or test the engine directly.", file=sys.stderr)
    return 1 if circle or strays else 0


if __name__ == "__main__":
    sys.exit(main())
