"""The verdict in words: why a candidate wins or is ruled out, why nobody wins, how to run the winner.

Words are the last step. No code reads them back: what the program needs to know is in ``Findings`` and in the types of
``events.ranking``.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath

import msgspec

from ..events.ranking import (
    Exclusion,
    Failed,
    GroupShare,
    MissedLimit,
    SkippedByUser,
    SlowFirstToken,
    SlowGeneration,
    StoppedByRace,
    SuiteGroups,
    TooMuchMemory,
)
from ..events.run import CandidateStopped, VerdictReached
from ..gguf.naming import model_name as model_name_of
from ..gguf.naming import split_of
from ..plan.model import Candidate, Plan
from ..units import format_memory, gib
from .findings import Findings, stop_reason
from .summary import CandidateSummary

_ITEMS_TO_NAME = 5
"""Answered items of a subject before it can be called the best or the worst."""
NO_COMMON_ITEMS = "not comparable: no common items"


# Why a candidate is ruled out


def exclusion_words(reason: Exclusion) -> str:
    """One reason in words, without the candidate's name and without a period."""
    if isinstance(reason, str):
        return reason
    if isinstance(reason, StoppedByRace):
        asked = f" after {reason.at_item} of {reason.pool} items" if reason.pool else ""
        return f"stopped by the race{asked}: others are more accurate"
    if isinstance(reason, SkippedByUser):
        return "skipped by the user"
    if isinstance(reason, Failed):
        return f"failed: {reason.detail}" if reason.detail else "failed"
    return _missed_limit_words(reason)


def stop_words(event: CandidateStopped) -> str:
    """Why a candidate was stopped, in words."""
    return exclusion_words(stop_reason(event))


def with_words(verdict: VerdictReached) -> VerdictReached:
    """The verdict with every reason as a sentence, as JSON output has it."""
    return msgspec.structs.replace(
        verdict,
        rankings=tuple(
            msgspec.structs.replace(row, ruled_out=tuple(exclusion_words(reason) for reason in row.ruled_out))
            for row in verdict.rankings
        ),
    )


def _missed_limit_words(reason: MissedLimit) -> str:
    if isinstance(reason, TooMuchMemory):
        needed, limit = _distinct(reason.needed_bytes, reason.limit_bytes, format_memory, lambda n: f"{gib(n):.6g} GiB")
        return f"needs {needed}; your limit is {limit}" if needed else f"memory was not measured; your limit is {limit}"
    if isinstance(reason, SlowFirstToken):
        taken, limit = _distinct(reason.ttft_p95_s, reason.limit_s, _milliseconds, lambda s: f"{s * 1000:.6g} ms")
        if not taken:
            return f"time to first token was not measured; your limit is {limit}"
        return f"takes {taken} to the first token (p95); your limit is {limit}"
    rate, least = _distinct(
        reason.tokens_per_second, reason.limit_tokens_per_second, _rate, lambda rate: f"{rate:.8g} tok/s"
    )
    if not rate:
        return f"generation speed was not measured; your minimum is {least}"
    return f"generates {rate}; your minimum is {least}"


def _distinct(
    value: float | None, limit: float, short: Callable[[float], str], exact: Callable[[float], str]
) -> tuple[str, str]:
    """Value and limit in words: exact if they would look alike, and "" for a value that was not measured."""
    if value is None:
        return "", short(limit)
    return (short(value), short(limit)) if short(value) != short(limit) else (exact(value), exact(limit))


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _rate(tokens_per_second: float) -> str:
    return f"{tokens_per_second:.4g} tok/s"


# Why one wins, or nobody


def verdict_sentences(findings: Findings) -> tuple[str, ...]:
    """Two sentences: what to use and how the others compare, or that nothing can be used and what to do."""
    if findings.winner is None:
        return _no_winner(findings)
    return _winner_sentence(findings, findings.winner), _others_sentence(findings, findings.winner)


