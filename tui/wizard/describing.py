"""The review as text: what will run, what is downloaded first, how long it takes and what it can detect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from weighin.engine.plan.model import Candidate, Limits, OwnSuite, Plan, PlannedSuite
from weighin.engine.prepare.candidate_rows import CandidateRow
from weighin.engine.prepare.draft import Draft, picks_to_download
from weighin.engine.tasks.items import Suite
from weighin.engine.tasks.spec import SuiteSpec
from weighin.engine.units import format_file_size, format_memory

from ..formatting import duration
from ..own_data_text import write_columns, write_reading
from .surroundings import Surroundings


class Download(msgspec.Struct, frozen=True):
    """A pick that is not on this machine yet."""

    key: str
    size_bytes: int
    """From the catalog or the hub; 0 when unknown."""


def missing_downloads(draft: Draft, rows: Mapping[str, CandidateRow]) -> tuple[Download, ...]:
    """The picks that come from the hub, including those already in its cache, which cost no time."""
    return tuple(Download(key, rows[key].size_bytes if key in rows else 0) for key in picks_to_download(draft))


def describe_downloads(
    downloads: tuple[Download, ...], rows: Mapping[str, CandidateRow], surroundings: Surroundings
) -> list[str]:
    """What will be downloaded, and whether the disk has room for it."""
    if not downloads:
        return ["Nothing to download."]
    away = [d for d in downloads if not (d.key in rows and rows[d.key].downloaded)]
    lines = [f"  {d.key}  {format_file_size(d.size_bytes)}" for d in away]
    needed = sum(d.size_bytes for d in away)
    if not away:
        return ["Nothing to download: all picks are in the cache."]
    folder, free = surroundings.room()
    room = "" if free > needed * 1.05 else ", NOT ENOUGH"
    return [
        f"Enter downloads {format_file_size(needed)} first ({format_file_size(free)} free in {folder}{room}):",
        *lines,
    ]


def describe_plan(
    plan: Plan,
    rows: Mapping[str, CandidateRow],
    fetched: Mapping[str, str],
    missing: Sequence[Download],
    surroundings: Surroundings,
) -> list[str]:
    """Describe the plan, one line per fact. Slow: opens the suites, so call it in a thread.

    ``fetched`` maps picks from the hub to their files. ``missing`` are the picks that the plan still lacks; their time
    is included in the estimate.

    Raises:
        WeighinError: a suite cannot be opened.
    """
    from weighin.engine.prepare.alike import asked_differently
    from weighin.engine.prepare.inputs import Inputs
    from weighin.engine.run.consistency.questions import ConsistencyQuestions

    coming = [Candidate(id=d.key, path=d.key, name=d.key, size_bytes=d.size_bytes) for d in missing]
    whole = msgspec.structs.replace(plan, candidates=(*plan.candidates, *coming))
    count = len(whole.candidates)
    lines = [f"{count} model{'s' if count > 1 else ''}{f', {len(coming)} of them to download' if coming else ''}"]
    lines += [f"  {c.name} {c.quant}  {format_file_size(c.size_bytes)}  {c.note}".rstrip() for c in plan.candidates]
    inputs = Inputs()
    suites = [inputs.suite(choice, plan) for choice in plan.suites]
    for choice, suite in zip(plan.suites, suites, strict=True):
        lines += [_what_it_detects(suite), *_how_asked(choice, suite.spec)]
    again = ConsistencyQuestions(plan.consistency, suites).summary
    lines += [f"For consistency: {again}"] if again else []
    lines.append(_about_how_long(whole, suites, rows, fetched, surroundings))
    s = plan.settings
    lines.append(
        f"Same for all: context {s.n_ctx} tokens, KV cache {s.kv_type}, seed {s.seed}, {s.n_threads or 'all'} threads"
    )
    lines += [f"⚠ {difference}" for difference in asked_differently(plan, suites, inputs)]
    return [*lines, *_limits(plan.limits)]


def _what_it_detects(suite: Suite) -> str:
    from weighin.engine.stats.intervals import minimum_detectable_difference

    count = len(suite.items)
    points = 100 * minimum_detectable_difference(count)
    return f"{suite.spec.name}: {count} items; detects accuracy differences of about {points:.0f} points"


def _about_how_long(
    plan: Plan,
    suites: Sequence[Suite],
    rows: Mapping[str, CandidateRow],
    fetched: Mapping[str, str],
    surroundings: Surroundings,
) -> str:
    """The estimated time, from the speeds measured in the candidates step and guesses for the other models."""
    from weighin.engine.run.estimate import estimate_s, guessed_rates
    from weighin.engine.run.work import Rates

    measured = {fetched.get(row.key, row.key): row for row in rows.values() if row.tokens_per_second}
    rates = {}
    for c in plan.candidates:
        row = measured.get(c.path)
        guess = guessed_rates(c.size_bytes, surroundings.copy_bandwidth())
        rate = row.tokens_per_second if row else None
        rates[c.id] = Rates(guess.prompt / guess.generation * rate, rate) if rate else guess
    text = f"About {duration(estimate_s(plan, suites, rates))}"
    if plan.race.enabled and len(plan.candidates) > 1 and suites:
        text += ", less if losers stop early"
    return text


def _limits(limits: Limits) -> list[str]:
    parts = []
    if limits.min_generation_tokens_per_second:
        parts.append(f"at least {limits.min_generation_tokens_per_second:g} tok/s")
    if limits.max_ttft_s:
        parts.append(f"first token within {limits.max_ttft_s:g} s")
    if limits.max_memory_bytes:
        parts.append(f"up to {format_memory(limits.max_memory_bytes)} of memory")
    return [f"Limits: {', '.join(parts)}"] if parts else []


def _how_asked(choice: PlannedSuite, spec: SuiteSpec) -> list[str]:
    """For the user's own data: how it is scored, its worked examples, its columns."""
    if not isinstance(choice, OwnSuite):
        return []
    parts = ["scored by likelihood" if spec.kind == "choice" else f"scored by {spec.scorer}"]
    if choice.asking.shots:
        parts.append("1 worked example" if choice.asking.shots == 1 else f"{choice.asking.shots} worked examples")
    if choice.asking.columns:
        parts.append(f"columns {write_columns(choice.asking.columns)}")
    if reading := write_reading(choice.asking.reading):
        parts.append(f"read as {reading}")
    return ["  " + "; ".join(parts)]
