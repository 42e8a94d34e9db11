"""Shared by several reports: whether a candidate stopped early, and which interval is valid then."""

from __future__ import annotations

from ..judging.summary import CandidateSummary, RunSummary
from ..stats.intervals import Interval, accuracy_interval
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


def items_asked(run: RunSummary) -> int:
    """Number of items in all suites that were not dropped."""
    return sum(card.items for name, card in run.suites.items() if name not in run.dropped_suites)
