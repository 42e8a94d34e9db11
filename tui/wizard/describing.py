"""The review in words: what will run, what must be fetched first, how long it may take and what it can show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from weighin.engine.plan.model import Candidate, Limits, OwnSuite, Plan, PlannedSuite
from weighin.engine.prepare.candidate_rows import CandidateRow
from weighin.engine.prepare.draft import Draft, is_file
from weighin.engine.tasks.spec import SuiteSpec

from ..own_data_text import write_columns
from .surroundings import Surroundings


class Download(msgspec.Struct, frozen=True):
    """A pick that is not on this machine yet."""

    key: str
    size_bytes: int
    """From the catalog or the hub; 0 when nobody said."""


def missing_downloads(draft: Draft, rows: Mapping[str, CandidateRow]) -> tuple[Download, ...]:
    """The picks that must be fetched; what the hub's cache has counts as here, and costs no time."""
    keys = [pick for pick in draft.picked if isinstance(pick, str) and not is_file(pick)]
    return tuple(Download(key, rows[key].size_bytes if key in rows else 0) for key in keys)


def describe_downloads(
    downloads: tuple[Download, ...], rows: Mapping[str, CandidateRow], surroundings: Surroundings
) -> list[str]:
    """What will be fetched, and whether the disk takes it."""
    if not downloads:
        return ["Nothing is downloaded."]
    away = [d for d in downloads if not (d.key in rows and rows[d.key].downloaded)]
    lines = [f"  {d.key}  {d.size_bytes / 1e9:.2f} GB" for d in away]
    needed = sum(d.size_bytes for d in away)
    if not away:
        return ["Nothing is downloaded: all picks are in the cache."]
    folder, free = surroundings.room()
    room = "" if free > needed * 1.05 else "  NOT ENOUGH"
    return [
        f"Enter downloads first, about {needed / 1e9:.2f} GB ({free / 1e9:.1f} GB free in {folder}{room}):",
        *lines,
    ]


def describe_plan(
    plan: Plan,
    rows: Mapping[str, CandidateRow],
    fetched: Mapping[str, str],
    missing: Sequence[Download],
    surroundings: Surroundings,
) -> list[str]:
    """The plan in words; opens the suites, so for a thread. Raises WeighinError.

    ``fetched`` are the files of the picks that came from the hub, ``missing`` those that the plan lacks still: their
    time counts too.
    """
    from weighin.engine.run.consistency.questions import ConsistencyQuestions
    from weighin.engine.run.estimate import estimate_s, guessed_rates
    from weighin.engine.run.work import Rates
    from weighin.engine.stats.intervals import minimum_detectable_difference
    from weighin.engine.tasks.opening import open_suite

    coming = [Candidate(id=d.key, path=d.key, name=d.key, size_bytes=d.size_bytes) for d in missing]
    whole = msgspec.structs.replace(plan, candidates=(*plan.candidates, *coming))
    count = len(whole.candidates)
    lines = [f"{count} model{'s' if count > 1 else ''}{f', {len(coming)} of them to be downloaded' if coming else ''}"]
    lines += [f"  {c.name} {c.quant}  {c.size_bytes / 1e9:.2f} GB  {c.note}".rstrip() for c in plan.candidates]
    seed, n_ctx = plan.settings.seed, plan.settings.n_ctx
    suites = [open_suite(s, seed=seed, limit=s.limit or plan.item_limit, n_ctx=n_ctx) for s in plan.suites]
    for choice, suite in zip(plan.suites, suites, strict=True):
        n = len(suite.items)
        found = 100 * minimum_detectable_difference(n)
        lines.append(f"{suite.spec.name}: {n} items; differences from about {found:.0f} points can be told")
        lines += _how_asked(choice, suite.spec)
    again = ConsistencyQuestions(plan.consistency, suites).summary
    lines += [f"For consistency: {again}"] if again else []
    measured = {fetched.get(row.key, row.key): row for row in rows.values() if row.tokens_per_second}
    rates = {}
    for c in whole.candidates:
        row = measured.get(c.path)
        guess = guessed_rates(c.size_bytes, surroundings.copy_bandwidth())
        rate = row.tokens_per_second if row else None
        rates[c.id] = Rates(guess.prompt / guess.generation * rate, rate) if rate else guess
    seconds = estimate_s(whole, suites, rates)
    lines.append(f"About {seconds / 60:.0f} min" if seconds >= 90 else f"About {seconds:.0f} s")
    if plan.race.enabled and count > 1 and suites:
        lines[-1] += ", less when losers stop early"
    s = plan.settings
    lines.append(f"Same for all: context {s.n_ctx}, KV {s.kv_type}, seed {s.seed}, {s.n_threads or 'all'} threads")
    return [*lines, *_limits(plan.limits)]


def _limits(limits: Limits) -> list[str]:
    """Those that are set, in one line."""
    words = []
    if limits.min_generation_tokens_per_second:
        words.append(f"at least {limits.min_generation_tokens_per_second:g} tok/s")
    if limits.max_ttft_s:
        words.append(f"first token within {limits.max_ttft_s:g} s")
    if limits.max_memory_bytes:
        words.append(f"at most {limits.max_memory_bytes / 1e9:.1f} GB of memory")
    return [f"Limits: {', '.join(words)}"] if words else []


def _how_asked(choice: PlannedSuite, spec: SuiteSpec) -> list[str]:
    """Of the user's own data: how it is scored, its examples, its columns."""
    if not isinstance(choice, OwnSuite):
        return []
    words = ["scored by likelihood" if spec.kind == "choice" else f"scored by {spec.scorer}"]
    if choice.asking.shots:
        words.append("1 solved example" if choice.asking.shots == 1 else f"{choice.asking.shots} solved examples")
    if choice.asking.columns:
        words.append(f"columns {write_columns(choice.asking.columns)}")
    return ["  " + "; ".join(words)]
