"""Generated code suites: programs other than the reference solutions pass the tests, and wrong ones fail."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from itertools import pairwise
from textwrap import dedent

import pytest

from weighin.engine.plan.model import BuiltInSuite
from weighin.engine.sandbox.outcomes import Unavailable
from weighin.engine.sandbox.probe import probe
from weighin.engine.tasks.generators import find_generator
from weighin.engine.tasks.generators.fix_bug import PROGRAMS
from weighin.engine.tasks.items import GenerateItem, Item
from weighin.engine.tasks.opening import open_suite
from weighin.engine.tasks.requests import GenerateResult
from weighin.engine.tasks.scoring import score

from .function_solutions import solve_function

_DRIVER = """
import json, sys
sys.setrecursionlimit(3000)
def stop(frame, event, arg):
    left[0] -= 1
    if left[0] < 0: raise TimeoutError
    return stop
results = []
for program, tests in json.load(sys.stdin):
    left = [300_000]
    scope = {}
    try:
        sys.settrace(stop)
        exec(program, scope)
        exec(tests, scope)
        results.append("")
    except BaseException as error:
        results.append(f"{type(error).__name__} {error}")
    finally:
        sys.settrace(None)
print(json.dumps(results))
"""


def _run(programs: list[tuple[str, GenerateItem]]) -> list[str]:
    """For each program what its tests say, nothing where it passes; in a process of their own."""
    jobs = json.dumps([(program, item.check["tests"]) for program, item in programs])
    done = subprocess.run(
        [sys.executable, "-I", "-c", _DRIVER], input=jobs, capture_output=True, text=True, timeout=120, check=True
    )
    results: list[str] = json.loads(done.stdout)
    return results


def _items(name: str, seed: int = 1) -> list[GenerateItem]:
    return [item for item in find_generator(name)(seed) if isinstance(item, GenerateItem)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_functions_written_from_the_prompt_alone_pass(seed: int) -> None:
    items = _items("write-function", seed)
    results = _run([(solve_function(item.prompt), item) for item in items])
    failed = [(item.prompt, solve_function(item.prompt), why) for item, why in zip(items, results, strict=True) if why]
    assert not failed, failed[0]


def test_functions_that_know_only_the_example_fail() -> None:
    programs = []
    for item in (item for seed in (1, 2, 3) for item in _items("write-function", seed)):
        shown = re.search(r"Example: .+ returns (.+)\.\n", item.prompt)
        assert shown is not None
        example = ast.literal_eval(shown[1])
        programs.append((f"def {item.check['entry_point']}(*given):\n    return {example!r}", item))
        programs.append((f"def {item.check['entry_point']}(*given):\n    return given[0]", item))
    assert all(_run(programs))


def test_a_solution_of_another_item_with_the_same_name_fails() -> None:
    """The drawn numbers and words matter: a program for one drawing does not pass another one's tests."""
    by_name: dict[str, list[GenerateItem]] = {}
    for item in _items("write-function"):
        by_name.setdefault(item.check["entry_point"], []).append(item)
    assert len(by_name) == 30
    pairs = [(one, two) for items in by_name.values() for one, two in pairwise(items)]
    swapped = _run([(solve_function(one.prompt), two) for one, two in pairs])
    assert sum(bool(why) for why in swapped) > 0.9 * len(pairs)


def test_the_example_is_one_of_the_tests_and_there_are_several() -> None:
    for item in _items("write-function"):
        shown = re.search(r"Example: (.+) returns (.+)\.\n", item.prompt)
        assert shown is not None
        tests = item.check["tests"].splitlines()
        assert f"assert {shown[1]} == {shown[2]}" == tests[0]
        assert len(set(tests)) >= 5


# Mending

