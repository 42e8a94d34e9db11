"""A run as one JSON document: what was asked, on which machine, and every figure with its unit in its name.

Its schema is ``assets/schema/run.schema.json``. Fields may be added; a change that breaks readers raises
``FORMAT_VERSION``.
"""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any

import msgspec

from ..events.run import (
    AnswerScored,
    BlockRepeated,
    Event,
    OptionsTurned,
    PromptsReworded,
    RaceStarted,
    RunFinished,
    RunStarted,
    SuiteCard,
)
from ..judging.findings import findings_of
from ..judging.notes_text import note_text
from ..judging.summary import CandidateSummary, RunSummary, suite_groups
from ..judging.verdict import verdict_of
from ..judging.wording import with_words
from ..plan.files import plan_table
from ..plan.model import Candidate, Plan
from ..stats.clustered import clustered_mean
from .figures import pair_figures, stopped_early, suite_interval

FORMAT_VERSION = 1
_REASKED = {"options_turned": OptionsTurned, "prompts_reworded": PromptsReworded, "blocks_repeated": BlockRepeated}
"""Keys of the document for items that were asked again, beside the answers."""


def run_json(plan: Plan, events: Iterable[Event]) -> str:
    """The document without answers."""
    return _text(run_document(plan, list(events)))


def run_json_with_answers(plan: Plan, events: Iterable[Event]) -> str:
    """The document with every answer, prompts and outputs included."""
    stored = list(events)
    document = run_document(plan, stored)
    document["answers"] = [_plain(event) for event in stored if isinstance(event, AnswerScored)]
    for key, kind in _REASKED.items():
        document[key] = [_plain(event) for event in stored if isinstance(event, kind)]
    return _text(document)


def run_document(plan: Plan, events: Sequence[Event]) -> dict[str, Any]:
    """The document as dicts and lists. Figures that were not measured are None."""
    findings = findings_of(plan, events)
    run, summaries = findings.run, findings.summaries
    verdict = _plain(with_words(verdict_of(findings)))
    verdict.pop("at")
    return {
        "format": "weighin-run",
        "format_version": FORMAT_VERSION,
        "weighin_version": version("weighin"),
        "run": _run(events, run),
        "plan": _plain(plan_table(plan)),
        "suites": [{**_plain(card), "dropped": card.name in run.dropped_suites} for card in run.suites.values()],
        "candidates": [_candidate(candidate, summaries[candidate.id], run) for candidate in plan.candidates],
        "pairs": [_plain(pair) for pair in pair_figures(list(summaries.values()), run)],
        "race": _race(events, run),
        "verdict": verdict,
    }


def _run(events: Sequence[Event], run: RunSummary) -> dict[str, Any]:
    starts = [event for event in events if isinstance(event, RunStarted)]
    ends = [event for event in events if isinstance(event, RunFinished)]
    first, last = (starts[0] if starts else None), (ends[-1] if ends else None)
    return {
        "id": first.run_id if first else "",
        "started_at": _time(first.at) if first else None,
        "finished_at": _time(last.at) if last else None,
        "outcome": last.outcome if last else None,
        "detail": last.detail if last else "",
        "times_resumed": sum(event.resumed for event in starts),
        "machine": first.machine if first else "",
        "n_threads": first.n_threads if first else None,
        "llama_build": run.llama_build,
    }


def _candidate(candidate: Candidate, summary: CandidateSummary, run: RunSummary) -> dict[str, Any]:
    loaded = _plain(summary.loaded)
    stopped = _plain(summary.stopped)
    for block in (loaded, stopped):
        if block is not None:
            del block["at"], block["candidate"]
    interval = summary.interval
    return {
        **_plain(candidate),
        "model": loaded,
        "generation": _plain(summary.generation),
        "prompt": _plain(summary.prompt),
        "latency": {
            "ttft_p50_s": summary.ttft_p50_s,
            "ttft_p95_s": summary.ttft_p95_s,
            "itl_p50_s": summary.itl_p50_s,
            "itl_p95_s": summary.itl_p95_s,
            "disturbed": summary.latency_disturbed,
        },
        "memory_bytes": summary.memory_bytes,
        "load_s": summary.load_s,
        "accuracy": summary.accuracy if interval else None,
        "fragile_share": summary.fragile_share,
        "cut_while_thinking": len(summary.cut_while_thinking),
        "suites": {
            name: _suite_figures([a for (suite, _i), a in summary.answers.items() if suite == name], summary, run, card)
            for name, card in run.suites.items()
            if any(suite == name for suite, _item in summary.answers)
        },
        "notes": [{"kind": type(note).__name__, "text": note_text(note)} for note in summary.notes],
        "stopped": stopped,
    }


def _suite_figures(
    answers: Sequence[AnswerScored], summary: CandidateSummary, run: RunSummary, card: SuiteCard
) -> dict[str, Any]:
    n, correct = len(answers), sum(answer.correct for answer in answers)
    early = stopped_early(summary, run) and n < card.items
    interval = suite_interval(summary, card.name, pool=card.items, early=early)
    metrics: dict[str, list[float]] = {}
    clusters = [summary.cluster((answer.suite, answer.item)) for answer in answers]
    for answer in answers:
        for name, value in answer.scores.items():
            metrics.setdefault(name, []).append(value)
    return {
        "answered": n,
        "correct": correct,
        "accuracy": correct / n,
        "low": interval.low,
        "high": interval.high,
        "stopped_early": early,
        "nothing_found": sum(answer.extracted is None for answer in answers),
        "fragile": sum(answer.fragile for answer in answers),
        "prompt_tokens": sum(answer.n_prompt_tokens for answer in answers),
        "output_tokens": sum(answer.n_output_tokens for answer in answers),
        "elapsed_s": sum(answer.elapsed_s for answer in answers),
        "metrics": {
            name: {
                "mean": sum(values) / len(values),
                "standard_error": clustered_mean(values, clusters).standard_error if len(values) > 1 else None,
            }
            for name, values in metrics.items()
        },
        "passages": len(set(clusters)) if card.group_kind == "passage" else None,
        "groups": _groups(answers, card),
    }


def _groups(answers: Sequence[AnswerScored], card: SuiteCard) -> dict[str, Any] | None:
    if card.group_kind != "subject":
        return None
    whole = suite_groups(card.name, answers)
    return {
        "accuracy": whole.accuracy,
        "standard_error": whole.standard_error,
        "by_group": {
            group.name: {
                "items": card.groups.get(group.name),
                "answered": group.items,
                "correct": group.correct,
                "accuracy": group.correct / group.items,
            }
            for group in whole.groups
        },
    }


def _race(events: Sequence[Event], run: RunSummary) -> dict[str, Any] | None:
    started = next((event for event in events if isinstance(event, RaceStarted)), None)
    if started is None:
        return None
    race = {key: value for key, value in _plain(started).items() if key != "at"}
    settled = _plain(run.settled)
    if settled is not None:
        del settled["at"]
    return {**race, "settled": settled}


def _time(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, tz=datetime.timezone.utc).isoformat()


def _plain(value: Any) -> Any:
    """Structs as dicts with all their fields, defaults included, since readers do not know our defaults."""
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list, frozenset, set)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no such numbers
    return value


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