def _winner_sentence(findings: Findings, winner: CandidateSummary) -> str:
    figures = [] if winner.accuracy is None else [f"accuracy {winner.accuracy:.1%}"]
    figures += [f"{winner.generation_rate:.1f} tok/s"] if winner.generation else []
    figures += [format_memory(winner.memory_bytes)] if winner.memory_bytes else []
    measured = f" ({', '.join(figures)})" if figures else ""
    limits = findings.plan.limits
    limited = limits.max_memory_bytes or limits.max_ttft_s or limits.min_generation_tokens_per_second
    within = " that meets your limits" if limited else ""
    if winner.accuracy is None or findings.comparison.best is None:
        reason = f"the fastest candidate{within}"
    elif _tied_with(winner, findings):
        reason = (
            f"the fastest of the candidates that {'meet your limits and ' if limited else ''}are about equally accurate"
        )
    else:
        reason = f"the most accurate candidate{within}"
    return f"Use {findings.names[winner.candidate]}{measured}: it is {reason}."


def _others_sentence(findings: Findings, winner: CandidateSummary) -> str:
    if winner.accuracy is None:
        missing = "item was answered" if findings.plan.suites else "suite was run"
        return f"Its accuracy is unknown, because no {missing}."
    if findings.comparison.best is None:
        return "Their accuracy cannot be compared, because no two of them answered the same items."
    clauses = [
        *_tied_clause(findings, winner),
        *_beaten_clause(findings, winner),
        *_race_clause(findings),
    ] or ["there is no other candidate to compare it with"]
    sentence = "; ".join(clauses)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _tied_clause(findings: Findings, winner: CandidateSummary) -> Iterable[str]:
    tied = _tied_with(winner, findings)
    if tied:
        how = "practically equal to" if findings.comparison.settled else "statistically tied with"
        yield f"it is {how} {listed([f'{findings.names[s.candidate]} ({s.accuracy or 0.0:.1%})' for s in tied])}"


def _beaten_clause(findings: Findings, winner: CandidateSummary) -> Iterable[str]:
    comparison = findings.comparison
    beaten = [name for name in comparison.p_values if name not in comparison.tied]
    if beaten and comparison.best is not None:
        best = "it" if comparison.best == winner.candidate else findings.names[comparison.best]
        test = "exact test by passage" if comparison.n_passages else "exact McNemar test"
        p_value = max(comparison.p_values[name] for name in beaten)
        losers = listed([findings.names[name] for name in beaten])
        yield f"{best} is significantly more accurate than {losers} ({test}, Holm-corrected, p ≤ {p_value:.2g})"


def _race_clause(findings: Findings) -> Iterable[str]:
    stops = [
        f"{findings.names[name]} after {s.stopped.at_item} of {s.stopped.pool} items"
        for name, s in findings.summaries.items()
        if s.stopped is not None and s.eliminated
    ]
    if stops:
        yield f"the race stopped {listed(stops)} as less accurate"


def _tied_with(winner: CandidateSummary, findings: Findings) -> list[CandidateSummary]:
    return [s for s in findings.admitted if s.candidate in findings.comparison.tied and s is not winner]


def _no_winner(findings: Findings) -> tuple[str, ...]:
    total = len(findings.plan.candidates)
    if not total:
        return ("There were no candidates.", "Add a model and run again.")
    if findings.unasked:
        return _unasked_sentences(findings)
    first = "The only candidate" if total == 1 else "None of the candidates"
    reasons = [reason for each in findings.exclusions.values() for reason in each]
    kinds = Counter(_kind(reason) for reason in reasons)
    most_common, count = kinds.most_common(1)[0]
    example = next(reason for reason in reasons if _kind(reason) == most_common)
    return (f"{first} can{'not' if total == 1 else ''} be recommended.", _advice(example, count, total))


def _unasked_sentences(findings: Findings) -> tuple[str, ...]:
    names = listed([findings.names[name] for name in findings.unasked])
    has = "has" if len(findings.unasked) == 1 else "have"
    if not findings.plan.suites and not any(summary.answers for summary in findings.admitted):
        missing = f"the speed of {names} was not measured"
    elif len(findings.unasked) == len(findings.admitted):
        missing = "no item was answered"
    else:
        missing = f"{names} {has} not answered any item"
    return (
        f"No candidate can be recommended yet: {missing}.",
        "Continue with `weighin resume`, which starts the time budget again.",
    )


def _kind(reason: Exclusion) -> tuple[type, bool]:
    """Reasons that need the same advice: of the same type, and both measured or both not."""
    return type(reason), _is_measured(reason)


def _is_measured(reason: Exclusion) -> bool:
    if isinstance(reason, TooMuchMemory):
        return reason.needed_bytes is not None
    if isinstance(reason, SlowFirstToken):
        return reason.ttft_p95_s is not None
    return not isinstance(reason, SlowGeneration) or reason.tokens_per_second is not None


