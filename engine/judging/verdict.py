"""The recommendation as one event: the winner, a ranking of all candidates, sentences, warnings, commands."""

from __future__ import annotations

from collections.abc import Iterable

from ..events.notes import ContextRaised
from ..events.ranking import Ranking
from ..events.run import Event, VerdictReached
from ..plan.model import Plan
from ..stats.intervals import Interval, accuracy_interval, minimum_detectable_difference
from . import candidate_warnings, prompt_warnings, wording
from .comparison import stopped_early_interval
from .findings import Findings, findings_of
from .summary import CandidateSummary

_FEW_ITEMS = 100


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
        commands=wording.commands(chosen, plan, n_ctx=_longest_context(findings, chosen.id)) if chosen else {},
        warnings=_warnings(findings),
    )


def _longest_context(findings: Findings, candidate: str) -> int:
    """The context that a candidate's long prompts needed; 0 if they fit the plan's."""
    notes = findings.summaries[candidate].notes
    return max((note.raised_to for note in notes if isinstance(note, ContextRaised)), default=0)


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
        cut_while_thinking=len(summary.cut_while_thinking),
        blank_answers=sum(answer.blank for answer in summary.answers.values()),
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


def _warnings(findings: Findings) -> tuple[str, ...]:
    kinds = (  # in the order people should read them
        candidate_warnings.about_answers,
        prompt_warnings.asked_differently,
        candidate_warnings.about_candidates,
        _drift,
        _not_comparable,
        _different_items,
        _unasked_suites,
        _race_settled,
        _no_suite,
        _shared_passages,
        _few_items,
        _no_better_than_guessing,
    )
    return tuple(sentence for kind in kinds for sentence in kind(findings))


def _drift(findings: Findings) -> Iterable[str]:
    drifted = {what: drift.change for what, drift in findings.run.drifts.items() if drift.matters}
    if drifted:
        changes = ", ".join(f"{what} {change:+.0%}" for what, change in drifted.items())
        yield (
            f"Speed drifted from the first round to the last ({changes}), because of heat or other work on the machine."
            " The candidates took turns, so they can still be compared, but speeds may differ on another day."
        )


def _not_comparable(findings: Findings) -> Iterable[str]:
    apart = findings.comparison.not_comparable
    names = [findings.names[candidate] for candidate in findings.summaries if candidate in apart]
    if names:
        has = "it has" if len(names) == 1 else "they have"
        yield f"{wording.listed(names)}: not comparable, because {has} no items in common with the others."


def _different_items(findings: Findings) -> Iterable[str]:
    comparison = findings.comparison
    counts = [len(s.answers) for s in _answering(findings) if s.candidate not in comparison.not_comparable]
    if len(set(counts)) > 1:
        yield (
            f"The candidates did not all answer the same number of items ({min(counts)} to {max(counts)}); they are"
            f" compared on the {comparison.n_common} items that all of them answered."
        )


def _unasked_suites(findings: Findings) -> Iterable[str]:
    if findings.run.settled is not None:  # said by that
        return
    answering = _answering(findings)
    for name in findings.run.suites:
        if name in findings.run.dropped_suites or not answering:
            continue
        without = [findings.names[s.candidate] for s in answering if name not in s.suite_counts]
        if len(without) == len(answering):
            yield f"{name} was not asked before the run ended, so it counts for nobody."
        elif without:
            yield f"{name} was not asked of {wording.listed(without)} before the run ended; it counts for the others."


def _race_settled(findings: Findings) -> Iterable[str]:
    settled = findings.run.settled
    if settled is not None:
        yield (
            f"The race was decided after {settled.at_item} of {settled.pool} items. Accuracies cover the items asked,"
            " and intervals allow for the early stop."
        )


def _no_suite(findings: Findings) -> Iterable[str]:
    if not findings.plan.suites:
        yield "No suite was run, so a fast model may still be bad at your task."


def _shared_passages(findings: Findings) -> Iterable[str]:
    n_passages = findings.comparison.n_passages
    if n_passages:
        yield (
            f"{n_passages} passages are asked about more than once, so tests and intervals treat the items about one"
            " passage as a group (clustered errors)."
        )


def _few_items(findings: Findings) -> Iterable[str]:
    answering = _answering(findings)
    n = min((len(s.answers) for s in answering), default=0)
    if 0 < n < _FEW_ITEMS:
        independent = min(sum(n for _correct, n in s.effective_counts.values()) for s in answering)
        points = minimum_detectable_difference(max(1, round(independent))) * 100
        yield f"With {n} items, only accuracy differences of about {points:.0f} points or more can be detected."


def _no_better_than_guessing(findings: Findings) -> Iterable[str]:
    for suite in findings.run.suites.values():
        if suite.chance is None or suite.name in findings.run.dropped_suites:
            continue
        weak = [
            findings.names[name]
            for name, summary in findings.summaries.items()
            if suite.name in summary.effective_counts
            and accuracy_interval(*summary.effective_counts[suite.name]).low <= suite.chance
        ]
        if weak:
            verb = "is" if len(weak) == 1 else "are"
            yield f"On {suite.name}, {wording.listed(weak)} {verb} no better than guessing ({suite.chance:.0%})."


def _answering(findings: Findings) -> list[CandidateSummary]:
    return [summary for summary in findings.admitted if summary.answers]
