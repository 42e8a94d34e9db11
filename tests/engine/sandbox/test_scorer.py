"""The scorer of code, and pass@k."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.errors import DatasetError, SandboxError
from weighin.engine.sandbox.outcomes import Unavailable
from weighin.engine.sandbox.probe import probe
from weighin.engine.tasks.items import GenerateItem
from weighin.engine.tasks.scorers import code
from weighin.engine.tasks.scorers.code import pass_at_k, score_code


@pytest.fixture
def _sandbox() -> None:
    found = probe()
    if isinstance(found, Unavailable):
        pytest.skip(found.reason)


def _item(**check: Any) -> GenerateItem:
    return GenerateItem(id="t/1", prompt="p", answers=(), check=check)


HUMAN_EVAL_SHAPED = {
    "prompt": 'from typing import List\n\n\ndef largest(xs: List[int]) -> int:\n    """ The largest of xs. """\n',
    "tests": "\n\nMETADATA = {}\n\n\ndef check(candidate):\n    assert candidate([1, 5, 2]) == 5\n"
    "    assert candidate([-1, -5]) == -1\n",
    "entry_point": "largest",
}


@pytest.mark.usefixtures("_sandbox")
@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("    return max(xs)\n", 1.0),
        ("    return sorted(xs)[-1]", 1.0),
        ("    return max(abs(x) for x in xs)\n", 0.0),
        ("    return max(xs", 0.0),
        ("", 0.0),
        ("def largest(xs):\n    return max(xs)\n", 1.0),
    ],
)
def test_function_completions_are_scored(answer: str, score: float) -> None:
    assert score_code(answer, _item(**HUMAN_EVAL_SHAPED)) == {"pass@1": score}


@pytest.mark.usefixtures("_sandbox")
def test_plain_asserts_are_scored() -> None:
    item = _item(tests="assert add(1, 2) == 3\nassert add(0, 0) == 0\n")
    assert score_code("def add(a, b):\n    return a + b", item) == {"pass@1": 1.0}
    assert score_code("def add(a, b):\n    return 3", item) == {"pass@1": 0.0}
    assert score_code("def sum(a, b):\n    return a + b", _item(tests="assert sum(1, 2) == 3")) == {"pass@1": 0.0}
    builtin = _item(tests="assert sum(1, 2) == 3", entry_point="sum")
    assert score_code("def sum(a, b):\n    return a + b", builtin) == {"pass@1": 1.0}


@pytest.mark.usefixtures("_sandbox")
def test_the_time_limit_comes_from_the_item() -> None:
    program = "import time\ndef f(): time.sleep(1)"
    assert score_code(program, _item(tests="assert f() is None", limit_s=0.1)) == {"pass@1": 0.0}
    assert score_code(program, _item(tests="assert f() is None")) == {"pass@1": 1.0}


@pytest.mark.usefixtures("_sandbox")
@pytest.mark.parametrize("check", [{}, {"tests": 5}, {"tests": "assert ("}])
def test_items_without_usable_tests_raise_an_error(check: dict[str, Any]) -> None:
    with pytest.raises(DatasetError, match=r"tests of item t/1 cannot be"):
        score_code("x = 1", _item(**check))


def test_without_a_sandbox_nothing_is_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise SandboxError("Code cannot be confined.", hint="Install bubblewrap.")

    monkeypatch.setattr(code, "require_sandbox", refuse)
    with pytest.raises(SandboxError, match="Install bubblewrap"):
        score_code("    return max(xs)\n", _item(**HUMAN_EVAL_SHAPED))


@given(st.integers(1, 7), st.data())
def test_pass_at_k_is_the_share_of_draws_with_a_correct_sample(n: int, data: st.DataObject) -> None:
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    draws = list(combinations([True] * c + [False] * (n - c), k))
    assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, draws)) / len(draws))


@pytest.mark.parametrize(("n", "c", "k"), [(5, 6, 1), (5, -1, 1), (5, 2, 0), (5, 2, 6), (0, 0, 1)])
def test_pass_at_k_rejects_invalid_counts(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match="undefined"):
        pass_at_k(n, c, k)