def _advice(reason: Exclusion, count: int, total: int) -> str:
    who, s = _subject_of(count, total)
    if isinstance(reason, Failed):
        return f"{who} failed; see the log or choose other files."
    if isinstance(reason, StoppedByRace):
        return f"{who} lost the race; relax the limits that rule out the others, or add candidates."
    if isinstance(reason, SkippedByUser):
        return f"{who} {'was' if s else 'were'} skipped; run again without skipping."
    if not _is_measured(reason):
        return f"{who} {'was' if s else 'were'} not measured against your limits; resume the run to its end."
    if isinstance(reason, TooMuchMemory):
        limit = format_memory(reason.limit_bytes)
        return f"{who} need{s} more memory than your limit of {limit}; raise the limit or add smaller candidates."
    if isinstance(reason, SlowFirstToken):
        limit = _milliseconds(reason.limit_s)
        return f"{who} take{s} more than your limit of {limit} to the first token; raise it or add smaller candidates."
    if isinstance(reason, SlowGeneration):
        least = _rate(reason.limit_tokens_per_second)
        return f"{who} generate{s} less than your minimum of {least}; lower it or add smaller candidates."
    return f"{who} {'was' if s else 'were'} ruled out: {reason}."


def _subject_of(count: int, total: int) -> tuple[str, str]:
    """The subject of a sentence, and the ending of its verb."""
    if total == 1:
        return "It", "s"
    if count == total:
        return ("Both" if total == 2 else "All of them"), ""
    if count * 2 > total:
        return "Most of them", ""
    return f"{count} of the {total}", "s" if count == 1 else ""


def listed(names: Sequence[str]) -> str:
    """``A``, ``A and B``, ``A, B and C``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


# How to run the winner, and subjects


def commands(candidate: Candidate, plan: Plan, *, n_ctx: int = 0) -> dict[str, str]:
    """How to run the winner, by program, in a context of ``n_ctx`` tokens if that is more than the plan's."""
    path, n_ctx = shlex.quote(candidate.path), max(n_ctx, plan.settings.n_ctx)
    serve = f"llama-server -m {path} -c {n_ctx} -t {plan.settings.n_threads or 1}"
    store, _, name = candidate.store.partition(":")
    if store == "ollama":  # the program that has the model comes first
        return {"ollama": f"ollama run {shlex.quote(name)}", "llama-server": serve}
    if store == "lm-studio":
        return {"LM Studio": f"lms load --exact {shlex.quote(name)} --context-length {n_ctx}", "llama-server": serve}
    return {"llama-server": serve, "ollama": _ollama_create(candidate, n_ctx)}


def _ollama_create(candidate: Candidate, n_ctx: int) -> str:
    """Make a model in Ollama from the file. Ollama reads no split files, so their parts are merged first."""
    model_name, file, merge = shlex.quote(candidate.id.replace(".", "-")), candidate.path, ""
    if split_of(PurePath(file).name) is not None:
        merged = f"{model_name_of(PurePath(file).name)}.gguf"
        merge = f"llama-gguf-split --merge {shlex.quote(file)} {shlex.quote(merged)} && "
        file = f"./{merged}"
    modelfile = shlex.join((f"FROM {file}", f"PARAMETER num_ctx {n_ctx}"))
    return (
        f"{merge}printf '%s\\n' {modelfile} > Modelfile && ollama create {model_name} -f Modelfile"
        f" && ollama run {model_name}"
    )


def by_subject(groups: SuiteGroups) -> str:
    """A suite's mean over subjects, and the candidate's best and worst subject."""
    error = "–" if groups.standard_error is None else f"{groups.standard_error * 100:.1f}"
    mean = f"{groups.accuracy * 100:5.1f} % ± {error}"
    # With fewer items, chance decides which subject is best.
    counted = [group for group in groups.groups if group.items >= _ITEMS_TO_NAME]
    if len(counted) < 2:
        return f"{mean}   most subjects have fewer than {_ITEMS_TO_NAME} items, too few to name the best"
    ordered = sorted(counted, key=lambda group: (group.correct / group.items, group.name))
    return f"{mean}   best {_share_of(ordered[-1])}   worst {_share_of(ordered[0])}"


def _share_of(group: GroupShare) -> str:
    return f"{group.name.replace('_', ' ')} {group.correct / group.items * 100:.0f} % of {group.items}"
