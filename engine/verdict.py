"""The recommendation: what is ruled out and why, who is statistically tied for best, who wins and for what reason."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from .events import Event, Ranking, VerdictReached
from .plan import Candidate, Limits, Plan
from .stats.intervals import accuracy_interval, minimum_detectable_difference
from .stats.paired import holm, mcnemar_p
from .summary import CandidateSummary, RunSummary, summarise

_SIGNIFICANT = 0.05
_SAME_SPEED = 0.03
"""Generation speeds this near are called equal: run-to-run noise of a quiet machine."""
_FEW_ITEMS = 100


def reach_verdict(plan: Plan, events: Iterable[Event]) -> VerdictReached:
    """The verdict on a run so far; a pure function of plan and events."""
    run = summarise(events)
    summaries = {c.id: run.candidates.get(c.id) or CandidateSummary(c.id) for c in plan.candidates}
    excluded = {name: _reasons(summary, plan.limits) for name, summary in summaries.items()}
    admitted = [summary for name, summary in summaries.items() if not excluded[name]]
    rivals = admitted or list(summaries.values())
    best = max(rivals, key=lambda s: (s.accuracy or 0.0, _speed(s)), default=None)
    p_values = _against_best(best, rivals)
    tied = {s.candidate for s in rivals if s is best or p_values.get(s.candidate, 0.0) >= _SIGNIFICANT}
    measured_accuracy = any(s.accuracy is not None for s in rivals)
    contenders = [s for s in admitted if s.candidate in tied] if measured_accuracy else admitted
    winner = _fastest(contenders)
    rankings = [_ranking(s, excluded[s.candidate], tied, p_values) for s in summaries.values()]
    rankings.sort(
        key=lambda r: (bool(r.ruled_out), r.candidate != (winner.candidate if winner else None), -(r.accuracy or 0.0))
    )
    cards = {c.id: c for c in plan.candidates}
    if winner is None:
        sentences = _no_winner(plan, excluded)
    else:
        sentences = _why(winner, admitted, tied, p_values, cards)
    return VerdictReached(
        winner=winner.candidate if winner else None,
        sentences=sentences,
        rankings=tuple(rankings),
        commands=_commands(cards[winner.candidate], plan) if winner else {},
        warnings=tuple(_warnings(plan, run, summaries)),
    )


def _speed(summary: CandidateSummary) -> float:
    return summary.generation.tokens_per_second if summary.generation else 0.0


def _reasons(summary: CandidateSummary, limits: Limits) -> tuple[str, ...]:
    """Why a candidate may not be recommended, one line each."""
    found = []
    if summary.stopped is not None:
        detail = f": {summary.stopped.detail}" if summary.stopped.detail else ""
        found.append(f"{summary.stopped.reason}{detail}")
    checks = (
        (limits.max_memory_bytes, summary.memory_bytes, "memory", 2**30, "GiB", False),
        (limits.max_ttft_s, summary.ttft_p95_s, "time to first token (p95)", 0.001, "ms", False),
        (
            limits.min_generation_tokens_per_second,
            summary.generation.tokens_per_second if summary.generation else None,
            "generation",
            1,
            "tok/s",
            True,
        ),
    )
    for limit, value, what, unit, unit_name, at_least in checks:
        if not limit:
            continue
        wanted = f"{'at least' if at_least else 'at most'} {limit / unit:.4g} {unit_name}"
        if value is None:
            found.append(f"{what} was not measured, {wanted} is asked")
        elif (value < limit) if at_least else (value > limit):
            found.append(f"{what} is {value / unit:.4g} {unit_name}, {wanted} is asked")
    return tuple(found)


def _against_best(best: CandidateSummary | None, rivals: list[CandidateSummary]) -> dict[str, float]:
    """Holm-adjusted exact McNemar p against ``best``, on the items that all rivals answered."""
    if best is None:
        return {}
    common = set(best.answers)
    for rival in rivals:
        if rival.answers:
            common &= set(rival.answers)
    others = [rival for rival in rivals if rival is not best and rival.answers]
    raw = []
    for rival in others:
        pairs = [(best.answers[key].correct, rival.answers[key].correct) for key in common]
        raw.append(mcnemar_p(sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)))
    return dict(zip((rival.candidate for rival in others), holm(raw), strict=True))


def _fastest(contenders: list[CandidateSummary]) -> CandidateSummary | None:
    """The fastest in generation; among those as fast, the one that needs the least memory."""
    if not contenders:
        return None
    top = max(_speed(s) for s in contenders)
    equal = [s for s in contenders if _speed(s) >= top * (1 - _SAME_SPEED)]
    return min(equal, key=lambda s: (s.memory_bytes or 1 << 62, -_speed(s)))


def _ranking(
    summary: CandidateSummary, excluded: tuple[str, ...], tied: set[str], p_values: dict[str, float]
) -> Ranking:
    interval = summary.interval
    return Ranking(
        candidate=summary.candidate,
        accuracy=summary.accuracy,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        items=len(summary.answers),
        generation_tokens_per_second=summary.generation.tokens_per_second if summary.generation else None,
        prompt_tokens_per_second=summary.prompt.tokens_per_second if summary.prompt else None,
        ttft_p50_s=summary.ttft_p50_s,
        ttft_p95_s=summary.ttft_p95_s,
        itl_p50_s=summary.itl_p50_s,
        itl_p95_s=summary.itl_p95_s,
        memory_bytes=summary.memory_bytes,
        load_s=summary.load_s,
        disturbed=summary.disturbed,
        fragile_share=summary.fragile_share,
        tied_with_best=summary.candidate in tied and summary.accuracy is not None,
        p_against_best=p_values.get(summary.candidate),
        ruled_out=excluded,
    )


def label(candidate: Candidate) -> str:
    """Name and quant, as sentences and tables call a candidate."""
    return f"{candidate.name} {candidate.quant}".strip()


def _why(
    winner: CandidateSummary,
    admitted: list[CandidateSummary],
    tied: set[str],
    p_values: dict[str, float],
    cards: dict[str, Candidate],
) -> tuple[str, ...]:
    name = label(cards[winner.candidate])
    figures = [f"{_speed(winner):.1f} tok/s"] if winner.generation else []
    if winner.memory_bytes:
        figures.append(f"{winner.memory_bytes / 2**30:.2f} GiB")
    if winner.accuracy is None:
        return (
            f"{name} is the fastest that meets your limits: {', '.join(figures)}.",
            "Nothing is said about accuracy, because no suite was run.",
        )
    figures.insert(0, f"accuracy {winner.accuracy:.1%}")
    others = [s for s in admitted if s.candidate in tied and s is not winner]
    beaten = [s for s in admitted if s.candidate not in tied and s.accuracy is not None]
    if others:
        first = f"Take {name}: {', '.join(figures)}; it is the fastest of those whose accuracy cannot be told apart."
        rivals = ", ".join(label(cards[s.candidate]) for s in others)
        closest = max(others, key=lambda s: s.accuracy or 0.0)
        second = f"It is statistically tied with {rivals} (best of them {closest.accuracy or 0:.1%})"
    else:
        first = f"Take {name}: {', '.join(figures)}; it is the most accurate that meets your limits."
        second = "Nothing else is statistically tied with it"
    if beaten:
        worst_p = max(p_values[s.candidate] for s in beaten)
        listed = ", ".join(label(cards[s.candidate]) for s in beaten)
        second += (
            f", and the best is significantly more accurate than {listed} (exact McNemar, Holm, p ≤ {worst_p:.2g})"
        )
    return (first, second + ".")


def _no_winner(plan: Plan, excluded: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    if not plan.candidates:
        return ("There was no candidate.", "Add a model and run again.")
    lines = [
        reason.split(" is ")[0].split(" was ")[0].split(":")[0] for reasons in excluded.values() for reason in reasons
    ]
    most = max(sorted(set(lines)), key=lines.count, default="a limit")
    return (
        f"No candidate may be recommended: each of the {len(plan.candidates)} failed or misses a limit.",
        f"The commonest reason is {most}; relax that limit or add candidates.",
    )


def _commands(candidate: Candidate, plan: Plan) -> dict[str, str]:
    path, n_ctx = shlex.quote(candidate.path), plan.settings.n_ctx
    model_name = candidate.id.replace(".", "-")
    modelfile = shlex.join((f"FROM {candidate.path}", f"PARAMETER num_ctx {n_ctx}"))
    return {
        "llama-server": f"llama-server -m {path} -c {n_ctx} -t {plan.settings.n_threads or 1}",
        "ollama": f"printf '%s\\n' {modelfile} > Modelfile && ollama create {model_name} -f Modelfile"
        f" && ollama run {model_name}",
    }


def _warnings(plan: Plan, run: RunSummary, summaries: dict[str, CandidateSummary]) -> list[str]:
    cards = {c.id: c for c in plan.candidates}
    found = [f"{label(card)}: {card.note}." for card in cards.values() if card.note]
    for name, summary in summaries.items():
        if summary.disturbed or summary.latency_disturbed:
            found.append(f"{label(cards[name])}: speed figures were taken while something else used the machine.")
    counts = {name: len(s.answers) for name, s in summaries.items() if s.stopped is None}
    if len(set(counts.values())) > 1:
        found.append(
            f"Not all candidates answered the same number of items ({min(counts.values())} to {max(counts.values())});"
            " they are compared on those that all answered."
        )
    n = min((len(s.answers) for s in summaries.values() if s.answers), default=0)
    if 0 < n < _FEW_ITEMS:
        found.append(
            f"With {n} items only differences of about {minimum_detectable_difference(n) * 100:.0f} points can be told."
        )
    for suite in run.suites.values():
        if suite.chance is None:
            continue
        weak = [
            label(cards[name])
            for name, s in summaries.items()
            if suite.name in s.suite_counts() and accuracy_interval(*s.suite_counts()[suite.name]).low <= suite.chance
        ]
        if weak:
            found.append(f"On {suite.name} no better than guessing ({suite.chance:.0%}): {', '.join(weak)}.")
    return found
