"""Nothing that a user writes or a model says ends or freezes a run: scoring and task files work within limits."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from weighin.engine.errors import DatasetError
from weighin.engine.events.failures import ScoringCrashed, ScoringRaised, ScoringTimedOut
from weighin.engine.plan.model import FileSource, OwnSuite
from weighin.engine.sandbox.limited import EndedError
from weighin.engine.tasks.items import GenerateItem, Suite
from weighin.engine.tasks.limited import GivenUpError, Limited, Row
from weighin.engine.tasks.requests import GenerateResult
from weighin.engine.tasks.spec import SuiteSpec

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processor time is limited on POSIX systems")
ENDLESS = {"schema": {"type": "string", "pattern": "^(a+)+$"}}
STUCK = '"' + "a" * 40 + '!"'
"""What ``ENDLESS`` takes years to reject."""


LIMIT_S = 1.5
"""Of processor time: enough to import a scorer's libraries on a slow machine."""


@pytest.fixture(scope="module")
def limited() -> Iterator[Limited]:
    limited = Limited(limit_s=LIMIT_S)
    yield limited
    limited.close()


def suite_of(scorer: str, metric: str = "exact_match", **more: Any) -> Suite:
    return Suite(
        spec=SuiteSpec(
            name="s", title="s", kind="generate", metric=metric, scorer=scorer, **{"extractor": "whole"} | more
        ),
        items=(),
    )


def row(text: str, check: dict[str, Any] | None = None, *, answers: tuple[str, ...] = (), name: str = "i") -> Row:
    item = GenerateItem(id=name, prompt="?", answers=answers, check=check or {})
    result = GenerateResult(
        item=name, prompt="?", text=text, n_prompt_tokens=1, n_output_tokens=1, stop="end of text", elapsed_s=0.1
    )
    return item, result, 0


def test_answers_are_scored_as_in_this_process(limited: Limited) -> None:
    rows = [row("42", answers=("42",), name="a"), row("41", answers=("42",), name="b")]
    scored = limited.score(suite_of("exact"), rows, candidate="c")
    assert [(each.item, each.correct, each.failure) for each in scored] == [("a", True, None), ("b", False, None)]


def test_an_answer_that_a_pattern_cannot_finish_counts_as_wrong_and_says_why(limited: Limited) -> None:
    schema = suite_of("json_schema", "schema_valid")
    rows = [row('"b"', {"schema": {"type": "string"}}), row(STUCK, ENDLESS), row("7", {"schema": {"type": "string"}})]
    first, stuck, last = limited.score(schema, rows, candidate="c")
    assert (first.correct, last.correct) == (True, False)
    assert stuck.failure == ScoringTimedOut(limit_s=LIMIT_S)
    assert (stuck.correct, stuck.output, stuck.scores["schema_valid"]) == (False, STUCK, 0.0)


@pytest.mark.parametrize(
    "check",
    [
        {"schema": {"type": "object", "patternProperties": {"^(a+)+$": {}}}},
        {"schema": {"type": "object", "patternProperties": {"^(a+)+$": {}}, "additionalProperties": False}},
        {"schema": {"type": "object", "propertyNames": {"pattern": "^(a|aa)+$"}}},
        {
            "schema": {
                "$ref": "#/$defs/0",
                "$defs": {
                    **{str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(30)},
                    "30": {"type": "object"},
                },
            }
        },
    ],
    ids=["patternProperties", "additionalProperties", "propertyNames", "references"],
)
def test_every_part_of_a_schema_is_limited(limited: Limited, check: dict[str, Any]) -> None:
    (answer,) = limited.score(
        suite_of("json_schema", "schema_valid"), [row(json.dumps({"a" * 40 + "!": 1}), check)], candidate="c"
    )
    assert isinstance(answer.failure, ScoringTimedOut)


