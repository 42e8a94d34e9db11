"""Work on a user's patterns, schemas and templates and on models' answers, in a process with limits.

Scorers are plain functions of ``scorers``; this is the one place where they are kept from ending or freezing a run.
``limited_process`` is the other end.
"""

from __future__ import annotations

import atexit
import hashlib
import pickle
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import TypeVar

import msgspec

from ..errors import DatasetError, SandboxError, WeighinError
from ..events.failures import ScoringCrashed, ScoringFailure, ScoringOutOfMemory, ScoringTimedOut
from ..events.run import AnswerScored
from ..plan.model import OwnSuite, data_path
from ..sandbox.bounds import counts_time
from ..sandbox.limited import EndedError, LimitedProcess
from .items import ChoiceItem, GenerateItem, Item, Suite
from .requests import GenerateResult
from .scoring import unscored_answer
from .spec import SuiteSpec

ITEM_LIMIT_S = 5.0
MEMORY_LIMIT_BYTES = 1 << 30
"""Address space of the process beyond what it needs to start."""
_WALL_S = 600.0 if counts_time() else 20.0
"""Where processor time is limited, only a process that waits for nothing needs this."""
_CHECKED_AT_ONCE = 256
"""Items in one request, so that others get a turn in between."""

Row = tuple[GenerateItem, GenerateResult, int]
"""An item, what a candidate answered, and the number of the repeat."""


class GivenUpError(WeighinError):
    """The caller did not want to wait any longer."""


# Requests travel as pickles, because an item's ``check`` can hold numbers of any size, and come from this process only.


class ScoreRows(msgspec.Struct, frozen=True):
    """Score each row. Answered with one ``AllScored``, or with a ``Scored`` each, which costs more and tells which row
    ended the process."""

    limit_s: float
    one_by_one: bool
    spec: SuiteSpec
    candidate: str
    rows: Sequence[Row]


class CheckItems(msgspec.Struct, frozen=True):
    """Try each item with the scorer. Answered with a ``Checked`` each."""

    limit_s: float
    scorer: str
    items: Sequence[GenerateItem]


class OpenTask(msgspec.Struct, frozen=True):
    """Open a task file of lm-evaluation-harness. Answered with an ``Opening`` for each row, then ``Opened``."""

    limit_s: float
    suite: OwnSuite


Request = ScoreRows | CheckItems | OpenTask


class _Reply(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag=True):
    pass


class Scored(_Reply, frozen=True, kw_only=True):
    answer: AnswerScored | None
    """None for a failure."""
    failure: ScoringFailure | None = None


class AllScored(_Reply, frozen=True, kw_only=True):
    rows: tuple[Scored, ...]


class Checked(_Reply, frozen=True, kw_only=True):
    problem: str
    """Empty for an item that can be used."""


class Opening(_Reply, frozen=True, kw_only=True):
    where: str
    """The row that comes next."""


class Opened(_Reply, frozen=True, kw_only=True):
    spec: SuiteSpec
    choices: tuple[ChoiceItem, ...] = ()
    texts: tuple[GenerateItem, ...] = ()


class Refusal(_Reply, frozen=True, kw_only=True):
    """The request ends here, with an error for the user."""

    what: str
    hint: str
    sandbox: bool = False


Reply = Scored | AllScored | Checked | Opening | Opened | Refusal
ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


