"""What a verdict is based on, computed once: figures, who is ruled out and why, who is tied for best, who wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
from ..events.run import CandidateStopped, Event
from ..plan.model import Limits, Plan, labels
from .comparison import Comparison, compare
from .summary import CandidateSummary, RunSummary, summarize

_SAME_SPEED = 0.03
"""Generation speeds this close count as equal: they differ as much from run to run on a quiet machine."""


@dataclass(frozen=True)
class Findings:
    """Everything that sentences, warnings and rankings are made from."""

    plan: Plan
    run: RunSummary
    names: Mapping[str, str]
    """The label of each candidate, by id."""
    summaries: Mapping[str, CandidateSummary]
    """By candidate id, in the plan's order."""
    exclusions: Mapping[str, tuple[Exclusion, ...]]
    """By candidate id."""
    admitted: Sequence[CandidateSummary]
    """Candidates that nothing rules out."""
    comparison: Comparison
    """Of the admitted candidates, or of all if none is admitted."""
    winner: CandidateSummary | None
    unasked: tuple[str, ...] = ()
    """Admitted candidates that were asked nothing yet. Nobody wins against them."""


def findings_of(plan: Plan, events: Iterable[Event]) -> Findings:
    """Judge a run so far; a pure function of plan and events."""
    run = summarize(events)
    summaries = {candidate.id: run.of(candidate.id) for candidate in plan.candidates}
    exclusions = {name: exclusions_of(summary, plan.limits) for name, summary in summaries.items()}
    admitted = [summary for name, summary in summaries.items() if not exclusions[name]]
    comparison = compare(admitted or list(summaries.values()), run.settled)
    unasked = _unasked(plan, run, admitted)
    contenders = [s for s in admitted if s.candidate in comparison.tied] if comparison.tied else admitted
    return Findings(
        plan=plan,
        run=run,
        names=labels(plan),
        summaries=summaries,
        exclusions=exclusions,
        admitted=admitted,
        comparison=comparison,
        winner=None if unasked else _fastest(contenders),
        unasked=unasked,
    )


def _unasked(plan: Plan, run: RunSummary, admitted: Sequence[CandidateSummary]) -> tuple[str, ...]:
    """Candidates about which nothing is known that could decide: no answer where answers count, else no speed."""
    asked = any(summary.answers for summary in admitted)
    if asked or any(suite.name not in run.dropped_suites for suite in plan.suites):
        return tuple(summary.candidate for summary in admitted if not summary.answers)
    return tuple(summary.candidate for summary in admitted if summary.generation is None)


def _fastest(contenders: Sequence[CandidateSummary]) -> CandidateSummary | None:
    """The fastest in generation. Among equally fast candidates, the one that needs the least memory."""
    if not contenders:
        return None
    top = max(s.generation_rate for s in contenders)
    equal = [s for s in contenders if s.generation_rate >= top * (1 - _SAME_SPEED)]
    return min(equal, key=lambda s: (s.memory_bytes or 1 << 62, -s.generation_rate))


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
