"""Shared by several reports: valid intervals for candidates that stopped early, and every pair of candidates."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from itertools import combinations

import msgspec

from ..judging.summary import CandidateSummary, RunSummary
from ..stats.bootstrap import bootstrap_mean_of_means
from ..stats.clustered import clustered_mean, paired_p
from ..stats.intervals import Interval, accuracy_interval, holm
from ..stats.sequential import live_interval


def stopped_early(summary: CandidateSummary, run: RunSummary) -> bool:
    """Whether the answers decided when to stop: the race was settled, or stopped this candidate."""
    return run.settled is not None or summary.eliminated


def suite_interval(summary: CandidateSummary, suite: str, *, pool: int, early: bool) -> Interval:
    """95 % interval for the candidate's accuracy in a suite, of which it answered at least one item.

    If an early stop left some of the ``pool`` items unanswered, this is a confidence sequence for the whole suite.
    Otherwise it is the ordinary interval for items like these, in which items of one passage count as a group.
    """
    correct, n = summary.suite_counts[suite]
    if early and n < pool:
        return live_interval(n, correct, pool)
    return accuracy_interval(*summary.effective_counts[suite])


class PairFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A compared with B. Tests and intervals are None if the answers decided when to stop: they would not be valid."""

    a: str
    b: str
    items: int
    """Items that both answered."""
    only_a: int
    """Items that only A got right."""
    only_b: int
    difference: float
    """Accuracy of A minus that of B, unweighted mean over suites, −1 to 1."""
    standard_error: float | None
    """Of the paired differences; clustered by passage if ``clustered``."""
    low: float | None
    """95 % paired bootstrap with 10,000 resamples of items (passages if ``clustered``) within their suites."""
    high: float | None
    p_value: float | None
    """Exact McNemar test; if ``clustered``, the exact test on the passages' sums, which generalizes it."""
    p_holm: float | None
    """The same, adjusted for the number of pairs (Holm)."""
    clustered: bool = False
    """Some items share a passage and count as a group."""


def pair_figures(summaries: Sequence[CandidateSummary], run: RunSummary) -> tuple[PairFigures, ...]:
    """All pairs of ``summaries`` with items in common, in the order given."""
    pool = sum(card.items for name, card in run.suites.items() if name not in run.dropped_suites)
    pairs = []
    for a, b in combinations(summaries, 2):
        common = [key for key in a.answers if key in b.answers]
        # If both answered everything, no stop cut anything short.
        early = (stopped_early(a, run) or stopped_early(b, run)) and len(common) < pool
        if common:
            pairs.append(_pair(a, b, common, early=early))
    tested = [pair.p_value for pair in pairs if pair.p_value is not None]
    adjusted = iter(holm(tested))
    return tuple(
        pair if pair.p_value is None else msgspec.structs.replace(pair, p_holm=next(adjusted)) for pair in pairs
    )


def _pair(a: CandidateSummary, b: CandidateSummary, common: Sequence[tuple[str, str]], *, early: bool) -> PairFigures:
    suites: dict[str, list[int]] = {}
    passages: dict[str, list[Hashable]] = {}
    for key in common:
        suites.setdefault(key[0], []).append(a.answers[key].correct - b.answers[key].correct)
        passages.setdefault(key[0], []).append(a.cluster(key))
    every = [d for differences in suites.values() for d in differences]
    clusters = [name for names in passages.values() for name in names]
    estimate = bootstrap_mean_of_means(list(suites.values()), clusters=list(passages.values()))
    errors = [clustered_mean(suites[name], passages[name]).standard_error for name in suites]
    error = math.sqrt(sum(e * e for e in errors)) / len(errors)
    return PairFigures(
        a=a.candidate,
        b=b.candidate,
        items=len(common),
        only_a=every.count(1),
        only_b=every.count(-1),
        difference=estimate.value,
        standard_error=None if early or math.isnan(error) else error,
        low=None if early else estimate.low,
        high=None if early else estimate.high,
        p_value=None if early else paired_p(every, clusters),
        p_holm=None,
        clustered=len(set(clusters)) < len(clusters),
    )
