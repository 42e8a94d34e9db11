"""A run as a Markdown report for a wiki, an issue or a colleague: verdict, tables, warnings, settings."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence

from ..events.ranking import GroupShare, SuiteGroups
from ..events.run import Event, RunStarted, VerdictReached
from ..judging.findings import findings_of
from ..judging.summary import CandidateSummary, RunSummary
from ..judging.verdict import verdict_of
from ..judging.wording import exclusion_words
from ..plan.model import Candidate, Plan, label
from ..units import GB, GIB
from .consistency import consistency_section
from .figures import PairFigures, pair_figures, stopped_early, suite_interval
from .marks import NONE, escaped, number, ranking_mark, table


def run_markdown(plan: Plan, events: Iterable[Event]) -> str:
    """The report, without sections that would be empty."""
    stored = list(events)
    findings = findings_of(plan, stored)
    run, names, verdict = findings.run, findings.names, verdict_of(findings)
    started = next((event for event in stored if isinstance(event, RunStarted)), None)
    pairs = pair_figures(list(findings.summaries.values()), run)
    parts = [
        [f"# Which model: {escaped(names[verdict.winner]) if verdict.winner else 'none can be recommended'}"],
        [escaped(" ".join(verdict.sentences))],
        _ranking_table(verdict, names),
        _ruled_out(verdict, names),
        _warnings(verdict),
        _suite_table(plan, run, names),
        *_subject_tables(verdict, run, names),
        _pair_table(pairs, names),
        consistency_section(verdict, names),
        _commands(verdict),
        _settings(plan, run, started),
        _files(plan.candidates, run),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _ranking_table(verdict: VerdictReached, names: Mapping[str, str]) -> list[str]:
    header = (
        "",
        "model",
        "accuracy %",
        "95 % interval",
        "items",
        "generation tok/s",
        "prompt tok/s",
        "TTFT p50 / p95 ms",
        "ITL p50 / p95 ms",
        "memory GiB",
    )
    rows = [
        (
            ranking_mark(row, verdict),
            escaped(names[row.candidate]),
            number(row.accuracy, 1, 100),
            _span(row.low, row.high) + (" (stopped early)" if row.stopped_early else ""),
            str(row.items),
            number(row.generation_tokens_per_second, 1) + (" ⚠" if row.disturbed else ""),
            number(row.prompt_tokens_per_second, 0),
            f"{number(row.ttft_p50_s, 0, 1000)} / {number(row.ttft_p95_s, 0, 1000)}",
            f"{number(row.itl_p50_s, 1, 1000)} / {number(row.itl_p95_s, 1, 1000)}",
            number(row.memory_bytes, 2, 1 / GIB),
        )
        for row in verdict.rankings
    ]
    if not rows:
        return []
    not_comparable = any(row.not_comparable for row in verdict.rankings)
    legend = (
        "▶ recommended, = statistically tied with the most accurate,"
        f"{' ? no items in common with the most accurate,' if not_comparable else ''}"
        " ✗ ruled out, ⚠ measured while something else used the machine."
    )
    return ["## Ranking", "", *table(header, rows, left=2), "", legend]


def _ruled_out(verdict: VerdictReached, names: Mapping[str, str]) -> list[str]:
    lines = [
        f"- {escaped(names[row.candidate])}: {escaped(exclusion_words(reason))}"
        for row in verdict.rankings
        for reason in row.ruled_out
    ]
    return ["## Ruled out", "", *lines] if lines else []


def _warnings(verdict: VerdictReached) -> list[str]:
    return ["## Warnings", "", *(f"- {escaped(warning)}" for warning in verdict.warnings)] if verdict.warnings else []


def _suite_table(plan: Plan, run: RunSummary, names: Mapping[str, str]) -> list[str]:
    if not run.suites:
        return []
    header = ("suite", "metric", "chance %", *(escaped(names[c.id]) for c in plan.candidates))
    rows = []
    for card in run.suites.values():
        title = card.name + (" (dropped, out of time)" if card.name in run.dropped_suites else "")
        cells = [_accuracy(run.of(c.id), card.name, card.items, run) for c in plan.candidates]
        rows.append((escaped(title), escaped(card.metric), number(card.chance, 0, 100), *cells))
    return ["## Accuracy by suite, in %", "", *table(header, rows, left=2)]


def _accuracy(summary: CandidateSummary, suite: str, pool: int, run: RunSummary) -> str:
    correct, n = summary.suite_counts.get(suite, (0, 0))
    if not n:
        return NONE
    early = stopped_early(summary, run)
    interval = suite_interval(summary, suite, pool=pool, early=early)
    asked = f"stopped at {n}/{pool}" if early and n < pool else f"n = {n}"
    return f"{correct / n * 100:.1f} [{_span(interval.low, interval.high)}] {asked}"


def _subject_tables(verdict: VerdictReached, run: RunSummary, names: Mapping[str, str]) -> list[list[str]]:
    by_suite: dict[str, dict[str, SuiteGroups]] = {}
    for row in verdict.rankings:
        for suite in row.groups:
            by_suite.setdefault(suite.suite, {})[row.candidate] = suite
    return [_subject_table(suite, of, names) for suite, of in by_suite.items() if suite in run.suites]


def _subject_table(suite: str, of: Mapping[str, SuiteGroups], names: Mapping[str, str]) -> list[str]:
    by_name = {candidate: {group.name: group for group in groups.groups} for candidate, groups in of.items()}
    subjects = sorted({name for groups in by_name.values() for name in groups})
    header = ("subject", *(escaped(names[candidate]) for candidate in of))
    rows = [("all items ± SE", *(_subjects_mean(groups) for groups in of.values()))]
    rows += [(escaped(name), *(_subject_share(by_name[candidate].get(name)) for candidate in of)) for name in subjects]
    note = "SE: standard error, pooled over subjects as in lm-evaluation-harness; n: items answered."
    return [f"## {escaped(suite)} by subject, in %", "", *table(header, rows), "", note]


def _subjects_mean(groups: SuiteGroups) -> str:
    error = NONE if groups.standard_error is None else f"{groups.standard_error * 100:.1f}"
    return f"{groups.accuracy * 100:.1f} ± {error}"


def _subject_share(group: GroupShare | None) -> str:
    return NONE if group is None else f"{group.correct / group.items * 100:.0f} (n = {group.items})"


def _pair_table(pairs: Sequence[PairFigures], names: Mapping[str, str]) -> list[str]:
    if not pairs:
        return []
    header = ("A", "B", "items", "A − B points", "95 % interval", "only A right", "only B right", "p (Holm)")
    rows = [
        (
            escaped(names[pair.a]),
            escaped(names[pair.b]),
            str(pair.items),
            f"{pair.difference * 100:+.1f}",
            NONE if pair.low is None or pair.high is None else f"{pair.low * 100:+.1f} to {pair.high * 100:+.1f}",
            str(pair.only_a),
            str(pair.only_b),
            "stopped early" if pair.p_holm is None else f"{pair.p_holm:.2g}",
        )
        for pair in pairs
    ]
    test = "p is from the exact McNemar test."
    if any(pair.clustered for pair in pairs):
        test = (
            "Items that share a passage count as a group: intervals resample whole passages, and p is from the exact"
            " test on the passages' sums, which is McNemar's test where every item has its own passage."
        )
    return ["## Pairs, on the items that both answered", "", *table(header, rows, left=2), "", test]


def _commands(verdict: VerdictReached) -> list[str]:
    lines = []
    for program, command in verdict.commands.items():
        fence = "~~~~" if "```" in command else "```"
        lines += ["", f"With {program}:", "", f"{fence}sh", command, fence]
    return ["## Run it", *lines] if lines else []


def _settings(plan: Plan, run: RunSummary, started: RunStarted | None) -> list[str]:
    settings = plan.settings
    values = {
        "context": f"{settings.n_ctx} tokens",
        "batch / micro-batch": f"{settings.n_batch} / {settings.n_ubatch}",
        "threads": str((started.n_threads if started else 0) or settings.n_threads or "one per physical core"),
        "GPU layers": "all that fit" if settings.n_gpu_layers < 0 else str(settings.n_gpu_layers),
        "flash attention": settings.flash_attention,
        "KV cache": settings.kv_type,
        "seed": str(settings.seed),
        "speed protocol": f"pp{plan.speed.n_prompt}, tg{plan.speed.n_generate}, {plan.speed.repeats} clean repeats",
        "racing": f"error rate {plan.race.alpha:.0%}" if plan.race.enabled else "off",
        "differences that count as equal": f"below {plan.limits.equivalence_margin * 100:g} points",
        "llama.cpp": run.llama_build or NONE,
    }
    if started:
        at = datetime.datetime.fromtimestamp(started.at, tz=datetime.timezone.utc)
        values = {"run": started.run_id, "started": f"{at:%Y-%m-%d %H:%M} UTC", "machine": started.machine, **values}
    rows = [(escaped(name), escaped(value)) for name, value in values.items() if value]
    return ["## Settings, the same for all", "", *table(("setting", "value"), rows, left=2)]


def _files(candidates: Sequence[Candidate], run: RunSummary) -> list[str]:
    rows = []
    for candidate in candidates:
        loaded = run.of(candidate.id).loaded
        rows.append(
            (
                escaped(label(candidate)),
                number(candidate.size_bytes or None, 2, 1 / GB),
                number(loaded.parameters / 1e6 if loaded else None, 0),
                loaded.prompt_style if loaded else NONE,
                f"`{candidate.sha256}`" if candidate.sha256 else NONE,
            )
        )
    return ["## Files", "", *table(("model", "GB", "million parameters", "prompts", "SHA-256"), rows)] if rows else []


def _span(low: float | None, high: float | None) -> str:
    return NONE if low is None or high is None else f"{low * 100:.0f}–{high * 100:.0f}"
