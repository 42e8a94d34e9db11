"""A candidate's line in the verdict. Plain data."""

from __future__ import annotations

import msgspec

from .askings import Steadiness


class GroupShare(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate's right answers in one subject of a suite."""

    name: str
    items: int
    """Answered."""
    correct: int


class SuiteGroups(msgspec.Struct, frozen=True, kw_only=True):
    """A suite of subjects: its mean over all items, and each subject's own."""

    suite: str
    accuracy: float
    """Micro-average: the mean weighted by the subjects' items, which is the mean over items."""
    standard_error: float | None
    """Pooled over subjects as lm-evaluation-harness has it; None where no subject has two items."""
    groups: tuple[GroupShare, ...]
    """By name."""


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate's place, with what put it there."""

    candidate: str
    accuracy: float | None
    """Mean over suites of the leading metric; None when nothing was answered."""
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
    """Chance that two sampled answers to an item agree, 0 to 1. No word about being right."""
    consistency_low: float | None = None
    consistency_high: float | None = None
    steadiness: Steadiness = Steadiness()
    """When items are asked again in another way. No word about being right either."""
    tied_with_best: bool
    p_against_best: float | None
    """Exact McNemar against the most accurate admitted candidate, Holm-adjusted; None for that one itself."""
    levels: dict[str, int] = {}
    """Level reached in each graded suite, by the shares right as they are; 0: not even the first."""
    groups: tuple[SuiteGroups, ...] = ()
    """Suites of subjects."""
    not_comparable: str = ""
    """Why its accuracy could not be held against the best; empty where it could."""
    stopped_early: bool = False
    """The answers decided when to stop: low and high are a confidence sequence, wider than a fixed-size interval."""
    ruled_out: tuple[str, ...] = ()
    """One line for each limit it misses or failure it had; empty when it may be recommended."""
