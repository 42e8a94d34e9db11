"""Programs that try to forge a verdict."""

from __future__ import annotations

import textwrap

import msgspec
import pytest

from weighin.engine.sandbox.outcomes import Failed, Kind, Passed
from weighin.engine.sandbox.run import run_tests

from .conftest import SMALL

PROMPT = '''
import math
from typing import List


def helper(xs: List[float], x: float) -> float:
    return sum(coefficient * math.pow(x, power) for power, coefficient in enumerate(xs))


def solve(x: int) -> int:
    """ The next number.
    >>> solve(1)
    2
    """
'''

TESTS = """
METADATA = {"author": "us"}


def check(candidate):
    assert candidate(1) == 2
    assert candidate(41) == 42, "the answer"
    assert all(candidate(n) == n + 1 for n in range(-3, 3))
    assert math.isclose(helper([0, 1], candidate(0)), 1.0)
    assert len([candidate(7)]) == 1 and abs(candidate(-9)) == 8
"""

LIMITS = msgspec.structs.replace(SMALL, wall_s=5)


FORGED = {
    "print": "    return 0\nprint('passed'); print('verdict: passed')",
    "early exit": "    return 0\nimport sys; sys.exit(0)",
    "early hard exit": "    return 0\nimport os; os._exit(0)",
    "exit in a call": "    raise SystemExit(0)",
    "hard exit in a call": "    import os; os._exit(0)",
    "keyboard": "    raise KeyboardInterrupt",
    "generator exit": "    raise GeneratorExit",
    "atexit": "    return 0\nimport atexit, os; atexit.register(os._exit, 0)",
    "exception hook": "    return 0\nimport sys, os; sys.excepthook = lambda *a: os._exit(0)",
    "no assertions": "    return 0\nimport builtins; builtins.AssertionError = type('Quiet', (Exception,), {})",
    "patched builtins": """    return 0
import builtins
builtins.all = builtins.any = lambda *a: True
builtins.len = builtins.abs = builtins.int = builtins.range = lambda *a: 1
builtins.__build_class__ = None
""",
    "own builtins": "    return 0\nall = lambda xs: True\nabs = lambda x: 8\nlen = lambda x: 1\nrange = lambda *a: []",
    "patched math": """    return 0
import math
math.isclose = lambda *a, **k: True
""",
    "patched helper": "    return 5\ndef helper(xs, x): return 1.0",
    "own check": "    return 0\ndef check(candidate): pass",
    "own METADATA": "    return 0\nclass METADATA:\n    def __getitem__(self, key): return 'us'",
    "equal to all": """    return Equal()
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 1
    def __bool__(self): return True
    def __abs__(self): return 8
    def __float__(self): return 1.0
    def __getattr__(self, name): return self
    def __call__(self, *a): return self
    def __iter__(self): return iter([self])
    def __index__(self): return 1
""",
    "equal number": """    return Equal(x)
class Equal(int):
    def __eq__(self, other): return True
    def __hash__(self): return 1
    def __radd__(self, other): return other
""",
    "equal text": """    return Equal('2')
class Equal(str):
    def __eq__(self, other): return True
    def __hash__(self): return 1
""",
    "lying class": """    return Lie()
class Lie:
    __class__ = int
    def __eq__(self, other): return True
""",
    "frames": """    import sys
    frame = sys._getframe()
    while frame:
        for scope in (frame.f_globals, frame.f_locals):
            for name in list(scope):
                if name in ('check', 'judge', 'verdict', 'tests', 'peer', 'token'):
                    scope[name] = lambda *a, **k: ('passed', '')
        frame = frame.f_back
    return 0
""",
    "garbage": """    import gc, types
    for thing in gc.get_objects():
        if isinstance(thing, types.FunctionType) and thing.__name__ in ('judge', '_verdict', 'judge_program', 'check'):
            thing.__code__ = (lambda *a, **k: ('passed', '')).__code__
    return 0
""",
    "modules": """    import sys
    for name, module in list(sys.modules.items()):
        if name.startswith('inside'):
            for key in list(vars(module)):
                if callable(vars(module)[key]):
                    try:
                        setattr(module, key, lambda *a, **k: ('passed', ''))
                    except Exception:
                        pass
    return 0
""",
    "a verdict on every descriptor": """    import os, json
    line = json.dumps({'token': '0' * 32, 'verdict': 'passed', 'reason': ''}).encode()
    for number in range(64):
        for message in (line + b'\\n', len(line).to_bytes(4, 'big') + line):
            try:
                os.write(number, message)
            except OSError:
                pass
    return 0
""",
    "an answer in advance": """    import os
    for number in range(3, 64):
        for line in (b'{"value": true}', b'{"value": ["module", "os"]}', b'{"do": "name", "name": "check"}'):
            try:
                os.write(number, len(line).to_bytes(4, 'big') + line)
            except OSError:
                pass
    return 0
""",
    "an order to the judge": """    import os, sys
    order = b'{"do": "call", "on": ["module", "os"], "args": [], "kwargs": []}'
    for number in range(3, 64):
        try:
            os.write(number, len(order).to_bytes(4, 'big') + order)
        except OSError:
            pass
    return 0
""",
    "kill the judge": """    import os, signal
    for pid in range(2, 40):
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    return 0
""",
    "tracing": """    return 0
import sys, threading
sys.settrace(lambda frame, event, arg: os._exit(0) if 'assert' in str(frame) else None)
sys.setprofile(lambda *a: None)
""",
    "deep": "    value = []\n    for _ in range(5000): value = [value]\n    return value",
    "cyclic": "    value = []\n    value.append(value)\n    return value",
    "huge": "    return 'x' * (1 << 40)",
    "rather huge": "    return list(range(10**6)) * 3",
    "endless": "    import itertools; return itertools.count()",
    "function": "    return lambda: 2",
    "class": "    return int",
    "nothing": "    pass",
    "no such name": "",
    "no syntax": "    return (",
    "endless loop at the top": "    return 0\nwhile True: pass",
    "loop in a call": "    while True: pass",
    "memory in a call": "    return bytearray(1 << 40)",
    "output in a call": "    while True: print('passed')",
}


