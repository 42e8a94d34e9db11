"""Every two candidates on the items that both answered: how far apart, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import msgspec

from ..stats.bootstrap import bootstrap_mean_of_means
from ..stats.clustered import standard_error
from ..stats.paired import holm, mcnemar_p
from ..summary import CandidateSummary, RunSummary
from .figures import items_asked, stopped_early


class PairFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A against B. Tests and intervals are None where the answers decided when to stop: they would promise too much."""

    a: str
    b: str
    items: int
    """Answered by both."""
    only_a: int
    """Items that A alone got right."""
    only_b: int
    difference: float
    """Accuracy of A minus that of B, unweighted mean over suites, −1 to 1."""
    standard_error: float | None
    """Paired."""
    low: float | None
    """95 % paired bootstrap, 10 000 times, items drawn within their suites."""
    high: float | None
    p_value: float | None
    """Exact McNemar."""
    p_holm: float | None
    """The same, adjusted for the number of pairs (Holm)."""


def pair_figures(summaries: Sequence[CandidateSummary], run: RunSummary) -> tuple[PairFigures, ...]:
    """All pairs of ``summaries`` with answers in common, in the order given."""
    pool = items_asked(run)
    found = []
    for a, b in combinations(summaries, 2):
        common = [key for key in a.answers if key in b.answers]
        # Where both answered everything, no stop cut anything short.
        early = (stopped_early(a, run) or stopped_early(b, run)) and len(common) < pool
        if common:
            found.append(_pair(a, b, common, early=early))
    tested = [pair.p_value for pair in found if pair.p_value is not None]
    adjusted = iter(holm(tested))
    return tuple(
        pair if pair.p_value is None else msgspec.structs.replace(pair, p_holm=next(adjusted)) for pair in found
    )


def _pair(a: CandidateSummary, b: CandidateSummary, common: Sequence[tuple[str, str]], *, early: bool) -> PairFigures:
    suites: dict[str, list[float]] = {}
    for key in common:
        suites.setdefault(key[0], []).append(float(a.answers[key].correct) - float(b.answers[key].correct))
    every = [d for group in suites.values() for d in group]
    only_a, only_b = every.count(1.0), every.count(-1.0)
    estimate = bootstrap_mean_of_means(list(suites.values()))
    errors = [standard_error(group) for group in suites.values()]
    error = math.sqrt(sum(e * e for e in errors)) / len(errors)
    return PairFigures(
        a=a.candidate,
        b=b.candidate,
        items=len(common),
        only_a=only_a,
        only_b=only_b,
        difference=estimate.value,
        standard_error=None if early or math.isnan(error) else error,
        low=None if early else estimate.low,
        high=None if early else estimate.high,
        p_value=None if early else mcnemar_p(only_a, only_b),
        p_holm=None,
    )
