"""What several reports say alike: whether a candidate stopped early, and the interval that then is honest."""

from __future__ import annotations

from ..judging.summary import CandidateSummary, RunSummary
from ..stats.intervals import Interval, accuracy_interval
from ..stats.sequential import live_interval


def stopped_early(summary: CandidateSummary, run: RunSummary) -> bool:
    """Whether the answers decided when to stop: a race was settled, or threw this candidate out."""
    return run.settled is not None or summary.eliminated


def suite_interval(summary: CandidateSummary, suite: str, *, pool: int, early: bool) -> Interval:
    """95 % interval for the candidate's accuracy in a suite that it answered items of.

    A confidence sequence for the whole suite where an early stop cut it short; where all of its ``pool`` items were
    answered nothing was cut, and the interval is the ordinary one, for items like these. Then items that share a
    passage count together; for the whole suite it does not matter what they share.
    """
    correct, n = summary.suite_counts[suite]
    if early and n < pool:
        return live_interval(n, correct, pool)
    return accuracy_interval(*summary.effective_counts[suite])


def items_asked(run: RunSummary) -> int:
    """Items of all suites that count."""
    return sum(card.items for name, card in run.suites.items() if name not in run.dropped_suites)
