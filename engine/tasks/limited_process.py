"""The process behind ``limited``: serves its requests, with a time limit for each item and a memory limit for all."""

from __future__ import annotations

import pickle
from collections.abc import Callable

from ..errors import DatasetError, SandboxError, WeighinError
from ..events.failures import ScoringOutOfMemory, ScoringRaised, ScoringTimedOut
from ..plan.model import data_path
from ..sandbox.bounds import TimeLimitError, memory_limit, time_limit
from ..sandbox.limited import MAX_FRAME_BYTES, serve
from .items import ChoiceItem, GenerateItem, Suite
from .limited import (
    ENCODER,
    MEMORY_LIMIT_BYTES,
    AllScored,
    Checked,
    CheckItems,
    Opened,
    Opening,
    OpenTask,
    Refusal,
    Reply,
    Request,
    Row,
    Scored,
    ScoreRows,
    too_large_words,
    too_long_words,
)
from .scorer import Scorer
from .scorers import find_scorer
from .scoring import in_one_line, score

Say = Callable[[Reply], None]
_READING_LIMIT_S = 60.0
"""For a task file and its data, before the first row is rendered."""


def main() -> None:
    """Serve requests from stdin."""
    serve(_carry_out)


def _carry_out(content: bytes, reply: Callable[[bytes], None]) -> None:
    request: Request = pickle.loads(content)  # made by the process that started this one

    def say(each: Reply) -> None:
        encoded = ENCODER.encode(each)
        if len(encoded) > MAX_FRAME_BYTES:
            raise DatasetError("All items together are too large.", hint="Take a sample of the data.")
        reply(encoded)

    try:
        with memory_limit(MEMORY_LIMIT_BYTES):
            _answer(request, say)
    except WeighinError as error:
        say(Refusal(what=error.what, hint=error.hint, sandbox=isinstance(error, SandboxError)))


def _answer(request: Request, say: Say) -> None:
    if isinstance(request, ScoreRows):
        suite = Suite(spec=request.spec, items=())
        scored = (_scored(suite, row, request) for row in request.rows)
        if request.one_by_one:
            for each in scored:
                say(each)
        else:
            say(AllScored(rows=tuple(scored)))
    elif isinstance(request, CheckItems):
        scorer = find_scorer(request.scorer)
        for item in request.items:
            say(_checked(scorer, item, request.limit_s))
    else:
        say(_opened(request, say))


def _scored(suite: Suite, row: Row, request: ScoreRows) -> Scored:
    item, result, repeat = row
    try:
        with time_limit(request.limit_s):
            answer = score(suite, item, result, candidate=request.candidate, repeat=repeat)
        return Scored(answer=answer)
    except TimeLimitError:
        return Scored(answer=None, failure=ScoringTimedOut(limit_s=request.limit_s))
    except MemoryError:
        return Scored(answer=None, failure=ScoringOutOfMemory(limit_bytes=MEMORY_LIMIT_BYTES))
    except WeighinError:
        raise
    except Exception as error:
        return Scored(answer=None, failure=ScoringRaised(error=in_one_line(error)))


def _checked(scorer: Scorer, item: GenerateItem, limit_s: float) -> Checked:
    try:
        with time_limit(limit_s):
            problem = scorer.problem_of(item)
        return Checked(problem=problem)
    except TimeLimitError:
        return Checked(problem=f"checking it {too_long_words(limit_s)}")
    except MemoryError:
        return Checked(problem=f"checking it {too_large_words()}")
    except Exception as error:
        return Checked(problem=f"cannot be scored ({in_one_line(error)})")


def _opened(request: OpenTask, say: Say) -> Opened:
    from .harness.items import open_task_suite  # Jinja: most runs have no task file

    path, where = data_path(request.suite), "its first row"

    def row_begins(name: str) -> None:
        nonlocal where
        where = name
        say(Opening(where=name))
        restart(request.limit_s)

    try:
        with time_limit(_READING_LIMIT_S) as restart:
            spec, items = open_task_suite(request.suite, row_begins=row_begins)
    except TimeLimitError:
        raise DatasetError(
            f"The task {path} cannot be used: at {where}, it {too_long_words(request.limit_s)}.", hint=_LOOP
        ) from None
    except MemoryError:
        raise DatasetError(f"The task {path} cannot be used: at {where}, it {too_large_words()}.", hint=_LONG) from None
    return Opened(
        spec=spec,
        choices=tuple(item for item in items if isinstance(item, ChoiceItem)),
        texts=tuple(item for item in items if isinstance(item, GenerateItem)),
    )


_LOOP = "Look for a loop in its templates and patterns."
_LONG = "Look for a very long text in its templates."


if __name__ == "__main__":
    main()
