"""Why a candidate cannot be recommended, as types. ``wording`` puts them into words."""

from __future__ import annotations

from ..events.ranking import (
    Exclusion,
    Failed,
    MissedLimit,
    SkippedByUser,
    SlowFirstToken,
    SlowGeneration,
    Stopped,
    StoppedByRace,
    TooMuchMemory,
)
from ..events.run import CandidateStopped
from ..plan.model import Limits
from .summary import CandidateSummary


def exclusions_of(summary: CandidateSummary, limits: Limits) -> tuple[Exclusion, ...]:
    """Everything that rules the candidate out. Empty if it can be recommended."""
    stopped = () if summary.stopped is None else (stop_reason(summary.stopped),)
    return (*stopped, *missed_limits(summary, limits))


def stop_reason(event: CandidateStopped) -> Stopped:
    """Why a candidate was stopped."""
    if event.reason == "eliminated":
        return StoppedByRace(at_item=event.at_item, pool=event.pool)
    if event.reason == "skipped by the user":
        return SkippedByUser()
    return Failed(detail=event.detail)


def missed_limits(summary: CandidateSummary, limits: Limits) -> tuple[MissedLimit, ...]:
    """The user's limits that the figures so far do not meet. A figure that was not measured does not meet its limit."""
    missed: list[MissedLimit] = []
    memory, ttft = summary.memory_bytes, summary.ttft_p95_s
    rate = summary.generation.tokens_per_second if summary.generation else None
    if limits.max_memory_bytes and (memory is None or memory > limits.max_memory_bytes):
        missed.append(TooMuchMemory(limit_bytes=limits.max_memory_bytes, needed_bytes=memory))
    if limits.max_ttft_s and (ttft is None or ttft > limits.max_ttft_s):
        missed.append(SlowFirstToken(limit_s=limits.max_ttft_s, ttft_p95_s=ttft))
    least = limits.min_generation_tokens_per_second
    if least and (rate is None or rate < least):
        missed.append(SlowGeneration(limit_tokens_per_second=least, tokens_per_second=rate))
    return tuple(missed)
