"""The recommendation: what is ruled out and why, who is statistically tied for best, who wins."""

from __future__ import annotations

from collections.abc import Iterable

from ..events.ranking import Ranking
from ..events.run import Event, VerdictReached
from ..plan.model import Limits, Plan
from . import wording
from .comparison import Comparison, compare, stopped_early_interval
from .summary import CandidateSummary, RunSummary, summarise

_SAME_SPEED = 0.03
"""Generation speeds this near are called equal: run-to-run noise of a quiet machine."""


def reach_verdict(plan: Plan, events: Iterable[Event]) -> VerdictReached:
    """The verdict on a run so far; a pure function of plan and events."""
    run = summarise(events)
    summaries = {c.id: run.of(c.id) for c in plan.candidates}
    excluded = {name: _reasons(summary, plan.limits) for name, summary in summaries.items()}
    admitted = [summary for name, summary in summaries.items() if not excluded[name]]
    comparison = compare(admitted or list(summaries.values()), run.settled)
    contenders = [s for s in admitted if s.candidate in comparison.tied] if comparison.tied else admitted
    winner = _fastest(contenders)
    rankings = [_ranking(s, run, excluded[s.candidate], comparison) for s in summaries.values()]
    rankings.sort(
        key=lambda r: (bool(r.ruled_out), r.candidate != (winner.candidate if winner else None), -(r.accuracy or 0.0))
    )
    cards = {c.id: c for c in plan.candidates}
    if winner is None:
        sentences = wording.no_winner(plan, excluded)
    else:
        sentences = wording.why(winner, admitted, comparison, plan, summaries)
    return VerdictReached(
        winner=winner.candidate if winner else None,
        sentences=sentences,
        rankings=tuple(rankings),
        commands=wording.commands(cards[winner.candidate], plan) if winner else {},
        warnings=tuple(wording.warnings(plan, run, summaries, admitted, comparison)),
    )


def _reasons(summary: CandidateSummary, limits: Limits) -> tuple[str, ...]:
    """Why a candidate may not be recommended, one line each."""
    found = []
    if summary.stopped is not None:
        detail = f": {summary.stopped.detail}" if summary.stopped.detail else ""
        found.append(f"{summary.stopped.reason}{detail}")
    return (*found, *misses_limits(summary, limits))


def misses_limits(summary: CandidateSummary, limits: Limits) -> tuple[str, ...]:
    """The user's limits that the figures so far do not meet, one line each."""
    found = []
    generation = summary.generation.tokens_per_second if summary.generation else None
    checks = (
        (limits.max_memory_bytes, summary.memory_bytes, "memory", 2**30, "GiB", False),
        (limits.max_ttft_s, summary.ttft_p95_s, "time to first token (p95)", 0.001, "ms", False),
        (limits.min_generation_tokens_per_second, generation, "generation", 1, "tok/s", True),
    )
    for limit, value, what, unit, unit_name, at_least in checks:
        if not limit:
            continue
        wanted = f"{'at least' if at_least else 'at most'} {limit / unit:.4g} {unit_name}"
        if value is None:
            found.append(f"{what} was not measured, {wanted} is asked")
        elif (value < limit) if at_least else (value > limit):
            found.append(f"{what} is {value / unit:.4g} {unit_name}, {wanted} is asked")
    return tuple(found)


def _fastest(contenders: list[CandidateSummary]) -> CandidateSummary | None:
    """The fastest in generation; among those as fast, the one that needs the least memory."""
    if not contenders:
        return None
    top = max(s.generation_rate for s in contenders)
    equal = [s for s in contenders if s.generation_rate >= top * (1 - _SAME_SPEED)]
    return min(equal, key=lambda s: (s.memory_bytes or 1 << 62, -s.generation_rate))


def _ranking(summary: CandidateSummary, run: RunSummary, excluded: tuple[str, ...], comparison: Comparison) -> Ranking:
    interval = summary.interval
    eliminated = summary.stopped is not None and summary.stopped.reason == "eliminated"
    # Where the answers decided when to stop, an interval made for a fixed number of items would be too short.
    pools = {suite.name: suite.items for suite in run.suites.values()}
    whole = all(n >= pools.get(suite, n) for suite, (_, n) in summary.suite_counts().items())
    early = eliminated or (run.settled is not None and not whole)
    if early:
        interval = stopped_early_interval(summary, pools)
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
        ruled_out=excluded,
    )
