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
    """95 % interval for the accuracy in one suite: a confidence sequence over its ``pool`` where it stopped early."""
    return live_interval(n, correct, max(n, pool)) if early else accuracy_interval(correct, n)
