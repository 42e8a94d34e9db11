"""Who is most accurate, and who is statistically tied with it, on the items that all compared candidates answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from ..events.run import RaceSettled
from ..stats.intervals import Interval, accuracy_interval, holm
from .summary import CandidateSummary

_SIGNIFICANT = 0.05


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """How candidates compare by accuracy."""

    best: str | None = None
    """Most accurate on the common items. None if nothing was answered, or no two answered the same items."""
    tied: frozenset[str] = frozenset()
    """``best`` and all candidates that are not significantly worse, or that the race found practically equal."""
    not_comparable: frozenset[str] = frozenset()
    """Candidates that share no answered items with the compared ones: neither tied nor worse."""
    p_values: dict[str, float] = {}
    """Exact McNemar test against ``best``, Holm-adjusted. Empty if a race settled it: answers decided its end."""
    n_common: int = 0
    """Items that all compared candidates answered."""
    n_passages: int = 0
    """Passages that several of these items share. If there are any, the test treats the items of each as a group."""
    settled: RaceSettled | None = None


def compare(rivals: Sequence[CandidateSummary], settled: RaceSettled | None = None) -> Comparison:
    """Compare each of ``rivals`` with the best of them."""
    answered = [rival for rival in rivals if rival.answers]
    compared, common = _with_common_items(answered)
    left_out = frozenset(rival.candidate for rival in answered) - {rival.candidate for rival in compared}
    if not compared:
        return Comparison(not_comparable=left_out)
    best = max(compared, key=lambda s: (_accuracy(s, common), s.generation_rate))
    others = [rival for rival in compared if rival is not best]
    keys = sorted(common)
    clusters = [best.cluster(key) for key in keys]
    n_passages = sum(n > 1 for n in Counter(clusters).values())
    if settled is not None:
        p_values: dict[str, float] = {}
        tied = {r.candidate for r in others if r.candidate in settled.remaining}
    else:
        from ..stats.clustered import paired_p

        differences = [[best.answers[key].correct - rival.answers[key].correct for key in keys] for rival in others]
        raw = [paired_p(each, clusters) for each in differences]
        p_values = dict(zip((rival.candidate for rival in others), holm(raw), strict=True))
        tied = {name for name, p in p_values.items() if p >= _SIGNIFICANT}
    return Comparison(
        best=best.candidate,
        tied=frozenset({best.candidate, *tied}),
        not_comparable=left_out,
        p_values=p_values,
        n_common=len(common),
        n_passages=n_passages,
        settled=settled,
    )


def _with_common_items(answered: Sequence[CandidateSummary]) -> tuple[list[CandidateSummary], set[tuple[str, str]]]:
    """The candidates that can be compared and the items they all answered; nothing if no two share an item.

    Starts with the candidate that answered most, so that one with other items does not prevent the comparison.
    """
    if not answered:
        return [], set()
    first, *rest = sorted(answered, key=lambda rival: -len(rival.answers))
    compared, common = {first.candidate}, set(first.answers)
    for rival in rest:
        shared = common & set(rival.answers)
        if shared:
            compared.add(rival.candidate)
            common = shared
    if rest and len(compared) == 1:
        return [], set()
    # Keep the order of the arguments: it decides between equals.
    return [rival for rival in answered if rival.candidate in compared], common


def _accuracy(summary: CandidateSummary, keys: set[tuple[str, str]]) -> float:
    """Unweighted mean over suites, on these items."""
    suites: dict[str, list[bool]] = {}
    for suite, item in keys:
        suites.setdefault(suite, []).append(summary.answers[suite, item].correct)
    return sum(sum(right) / len(right) for right in suites.values()) / len(suites)


def stopped_early_interval(summary: CandidateSummary, pools: Mapping[str, int]) -> Interval | None:
    """95 % confidence sequence for the accuracy on whole suites of a candidate whose answers decided when to stop.

    ``pools`` has the number of items in each suite. Each suite's sequence holds at 5 % divided by the number of suites,
    so that the mean of their bounds holds at 5 %. None if the candidate answered nothing.
    """
    from ..stats.sequential import live_interval

    counts = summary.suite_counts
    if not counts:
        return None
    bounds = []
    for suite, (correct, seen) in counts.items():
        pool = pools.get(suite, seen)
        if seen >= pool:
            # All items were asked, so the end did not depend on the answers.
            bounds.append(accuracy_interval(*summary.effective_counts[suite]))
        else:
            bounds.append(live_interval(seen, correct, pool, alpha=0.05 / len(counts)))
    return Interval(sum(b.low for b in bounds) / len(bounds), sum(b.high for b in bounds) / len(bounds))
