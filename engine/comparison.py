"""Who is most accurate and who cannot be told apart from it, on the items that all compared candidates answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from .events import RaceSettled
from .stats.intervals import Interval, accuracy_interval
from .stats.paired import holm, mcnemar_p
from .summary import CandidateSummary

_SIGNIFICANT = 0.05


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Rivals by accuracy."""

    best: str | None = None
    """Most accurate on the common items; None where nothing was answered."""
    tied: frozenset[str] = frozenset()
    """``best`` and all that are not significantly worse, or practically equal when the race said so."""
    p_values: dict[str, float] = {}
    """Exact McNemar against ``best``, Holm-adjusted. Empty when a race settled it: its end depended on the answers."""
    n_common: int = 0
    """Items that all of them answered."""
    settled: RaceSettled | None = None


def compare(rivals: Sequence[CandidateSummary], settled: RaceSettled | None = None) -> Comparison:
    """Compare ``rivals`` pairwise with the best of them."""
    answered = [rival for rival in rivals if rival.answers]
    if not answered:
        return Comparison()
    common = set.intersection(*(set(rival.answers) for rival in answered))
    if not common:
        # Nothing can be tested; they must not be called worse.
        return Comparison(tied=frozenset(rival.candidate for rival in answered), settled=settled)
    best = max(answered, key=lambda s: (_accuracy(s, common), s.generation_rate))
    others = [rival for rival in answered if rival is not best]
    if settled is not None:
        tied = frozenset(r.candidate for r in answered if r is best or r.candidate in settled.remaining)
        return Comparison(best=best.candidate, tied=tied, n_common=len(common), settled=settled)
    raw = []
    for rival in others:
        pairs = [(best.answers[key].correct, rival.answers[key].correct) for key in common]
        raw.append(mcnemar_p(sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)))
    p_values = dict(zip((rival.candidate for rival in others), holm(raw), strict=True))
    tied = frozenset({best.candidate, *(name for name, p in p_values.items() if p >= _SIGNIFICANT)})
    return Comparison(best=best.candidate, tied=tied, p_values=p_values, n_common=len(common))


def _accuracy(summary: CandidateSummary, keys: set[tuple[str, str]]) -> float:
    """Unweighted mean over suites, on these items."""
    suites: dict[str, list[bool]] = {}
    for suite, item in keys:
        suites.setdefault(suite, []).append(summary.answers[suite, item].correct)
    return sum(sum(right) / len(right) for right in suites.values()) / len(suites)


def stopped_early_interval(counts: Mapping[str, tuple[int, int]], pools: Mapping[str, int]) -> Interval | None:
    """95 % confidence sequence for the accuracy on whole suites of a candidate that was stopped by what was seen.

    Each suite's sequence holds at 5 % divided by the number of suites, so that the mean of their bounds holds at 5 %.

    Args:
        counts: right answers and answers of each suite.
        pools: items of each suite.
    """
    from .stats.sequential import live_interval  # numpy, only needed at verdicts

    if not counts:
        return None
    bounds = []
    for suite, (correct, seen) in counts.items():
        pool = pools.get(suite, seen)
        if seen >= pool:
            # Asked whole after all: nothing about its end depended on the answers.
            bounds.append(accuracy_interval(correct, seen))
        else:
            bounds.append(live_interval(seen, correct, pool, alpha=0.05 / len(counts)))
    return Interval(sum(b.low for b in bounds) / len(bounds), sum(b.high for b in bounds) / len(bounds))
