"""Verdicts on honest programs, right and wrong ones, and on tests that cannot run."""

from __future__ import annotations

import msgspec
import pytest

from weighin.engine.sandbox.outcomes import BrokenTests, Failed, Kind, Passed
from weighin.engine.sandbox.run import run_tests

from .conftest import SMALL

LIMITS = msgspec.structs.replace(SMALL, wall_s=5)


def test_right_programs_pass_and_wrong_ones_fail(kind: Kind) -> None:
    tests = "def check(f):\n    assert f(1) == 2\n    assert f(41) == 42\n"
    prompt = "def solve(x):\n    'The next number.'\n"
    right = run_tests("    return x + 1\n", tests=tests, entry_point="solve", prompt=prompt, limits=LIMITS, kind=kind)
    assert right == Passed()
    wrong = run_tests("    return 2\n", tests=tests, entry_point="solve", prompt=prompt, limits=LIMITS, kind=kind)
    assert isinstance(wrong, Failed)
    assert "AssertionError in line 3 of the tests" in wrong.reason


HONEST = {
    "counts are dicts": (
        "import collections\ndef solve(xs): return collections.Counter(xs)",
        "assert solve([1, 1, 2]) == {1: 2, 2: 1}",
    ),
    "named tuples are tuples": (
        "import collections\nP = collections.namedtuple('P', 'x y')\ndef solve(): return P(1, 2)",
        "assert solve() == (1, 2)",
    ),
    "generators": (
        "def solve(n):\n    for i in range(n): yield i",
        "assert list(solve(3)) == [0, 1, 2]\nassert next(solve(1)) == 0\nassert sum(solve(4)) == 6",
    ),
    "iterators": ("def solve(x): return map(str, x)", "assert list(solve([1, 2])) == ['1', '2']"),
    "views": (
        "def solve(d): return d.keys()",
        "assert sorted(solve({2: 0, 1: 0})) == [1, 2]\nassert len(solve({})) == 0",
    ),
    "classes": (
        "class Stack:\n    limit = 2\n    def __init__(self): self.items = []\n"
        "    def push(self, x): self.items.append(x); return self\n"
        "    def __eq__(self, other): return self.items == other.items\n"
        "    def __len__(self): return len(self.items)\n    def __getitem__(self, i): return self.items[i]\n"
        "    def __contains__(self, x): return x in self.items\n    def __str__(self): return 'a stack'\n",
        "s = Stack()\ns.push(3).push(4)\n"
        "assert s.items == [3, 4] and len(s) == 2 and s[0] == 3 and 4 in s and 5 not in s\n"
        "assert Stack() == Stack() and s != Stack() and Stack.limit == 2 and str(s) == 'a stack' and not Stack()",
    ),
    "objects handed back": (
        "class Pair:\n    def __init__(self, a, b): self.a, self.b = a, b\n"
        "def solve(pairs): return max(pair.b for pair in pairs)",
        "assert solve([Pair(1, 2), Pair(3, 9)]) == 9",
    ),
    "callbacks": (
        "def solve(f, xs): return [f(x) for x in xs]",
        "offset = 10\nassert solve(lambda x: x + offset, [1, 2]) == [11, 12]\nassert solve(len, ['ab']) == [2]",
    ),
    "errors of a callback": (
        "def solve(f):\n    try:\n        return f()\n    except ZeroDivisionError:\n        return 'caught'",
        "assert solve(lambda: 1 / 0) == 'caught'",
    ),
    "changes in place": (
        "def solve(xs, d): xs.sort(); d['new'] = [1]; d.pop('old')",
        "xs, d = [3, 1, 2], {'old': 1}\nassert solve(xs, d) is None\nassert xs == [1, 2, 3] and d == {'new': [1]}",
    ),
    "expected errors": (
        "def solve(x):\n    if x < 0: raise ValueError('negative')\n    return x\nclass Odd(LookupError): pass\n"
        "def other(): raise Odd('x')",
        "try:\n    solve(-1)\n    assert False\nexcept ValueError as error:\n    assert str(error) == 'negative'\n"
        "try:\n    other()\n    assert False\nexcept LookupError:\n    pass",
    ),
    "values of every kind": (
        "def solve(x): return x",
        "for x in (None, True, False, 0, -1, 10**5000, 1.5, float('inf'), 'é\\ud800', b'x', (1, (2,)), [],\n"
        "          {1: {'a'}}, {1, 2}, frozenset([1]), 1 + 2j, range(3), bytearray(b'x')):\n"
        "    assert solve(x) == x and type(solve(x)) is type(x), x\nassert solve(float('nan')) != solve(float('nan'))",
    ),
    "fractions": (
        "from fractions import Fraction\nfrom decimal import Decimal\ndef solve(x): return Fraction(x, 3)\n"
        "def other(): return Decimal('0.1')",
        "assert abs(solve(1) - 1 / 3) < 1e-9\nassert str(other()) == '0.1'",
    ),
    "a name of a builtin": ("def sum(a, b): return a + b", "assert sum(10, 15) == 25"),
    "modules of the program": ("import math\ndef solve(x): return math.floor(x)", "assert solve(math.pi) == 3"),
    "keywords": ("def solve(a, *, b=1): return a - b", "assert solve(3, b=2) == 1"),
    "printing": ("def solve():\n    print('hello'); return 1\nprint('top')", "assert solve() == 1"),
    "asking for input at the top": ("def solve(): return 1\nif __name__ == '__main__': input()", "assert solve() == 1"),
    "recursion": ("def solve(n): return 1 if n == 0 else n * solve(n - 1)", "assert solve(5) == 120"),
    "a global state": ("n = 0\ndef solve():\n    global n; n += 1; return n", "assert solve() == 1 and solve() == 2"),
}


@pytest.mark.parametrize("case", HONEST)
def test_honest_programs_pass(any_kind: Kind, case: str) -> None:
    program, tests = HONEST[case]
    entry_point = "sum" if "builtin" in case else ""
    verdict = run_tests(program, tests=tests, entry_point=entry_point, limits=LIMITS, kind=any_kind)
    assert verdict == Passed()


BROKEN = {
    "no syntax": "assert solve(1 ==",
    "an object of the tests": "class Node: pass\nassert solve(Node()) == 1",
    "an object of the tests, silenced": "class Node: pass\ntry:\n    solve(Node())\nexcept Exception:\n    pass",
    "a module": "import os\nassert solve(os) == 1",
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_tests_differ_from_failing_programs(any_kind: Kind, case: str) -> None:
    verdict = run_tests("def solve(x): return 1", tests=BROKEN[case], limits=LIMITS, kind=any_kind)
    assert isinstance(verdict, BrokenTests)
    assert "tests" in verdict.reason


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("def solve(x):\n    while True: pass", "time"),
        ("def solve(x):\n    while True: print(1)", "output"),
        ("import sys; sys.exit(0)", "did not answer"),
        ("raise ValueError('at the top')", "ValueError: at the top"),
        ("def solve(x): return 1 / 0", "ZeroDivisionError in line 1 of the tests"),
        ("def other(): pass", "defines no solve"),
    ],
)
def test_the_verdict_states_the_reason(any_kind: Kind, program: str, reason: str) -> None:
    verdict = run_tests(
        program,
        tests="assert solve(1) == 2",
        entry_point="solve",
        limits=msgspec.structs.replace(LIMITS, wall_s=1.0),
        kind=any_kind,
    )
    assert isinstance(verdict, Failed)
    assert reason in verdict.reason
