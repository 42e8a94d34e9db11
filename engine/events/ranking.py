"""A candidate's line in the verdict. Plain data, without sentences: ``judging.wording`` puts reasons into words."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from .askings import Steadiness


class _Reason(msgspec.Struct, frozen=True, kw_only=True, tag_field="reason", tag=True):
    """A measured figure is None if it was not measured."""


class TooMuchMemory(_Reason, frozen=True, kw_only=True):
    """Needs more memory than the user's limit."""

    limit_bytes: int
    needed_bytes: int | None


class SlowFirstToken(_Reason, frozen=True, kw_only=True):
    """Takes longer to the first token than the user's limit."""

    limit_s: float
    ttft_p95_s: float | None


class SlowGeneration(_Reason, frozen=True, kw_only=True):
    """Generates more slowly than the user's minimum."""

    limit_tokens_per_second: float
    tokens_per_second: float | None


class StoppedByRace(_Reason, frozen=True, kw_only=True):
    """Clearly less accurate than the others."""

    at_item: int
    """Items it was asked."""
    pool: int
    """Items that the whole run would ask."""


class SkippedByUser(_Reason, frozen=True, kw_only=True):
    """The user took it out of the run."""


class Failed(_Reason, frozen=True, kw_only=True):
    """It could not be loaded or measured."""

    detail: str
    """One sentence from the worker; may be empty."""


MissedLimit: TypeAlias = TooMuchMemory | SlowFirstToken | SlowGeneration
Stopped: TypeAlias = StoppedByRace | SkippedByUser | Failed
Exclusion: TypeAlias = MissedLimit | Stopped | str
"""Why a candidate cannot be recommended. Verdicts stored before these types existed hold a sentence."""


class GroupShare(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate's correct answers in one subject of a suite."""

    name: str
    items: int
    """Answered."""
    correct: int


class SuiteGroups(msgspec.Struct, frozen=True, kw_only=True):
    """A suite with subjects: the mean over all items, and each subject's share."""

    suite: str
    accuracy: float
    """Micro-average: the mean weighted by the subjects' items, which is the mean over items."""
    standard_error: float | None
    """Pooled over subjects as in lm-evaluation-harness. None if no subject has two items."""
    groups: tuple[GroupShare, ...]
    """Sorted by name."""


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate's place in the verdict, with the figures behind it."""

    candidate: str
    accuracy: float | None
    """Mean over suites of the leading metric. None if nothing was answered."""
    low: float | None
    high: float | None
    items: int
    generation_tokens_per_second: float | None
    prompt_tokens_per_second: float | None
    ttft_p50_s: float | None
    ttft_p95_s: float | None
    itl_p50_s: float | None
    itl_p95_s: float | None
    memory_bytes: int | None
    load_s: float | None
    disturbed: bool
    fragile_share: float | None
    consistency: float | None = None
    """Probability that two sampled answers to an item agree, whether or not they are correct."""
    consistency_low: float | None = None
    consistency_high: float | None = None
    steadiness: Steadiness = Steadiness()
    """Figures from items that were asked again in another way."""
    tied_with_best: bool
    p_against_best: float | None
    """Exact McNemar test against the most accurate admitted candidate, Holm-adjusted. None for that candidate."""
    levels: dict[str, int] = {}
    """Level reached in each graded suite; 0 if not even the first was reached."""
    groups: tuple[SuiteGroups, ...] = ()
    """Suites with subjects."""
    not_comparable: str = ""
    """Why its accuracy could not be compared with the best. Empty if it could."""
    stopped_early: bool = False
    """The answers decided when to stop, so low and high are a confidence sequence, wider than a fixed-size interval."""
    cut_while_thinking: int = 0
    """Answers that ended before the thinking did; they count as wrong."""
    blank_answers: int = 0
    """Answers in words with nothing in them."""
    ruled_out: tuple[Exclusion, ...] = ()
    """Empty if the candidate can be recommended."""
