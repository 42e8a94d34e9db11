"""Scores code by running its tests: ``pass@1``.

``item.check = {"tests": source, "entry_point": name, "prompt": source before the answer}``. As in HumanEval, the
program is the prompt plus the answer, and when the tests define ``check``, it is called with the entry point. MBPP's
plain asserts need an entry point only when it has the name of a builtin (``sum``); tests do not see any other builtin
that a program redefines. Program and tests run in a sandbox (``engine.sandbox``); without one, nothing runs.
"""

from __future__ import annotations

from math import comb

import msgspec

from ...errors import DatasetError, SandboxError
from ...sandbox.outcomes import BrokenTests, Limits, Passed, Refused
from ...sandbox.probe import require_sandbox
from ...sandbox.run import run_tests
from ..items import GenerateItem
from ..scorer import Scorer


class CodeCheck(msgspec.Struct, frozen=True, kw_only=True):
    """An item's ``check``: how its code is tested."""

    tests: str
    entry_point: str = ""
    prompt: str = ""
    limit_s: float = 5.0
    """CPU seconds. The wall-clock limit is four times as long, so that a busy machine does not fail a program."""


def score_code(found: str, item: GenerateItem) -> dict[str, float]:
    """``pass@1``: 1 when the program passes every test.

    Raises:
        SandboxError: code cannot be run safely on this machine.
        DatasetError: the item has no tests, or they cannot be run.
    """
    try:
        check = msgspec.convert(item.check, CodeCheck)
    except msgspec.ValidationError as error:
        raise DatasetError(f"The tests of item {item.id} cannot be read: {error}.", hint=_HINT) from None
    sandbox = require_sandbox()
    verdict = run_tests(
        found,
        tests=check.tests,
        entry_point=check.entry_point,
        prompt=check.prompt,
        limits=Limits(cpu_s=check.limit_s, wall_s=4 * check.limit_s),
        kind=sandbox.kind,
    )
    if isinstance(verdict, BrokenTests):
        raise DatasetError(f"The tests of item {item.id} cannot be run: {verdict.reason}.", hint=_HINT)
    if isinstance(verdict, Refused):
        raise SandboxError(verdict.reason, hint="Leave code suites out on this machine.")
    return {"pass@1": float(isinstance(verdict, Passed))}


def pass_at_k(n_samples: int, n_correct: int, k: int) -> float:
    """The probability that at least one of ``k`` samples, drawn from ``n_samples`` without replacement, is correct.

    1 − C(n−c, k)/C(n, k): the unbiased estimator of Chen et al. 2021 (arXiv 2107.03374).

    Raises:
        ValueError: not 0 ≤ c ≤ n and 1 ≤ k ≤ n.
    """
    if not (0 <= n_correct <= n_samples and 1 <= k <= n_samples):
        raise ValueError(f"pass@{k} of {n_correct} correct among {n_samples} samples is undefined")
    return 1 - comb(n_samples - n_correct, k) / comb(n_samples, k)


_HINT = 'Write {"tests": "def check(f):\\n    assert f(1) == 2", "entry_point": "f"}.'


def _find_problem(item: GenerateItem) -> str | None:
    try:
        check = msgspec.convert(item.check, CodeCheck)
    except msgspec.ValidationError as error:
        return f"its tests cannot be read ({error}); give check.tests and check.entry_point"
    if not check.tests.strip():
        return "has no tests in check.tests"
    try:
        compile(check.tests, "tests", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"its tests are not valid Python ({error})"
    return None


SCORER = Scorer(
    name="code",
    correct_when="the program in it passes its tests, in a sandbox",
    score=score_code,
    metrics=("pass@1",),
    extractor="code_block",
    max_tokens=512,
    needs="nothing",
    find_problem=_find_problem,
    json_fields=frozenset(("limit_s",)),
)
