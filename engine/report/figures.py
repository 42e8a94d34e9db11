"""What several reports say alike: whether a candidate stopped early, and the interval that then is honest."""

from __future__ import annotations

from ..stats.intervals import Interval, accuracy_interval
from ..stats.sequential import live_interval
from ..summary import CandidateSummary, RunSummary


def stopped_early(summary: CandidateSummary, run: RunSummary) -> bool:
    """Whether the answers decided when to stop: a race was settled, or threw this candidate out."""
    return run.settled is not None or was_eliminated(summary)


def was_eliminated(summary: CandidateSummary) -> bool:
    """Whether the race threw it out."""
    return summary.stopped is not None and summary.stopped.reason == "eliminated"


def suite_interval(correct: int, n: int, *, pool: int, early: bool) -> Interval:
    """95 % interval for the accuracy in one suite.

    A confidence sequence for the whole suite where an early stop cut it short; where all of its ``pool`` items were
    answered nothing was cut, and the interval is the ordinary one, for items like these.
    """
    return live_interval(n, correct, pool) if early and n < pool else accuracy_interval(correct, n)


def items_asked(run: RunSummary) -> int:
    """Items of all suites that count."""
    return sum(card.items for name, card in run.suites.items() if name not in run.dropped_suites)
