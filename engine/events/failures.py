"""Why an answer could not be scored. Plain data, without sentences: ``judging.failure_text`` puts it into words."""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class _Failure(msgspec.Struct, frozen=True, kw_only=True, tag_field="failure", tag=True):
    pass


class ScoringTimedOut(_Failure, frozen=True, kw_only=True):
    """Scoring took longer than its limit, such as a pattern with repetitions inside repetitions."""

    limit_s: float


class ScoringOutOfMemory(_Failure, frozen=True, kw_only=True):
    """Scoring needed more memory than its limit."""

    limit_bytes: int


class ScoringRaised(_Failure, frozen=True, kw_only=True):
    """The scorer cannot handle this answer or this item."""

    error: str
    """What the scorer said, in one line."""


class ScoringCrashed(_Failure, frozen=True, kw_only=True):
    """The process that scores ended in the middle of this item."""

    how: str
    """A signal's name or an exit code."""


ScoringFailure: TypeAlias = ScoringTimedOut | ScoringOutOfMemory | ScoringRaised | ScoringCrashed
