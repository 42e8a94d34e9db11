"""The recommendation as one event: the winner, a ranking of all candidates, sentences, warnings, commands."""

from __future__ import annotations

from collections.abc import Iterable

from ..events.ranking import Ranking
from ..events.run import Event, VerdictReached
from ..plan.model import Plan
from ..stats.intervals import Interval
from . import wording
from .comparison import stopped_early_interval
from .findings import Findings, findings_of
from .summary import CandidateSummary
from .warnings import warning_sentences


def reach_verdict(plan: Plan, events: Iterable[Event]) -> VerdictReached:
    """The verdict on a run so far; a pure function of plan and events."""
    return verdict_of(findings_of(plan, events))


def verdict_of(findings: Findings) -> VerdictReached:
    """The verdict on what was found."""
    plan = findings.plan
    winner = findings.winner.candidate if findings.winner else None
    rankings = [_ranking(summary, findings) for summary in findings.summaries.values()]
    rankings.sort(key=lambda row: (bool(row.ruled_out), row.candidate != winner, -(row.accuracy or 0.0)))
    chosen = next((candidate for candidate in plan.candidates if candidate.id == winner), None)
    return VerdictReached(
        winner=winner,
        sentences=wording.verdict_sentences(findings),
        rankings=tuple(rankings),
        commands=wording.commands(chosen, plan) if chosen else {},
        warnings=warning_sentences(findings),
    )


def _ranking(summary: CandidateSummary, findings: Findings) -> Ranking:
    run, comparison = findings.run, findings.comparison
    interval, early = _interval(summary, findings)
    agreement = summary.consistency()
    return Ranking(
        candidate=summary.candidate,
        accuracy=summary.accuracy,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        levels=summary.levels({suite.name: suite.chance for suite in run.suites.values()}),
        stopped_early=early,
        items=len(summary.answers),
        generation_tokens_per_second=summary.generation.tokens_per_second if summary.generation else None,
        prompt_tokens_per_second=summary.prompt.tokens_per_second if summary.prompt else None,
        ttft_p50_s=summary.ttft_p50_s,
        ttft_p95_s=summary.ttft_p95_s,
        itl_p50_s=summary.itl_p50_s,
        itl_p95_s=summary.itl_p95_s,
        memory_bytes=summary.memory_bytes,
        load_s=summary.load_s,
        disturbed=summary.disturbed,
        fragile_share=summary.fragile_share,
        consistency=agreement.value if agreement else None,
        consistency_low=agreement.low if agreement else None,
        consistency_high=agreement.high if agreement else None,
        steadiness=summary.steadiness(),
        tied_with_best=summary.candidate in comparison.tied and summary.accuracy is not None,
        p_against_best=comparison.p_values.get(summary.candidate),
        groups=summary.groups(),
        not_comparable=wording.NO_COMMON_ITEMS if summary.candidate in comparison.not_comparable else "",
        ruled_out=findings.exclusions[summary.candidate],
    )


def _interval(summary: CandidateSummary, findings: Findings) -> tuple[Interval | None, bool]:
    """The interval around the accuracy, and whether the answers decided when to stop.

    If they did, an interval for a fixed number of items would be too short.
    """
    pools = {suite.name: suite.items for suite in findings.run.suites.values()}
    whole = all(n >= pools.get(suite, n) for suite, (_correct, n) in summary.suite_counts.items())
    early = summary.eliminated or (findings.run.settled is not None and not whole)
    return (stopped_early_interval(summary, pools) if early else summary.interval), early
