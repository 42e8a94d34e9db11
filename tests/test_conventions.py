"""What holds for every test: it checks something, and it finds its helpers by importing them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from check_sizes import oversized

TESTS = Path(__file__).parent
_CHECKS = ("raises", "warns", "fail", "snap_compare")


def called_names(node: ast.AST) -> set[str]:
    """The last part of the name of everything that is called in ``node``."""
    calls = (each.func for each in ast.walk(node) if isinstance(each, ast.Call))
    return {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}


def unchecked_tests(source: str) -> list[str]:
    """Names of the test functions in ``source`` that assert nothing, neither themselves nor in a helper there."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]
    checking = {
        function.name
        for function in functions
        if any(isinstance(node, ast.Assert) for node in ast.walk(function))
        or any(name in _CHECKS or name.startswith("assert_") for name in called_names(function))
    }
    helpers = {name for name in checking if not name.startswith("test_")}
    while grown := {f.name for f in functions if called_names(f) & helpers} - checking:
        checking |= grown
        helpers |= {name for name in grown if not name.startswith("test_")}
    return [f.name for f in functions if f.name.startswith("test_") and f.name not in checking]


def test_every_test_checks_something() -> None:
    without = {
        str(file.relative_to(TESTS)): names
        for file in sorted(TESTS.rglob("test_*.py"))
        if (names := unchecked_tests(file.read_text(encoding="utf-8")))
    }
    assert without == {}


@pytest.mark.parametrize(
    ("body", "is_found"),
    [
        ("run()", True),
        ("assert run()", False),
        ("with pytest.raises(ValueError): run()", False),
        ("check_run()", False),
        ("for n in range(3):\n        check_both(n)", False),
    ],
)
def test_a_test_without_a_check_is_found(body: str, is_found: bool) -> None:
    helpers = "def check_run():\n    assert 1\n\ndef check_both(n):\n    check_run()\n\n"
    assert unchecked_tests(f"{helpers}def test_it():\n    {body}\n") == (["test_it"] if is_found else [])


def test_no_test_loads_a_file_by_its_path() -> None:
    by_path = ("spec_from_file_location", "sys.path.")
    strays = [
        str(file.relative_to(TESTS))
        for file in sorted(TESTS.rglob("*.py"))
        if file != Path(__file__) and any(text in file.read_text(encoding="utf-8") for text in by_path)
    ]
    assert strays == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = 1\n" * 400, []),
        ("x = 1\n" * 401, ["m.py has 401 lines"]),
        ("class C:\n" + "    x = 1\n" * 250, ["m.py:1: class C has 251 lines"]),
        ("class C:\n    def f(self, a, b, c, d, *, e, f, g, h): ...", []),
        ("def f(a, b, c, d, *e, f, g, h, **i): ...", ["m.py:1: f() takes 9"]),
    ],
)
def test_what_is_too_large_is_reported(source: str, words: list[str]) -> None:
    problems = list(oversized(source, "m.py"))
    assert [problem.partition(";")[0] for problem in problems] == words