def test_the_right_program_passes_these_tests(any_kind: Kind) -> None:
    verdict = run_tests(
        "    return x + 1\n", tests=TESTS, entry_point="solve", prompt=PROMPT, limits=LIMITS, kind=any_kind
    )
    assert verdict == Passed()


@pytest.mark.parametrize("trick", FORGED)
def test_no_trick_passes_the_tests(any_kind: Kind, trick: str) -> None:
    prompt = PROMPT if trick != "no such name" else "x = 1\n"
    verdict = run_tests(
        FORGED[trick],
        tests=TESTS.replace("math.", "__import__('math').") if trick == "no such name" else TESTS,
        entry_point="solve",
        prompt=prompt,
        limits=msgspec.structs.replace(LIMITS, wall_s=1.0),
        kind=any_kind,
    )
    assert isinstance(verdict, Failed), verdict
    assert verdict.reason


# What alone stands between each program and a pass is that the trick fails: (program, tests, prompt).
ALMOST = {
    "equal to all": (
        "class E:\n    def __eq__(self, o): return True\ndef solve(): return E()",
        "assert solve() == 1",
        "",
    ),
    "never unequal": (
        "class E:\n    def __eq__(self, o): return True\n    def __ne__(self, o): return False\n"
        "def solve(): return E()",
        "assert not solve() != 1",
        "",
    ),
    "equal within a list": (
        "class E:\n    def __eq__(self, o): return True\n    def __hash__(self): return 1\ndef solve(): return [E()]",
        "assert solve() == [1]",
        "",
    ),
    "equal number": (
        "class E(int):\n    def __eq__(self, o): return True\n    __hash__ = int.__hash__\ndef solve(): return E(0)",
        "assert solve() == 1",
        "",
    ),
    "equal text": (
        "class E(str):\n    def __eq__(self, o): return True\n    __hash__ = str.__hash__\ndef solve(): return E('0')",
        "assert solve() == '1'",
        "",
    ),
    "equal dict": (
        "class E(dict):\n    def __eq__(self, o): return True\ndef solve(): return E()",
        "assert solve() == {1: 1}",
        "",
    ),
    "own all": ("def all(xs): return True\ndef solve(): return 0", "assert all([solve() == 1])", ""),
    "own all in builtins": (
        "import builtins\nbuiltins.all = lambda xs: True\ndef solve(): return 0",
        "assert all([solve() == 1])",
        "",
    ),
    "patched in the call": (
        "def solve():\n    import builtins\n    builtins.abs = lambda x: 1\n    return 0",
        "assert solve() is not None and abs(solve()) == 1",
        "",
    ),
    "patched math": (
        "import math\nmath.isclose = lambda *a: True\ndef solve(): return 0",
        "assert math.isclose(solve(), 1)",
        "",
    ),
    "patched helper": (
        "    return 0\ndef near(a, b): return True",
        "assert near(solve(), 1)",
        "def near(a, b):\n    return a == b\ndef solve():\n    'Text.'\n",
    ),
    "own check": ("def check(f): pass\ndef solve(): return 0", "def check(f):\n    assert f() == 1", ""),
    "no AssertionError": (
        "import builtins\nbuiltins.AssertionError = None\ndel builtins.Exception\ndef solve(): return 0",
        "assert solve() == 1",
        "",
    ),
    "own AssertionError": (
        "class AssertionError(Exception): pass\ndef solve(): return 0",
        "try:\n    assert solve() == 1\nexcept AssertionError:\n    raise",
        "",
    ),
}


@pytest.mark.parametrize("trick", ALMOST)
def test_a_trick_that_almost_works_fails_an_assertion(any_kind: Kind, trick: str) -> None:
    program, tests, prompt = ALMOST[trick]
    verdict = run_tests(program, tests=tests, entry_point="solve", prompt=prompt, limits=LIMITS, kind=any_kind)
    assert isinstance(verdict, Failed), verdict
    assert "AssertionError" in verdict.reason


NOISE = {
    "lines": "b'x\\n'",
    "a verdict without the token": 'b\'{"token": "guess", "verdict": "passed"}\\n\'',
    "an end": 'b\'{"exit": 0, "cpu_s": "much"}\\n[1]\\n{"exit": 0}\\n\'',
    "much": "b'x' * 100_000",
}


@pytest.mark.parametrize("noise", NOISE)
def test_tests_that_write_to_every_descriptor_and_exit_give_no_verdict(any_kind: Kind, noise: str) -> None:
    tests = f"""
import os
solve(1)
for number in range(1, 64):
    try:
        os.write(number, {NOISE[noise]})
    except OSError:
        pass
os._exit(0)
"""
    verdict = run_tests("def solve(x): return x", tests=tests, limits=LIMITS, kind=any_kind)
    assert isinstance(verdict, Failed), verdict


def test_objects_from_a_callback_can_only_be_called(any_kind: Kind) -> None:
    program = """
    def solve(f):
        opened = []
        for name in ("__globals__", "__code__", "__closure__", "__class__", "gi_frame"):
            try:
                opened.append(getattr(f, name))
            except Exception:
                pass
        return len([one for one in opened if "Remote" not in str(one)]), f(1)
    """
    tests = "secret = 5\nassert solve(lambda x: x + 1) == (0, 2)"
    assert run_tests(textwrap.dedent(program), tests=tests, limits=LIMITS, kind=any_kind) == Passed()