def test_the_same_answer_is_not_tried_twice(limited: Limited, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = suite_of("json_schema", "schema_valid")
    limited.score(schema, [row(STUCK, ENDLESS)], candidate="c")
    monkeypatch.setattr(limited, "_asked", lambda *_: pytest.fail("the process was asked again"))
    again = limited.score(schema, [row(STUCK, ENDLESS, name="again")] * 200, candidate="d")
    assert {(answer.candidate, answer.item, answer.correct) for answer in again} == {("d", "again", False)}
    assert all(answer.failure for answer in again)


def test_what_a_scorer_raises_is_a_failure_of_its_item(limited: Limited) -> None:
    (answer, fine) = limited.score(
        suite_of("json_schema", "schema_valid"),
        [row('"x"', {"schema": {"type": "string", "pattern": "("}}), row('"x"', {"schema": {"type": "string"}})],
        candidate="c",
    )
    assert isinstance(answer.failure, ScoringRaised)
    assert fine.correct


def test_a_process_that_dies_costs_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    limited, real = Limited(), Limited()

    @contextlib.contextmanager
    def dying(request: Any, asker: object = None) -> Iterator[Callable[[], bytes]]:
        """The real process, but the row "killed" ends it."""
        names = [item.id for item, _result, _repeat in request.rows]
        place = names.index("killed") if "killed" in names else None
        with real._asked(msgspec.structs.replace(request, rows=request.rows[:place]), asker) as reply:
            if place is not None and not request.one_by_one:
                reply()
                raise EndedError("crash", "SIGSEGV")
            replies = iter([reply] * len(names[:place]))

            def next_reply() -> bytes:
                for each in replies:
                    return each()
                raise EndedError("crash", "SIGSEGV")

            yield reply if not request.one_by_one else next_reply

    monkeypatch.setattr(limited, "_asked", dying)
    rows = [row(name, answers=(name,), name=name) for name in ("a", "b", "killed", "c")]
    scored = limited.score(suite_of("exact"), rows, candidate="c")
    real.close()
    assert [(answer.item, answer.failure) for answer in scored] == [
        ("a", None),
        ("b", None),
        ("killed", ScoringCrashed(how="SIGSEGV")),
        ("c", None),
    ]


def test_a_user_who_does_not_want_to_wait_need_not() -> None:
    patient, user = Limited(limit_s=600.0), object()
    waiting = threading.Thread(target=lambda: _give_up_when_busy(patient, user))
    waiting.start()
    with pytest.raises(GivenUpError):
        patient.score(suite_of("json_schema", "schema_valid"), [row(STUCK, ENDLESS)], candidate="c", asker=user)
    waiting.join()
    # It is not broken by that.
    assert patient.score(suite_of("exact"), [row("42", answers=("42",))], candidate="c")[0].correct
    patient.close()


def _give_up_when_busy(limited: Limited, user: object) -> None:
    while limited._process._asker is not user:
        time.sleep(0.01)
    limited.give_up(object())  # somebody else's wish ends nothing
    limited.give_up(user)


def test_the_rows_of_own_data_are_tried_within_limits(limited: Limited) -> None:
    items = [
        GenerateItem(id="a", prompt="?", answers=(STUCK,), check=ENDLESS),
        GenerateItem(id="b", prompt="?", answers=('"b"',), check={"schema": {"type": "string", "pattern": "("}}),
        GenerateItem(id="c", prompt="?", answers=('"c"',), check={"schema": {"type": "string"}}),
    ]
    slow, wrong, fine = limited.find_problems("json_schema", items)
    assert slow == f"checking it takes more than {LIMIT_S:g} s"
    assert wrong == "The schema of item b is wrong: '(' is not a 'regex'."
    assert fine == ""


def open_task(limited: Limited, folder: Path, **keys: str) -> str:
    """The error of a task file with ``keys``."""
    (folder / "rows.jsonl").write_text('{"q": "x", "a": "y"}\n', encoding="utf-8")
    task = {"task": "t", "dataset_path": "json", "dataset_kwargs": {"data_files": {"test": "rows.jsonl"}}}
    task |= {"output_type": "generate_until", "test_split": "test", "doc_to_text": "{{q}}", "doc_to_target": "{{a}}"}
    file = folder / "task.yaml"
    file.write_text(json.dumps(task | keys), encoding="utf-8")
    with pytest.raises(DatasetError) as caught:
        limited.open_task(OwnSuite(name="mine", source=FileSource(path=str(file))))
    return str(caught.value)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (
            "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
            "row 0 of test, it takes more",
        ),
        ("{{ 9**(9**9) }}", "row 0 of test, it takes more"),
        ("{{ 'a' * 10**10 }}", "needs more than"),
        ("{{ '%10000000000d' % 1 }}", "fails for row 0 of test|needs more than"),
        ("{{ 'a'.center(10**10) }}", "needs more than"),
        ("{{ q|tojson(indent=10**8) }}{{ [[q]]|tojson(indent=10**10) }}", "needs more than|row 0"),
        ("{{ 'a' * 2000000 }}", "more than 1,000,000 characters"),
    ],
)
def test_templates_of_task_files_have_limits(limited: Limited, tmp_path: Path, template: str, said: str) -> None:
    import re

    assert re.search(said, open_task(limited, tmp_path, doc_to_text=template))


def test_it_ends_with_the_process_that_started_it() -> None:
    code = (
        "from weighin.engine.tasks.limited import limited\n"
        "limited().find_problems('exact', [])\n"
        "from weighin.engine.tasks.items import GenerateItem\n"
        "limited().find_problems('exact', [GenerateItem(id='a', prompt='?', answers=('b',))])\n"
        "print(limited()._process._process.pid, flush=True)\n"
        "import os; os._exit(0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    import psutil

    pid = int(done.stdout)
    deadline = time.monotonic() + 60
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not psutil.pid_exists(pid)