class Limited:
    """The process, started when it is first needed. Calls may come from any thread; one is carried out at a time."""

    def __init__(self, *, limit_s: float = ITEM_LIMIT_S) -> None:
        """``limit_s`` is the processor time for one answer, or for one row of a task file."""
        self._limit_s = limit_s
        self._process = LimitedProcess("weighin.engine.tasks.limited_process")
        self._known: dict[bytes, ScoringFailure] = {}
        """Answers that exceeded a limit, which are not tried again: most are asked several times for consistency."""

    def close(self) -> None:
        """End the process."""
        self._process.close()

    def give_up(self, asker: object) -> None:
        """End the work for ``asker``, which gets a ``GivenUpError``. May be called from any thread."""
        self._process.give_up(asker)

    def score(self, suite: Suite, rows: Sequence[Row], *, candidate: str, asker: object = None) -> list[AnswerScored]:
        """The scored answer for each row. One that cannot be scored within the limits is wrong, and says why.

        Raises:
            SandboxError: code cannot be run safely on this machine.
            GivenUpError: ``give_up`` was called.
        """
        known = {n: failure for n, row in enumerate(rows) if (failure := self._recall(suite, row)) is not None}
        new = self._score_new(suite, [row for n, row in enumerate(rows) if n not in known], candidate, asker)
        each = iter(new)
        return [_failed(suite, row, candidate, known[n]) if n in known else next(each) for n, row in enumerate(rows)]

    def _score_new(self, suite: Suite, rows: Sequence[Row], candidate: str, asker: object) -> list[AnswerScored]:
        answers: list[AnswerScored] = []
        one_by_one = False
        while len(answers) < len(rows):
            left = rows[len(answers) :]
            try:
                with self._asked(ScoreRows(self._limit_s, one_by_one, suite.spec, candidate, left), asker) as reply:
                    scored = () if one_by_one else _expect(reply(), AllScored).rows
                    for n, row in enumerate(left):
                        each = _expect(reply(), Scored) if one_by_one else scored[n]
                        answers.append(each.answer or self._failed(suite, row, candidate, each.failure))
            except EndedError as error:
                if error.how == "given up":
                    raise GivenUpError("Scoring was given up.") from None
                if one_by_one:
                    answers.append(self._failed(suite, rows[len(answers)], candidate, self._failure(error)))
                one_by_one = True
        return answers

    def _failure(self, error: EndedError) -> ScoringFailure:
        if error.how == "time":
            return ScoringTimedOut(limit_s=self._limit_s)
        if error.how == "memory":
            return ScoringOutOfMemory(limit_bytes=MEMORY_LIMIT_BYTES)
        return ScoringCrashed(how=error.detail)

    def _recall(self, suite: Suite, row: Row) -> ScoringFailure | None:
        return self._known.get(_key(suite, row)) if self._known else None

    def _failed(self, suite: Suite, row: Row, candidate: str, failure: ScoringFailure | None) -> AnswerScored:
        if failure is not None:
            self._known[_key(suite, row)] = failure
        return _failed(suite, row, candidate, failure)

    def find_problems(self, scorer: str, items: Sequence[GenerateItem]) -> list[str]:
        """For each item why ``scorer`` cannot use it, or an empty text."""
        problems: list[str] = []
        while len(problems) < len(items):
            left = items[len(problems) : len(problems) + _CHECKED_AT_ONCE]
            try:
                with self._asked(CheckItems(self._limit_s, scorer, left)) as reply:
                    for _item in left:
                        problems.append(_expect(reply(), Checked).problem)  # noqa: PERF401
            except EndedError as error:
                problems.append(f"cannot be checked: {self._ended_words(error)}")
        return problems

    def open_task(self, suite: OwnSuite) -> tuple[SuiteSpec, tuple[Item, ...]]:
        """As ``harness.items.open_task_suite``, within limits for each row.

        Raises:
            DatasetError: as there, or a template or pattern of the file exceeds the limits.
        """
        where = "its first row"
        try:
            with self._asked(OpenTask(self._limit_s, suite)) as reply:
                while isinstance(answer := _expect(reply(), (Opening, Opened)), Opening):
                    where = answer.where
        except EndedError as error:
            raise DatasetError(
                f"The task {data_path(suite)} cannot be used: at {where}, it {self._ended_words(error)}.",
                hint="Look for a loop or a very long text in its templates and patterns.",
            ) from None
        assert isinstance(answer, Opened)
        return answer.spec, answer.choices or answer.texts

    def _ended_words(self, error: EndedError) -> str:
        """What the work did, in words that begin with a verb."""
        if error.how == "time":
            return too_long_words(self._limit_s)
        if error.how == "memory":
            return too_large_words()
        return f"crashes the process that works on it ({error.detail})"

    def _asked(self, request: Request, asker: object = None) -> AbstractContextManager[Callable[[], bytes]]:
        return self._process.asked(pickle.dumps(request), wall_s=_WALL_S, asker=asker)


@cache
def limited() -> Limited:
    """The process that all of this one share: starting it takes longer than most of its work."""
    shared = Limited()
    atexit.register(shared.close)
    return shared


R = TypeVar("R")


def _expect(content: bytes, kind: type[R] | tuple[type[R], ...]) -> R:
    reply = _DECODER.decode(content)
    if isinstance(reply, Refusal):
        raise (SandboxError if reply.sandbox else DatasetError)(reply.what, hint=reply.hint)
    if not isinstance(reply, kind):
        raise WeighinError(f"The process that scores answers replied {type(reply).__name__} out of turn.")
    return reply


def _key(suite: Suite, row: Row) -> bytes:
    item, result, _repeat = row
    asked = (suite.spec.scorer, suite.spec.extractor, item.answers, item.check, result.prompt[-64:], result.text)
    return hashlib.sha256(pickle.dumps(asked)).digest()


def _failed(suite: Suite, row: Row, candidate: str, failure: ScoringFailure | None) -> AnswerScored:
    item, result, repeat = row
    return unscored_answer(suite, item, result, candidate=candidate, repeat=repeat, failure=failure)


def too_long_words(limit_s: float) -> str:
    return f"takes more than {limit_s:g} s"


def too_large_words() -> str:
    return f"needs more than {MEMORY_LIMIT_BYTES / 2**30:.0f} GiB of memory"