_ORACLES = {
    "average": "from statistics import mean\ndef NAME(numbers):\n    return mean(numbers)",
    "area": "def NAME(w, h, holes):\n    return sum([w] * h) - holes",
    "is_adult_price": "def NAME(age):\n    return age in range(18, 65)",
    "full_name": "def NAME(first, last):\n    return f'{last.upper()}, {first}'",
    "to_celsius": "def NAME(f):\n    return round((f - 32) / 1.8, 6)",
    "largest": "def NAME(numbers):\n    return sorted(numbers)[-1]",
    "count_vowels": "def NAME(text):\n    return sum(map(text.count, 'aeiouAEIOU'))",
    "factorial": "import math\ndef NAME(n):\n    return math.factorial(n)",
    "countdown": "def NAME(n):\n    return sorted(range(1, n + 1), reverse=True)",
    "total_price": "def NAME(prices, limit):\n    return sum(prices) - 10 * (sum(prices) >= limit)",
    "is_palindrome": "import re\ndef NAME(t):\n    t = re.sub(r'[\\W_]', '', t.lower())\n    return t == t[::-1]",
    "second_largest": "def NAME(ns):\n    rest = [n for n in ns if n < max(ns)]\n    return max(rest, default=None)",
    "chunks": "def NAME(xs, k):\n"
    "    return [[x for j, x in enumerate(xs) if j // k == i] for i in range(-(-len(xs) // k))]",
    "common_prefix": "import os\ndef NAME(words):\n    return os.path.commonprefix(words)",
    "is_leap": "import calendar\ndef NAME(year):\n    return calendar.isleap(year)",
    "binary_search": "def NAME(ns, x):\n    return ns.index(x) if x in ns else -1",
    "merge_sorted": "def NAME(a, b):\n    return sorted([*a, *b])",
    "primes_up_to": "def NAME(n):\n    return [p for p in range(2, n + 1) if all(p % d for d in range(2, p))]",
    "median": "import statistics\ndef NAME(ns):\n    return statistics.median(ns)",
    "longest_run": "from itertools import groupby\ndef NAME(xs):\n"
    "    return max((len(list(g)) for _, g in groupby(xs)), default=0)",
    "roman": """
        def NAME(n):
            digits = [("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"),
                      ("", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX", "XC"),
                      ("", "C", "CC", "CCC", "CD", "D", "DC", "DCC", "DCCC", "CM"), ("", "M", "MM", "MMM")]
            return "".join(digits[i][int(d)] for i, d in reversed(list(enumerate(reversed(str(n))))))
    """,
    "edit_distance": """
        from functools import lru_cache
        def NAME(a, b):
            @lru_cache(None)
            def far(i, j):
                if i == 0 or j == 0: return i + j
                return min(far(i - 1, j) + 1, far(i, j - 1) + 1, far(i - 1, j - 1) + (a[i - 1] != b[j - 1]))
            return far(len(a), len(b))
    """,
    "flatten": """
        def NAME(items):
            return [x for item in items for x in (NAME(item) if isinstance(item, list) else [item])]
    """,
    "compress_ranges": """
        from itertools import groupby
        def NAME(ns):
            runs = [[n for _, n in g] for _, g in groupby(enumerate(ns), lambda p: p[1] - p[0])]
            return ", ".join(f"{r[0]}-{r[-1]}" if len(r) > 1 else str(r[0]) for r in runs)
    """,
    "knapsack": """
        from itertools import combinations
        def NAME(items, limit):
            return max(sum(v for _, v in c) for k in range(len(items) + 1) for c in combinations(items, k)
                       if sum(w for w, _ in c) <= limit)
    """,
}  # fmt: skip


def _broken(item: GenerateItem) -> str:
    return item.prompt.split("```python\n")[1].split("```")[0]


def _program_of(item: GenerateItem) -> str:
    """The program's first name, by which its solution is known here."""
    (names,) = [program.names for program in PROGRAMS if item.check["entry_point"] in program.names]
    return names[0]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_solutions_pass_and_what_is_shown_fails(seed: int) -> None:
    items = _items("fix-bug", seed)
    assert set(_ORACLES) == {_program_of(item) for item in items}
    mended = [dedent(_ORACLES[_program_of(item)]).replace("NAME", item.check["entry_point"]) for item in items]
    results = _run(list(zip(mended, items, strict=True)))
    failed = [(item.prompt, why) for item, why in zip(items, results, strict=True) if why]
    assert not failed, failed[0]
    broken = _run([(_broken(item), item) for item in items])
    assert all(broken)
    assert not any("SyntaxError" in why or "IndentationError" in why for why in broken)


def test_every_bug_can_be_put_in_and_fails_a_test() -> None:
    programs, wrong = [], []
    items = {_program_of(item): item for item in _items("fix-bug")}
    for program in PROGRAMS:
        item = items[program.names[0]]
        for right, bad in program.bugs:
            assert right in program.source, (program.names[0], right)
            source = program.source.replace(right, bad, 1).replace("NAME", item.check["entry_point"])
            wrong.append((program.names[0], right))
            programs.append((source, item))
    passed = [what for what, why in zip(wrong, _run(programs), strict=True) if not why]
    assert not passed


def test_code_to_fix_differs_from_the_solution_and_names_the_function() -> None:
    for item in _items("fix-bug"):
        name = item.check["entry_point"]
        assert f"`{name}(" in item.prompt
        assert f"def {name}(" in _broken(item)
        right = item.check["tests"].split("\n\n")[0].replace(f"right_{name}", name)
        changed = [a != b for a, b in zip(right.splitlines(), _broken(item).splitlines(), strict=False)]
        assert any(changed) or len(right.splitlines()) != len(_broken(item).splitlines())
        assert ("two mistakes" in item.prompt) == (item.level == 5)


# In the sandbox


def _said(text: str, item: Item) -> GenerateResult:
    return GenerateResult(
        item=item.id, prompt="", text=text, n_prompt_tokens=1, n_output_tokens=1, stop="end of text", elapsed_s=0.1
    )


@pytest.mark.skipif(isinstance(probe(), Unavailable), reason="no sandbox on this machine")
@pytest.mark.parametrize("name", ["write-function", "fix-bug"])
def test_answers_are_scored_in_the_sandbox(name: str) -> None:
    suite = open_suite(BuiltInSuite(name=name), seed=1, limit=0)
    for level in range(1, 6):
        item = next(item for item in suite.items if item.level == level)
        assert isinstance(item, GenerateItem)
        right = (
            solve_function(item.prompt)
            if name == "write-function"
            else dedent(_ORACLES[_program_of(item)]).replace("NAME", item.check["entry_point"])
        )
        wrong = (
            f"def {item.check['entry_point']}(*given):\n    return given" if name == "write-function" else _broken(item)
        )
        for program, correct in ((right, True), (wrong, False)):
            result = _said(f"Here you are:\n```python\n{program}\n```", item)
            assert score(suite, item, result, candidate="c").correct is correct, (item.prompt, program)
