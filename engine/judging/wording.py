"""The verdict in words: why the winner, why nobody, how to run it, what to be careful about."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from ..events.ranking import GroupShare, SuiteGroups
from ..plan.model import Candidate, Plan
from ..stats.intervals import accuracy_interval, minimum_detectable_difference
from .comparison import Comparison
from .summary import CandidateSummary, RunSummary

_FEW_ITEMS = 100
_ITEMS_TO_NAME = 5
"""Of a subject, to be called the best or the worst."""
NO_COMMON_ITEMS = "not comparable: no common items"


def label(candidate: Candidate) -> str:
    """Name and quant, as sentences and tables call a candidate."""
    return f"{candidate.name} {candidate.quant}".strip()


def why(
    winner: CandidateSummary,
    admitted: Sequence[CandidateSummary],
    comparison: Comparison,
    plan: Plan,
    summaries: Mapping[str, CandidateSummary],
) -> tuple[str, ...]:
    """Two sentences: the winner with its figures, and how the others stand to it."""
    cards = {candidate.id: candidate for candidate in plan.candidates}
    name = label(cards[winner.candidate])
    figures = [f"{winner.generation_rate:.1f} tok/s"] if winner.generation else []
    if winner.memory_bytes:
        figures.append(f"{winner.memory_bytes / 2**30:.2f} GiB")
    if winner.accuracy is None:
        return (
            f"{name} is the fastest that meets your limits: {', '.join(figures)}.",
            f"Nothing is said about accuracy, because no {'item was answered' if plan.suites else 'suite was run'}.",
        )
    figures.insert(0, f"accuracy {winner.accuracy:.1%}")
    if comparison.not_comparable and comparison.best is None:
        return (
            f"Take {name}: {', '.join(figures)}; it is the fastest that meets your limits.",
            "Which is more accurate cannot be said, because no two of them answered the same items.",
        )
    others = [s for s in admitted if s.candidate in comparison.tied and s is not winner]
    if others:
        first = f"Take {name}: {', '.join(figures)}; it is the fastest of those whose accuracy cannot be told apart."
        rivals = ", ".join(label(cards[s.candidate]) for s in others)
        closest = max(s.accuracy or 0.0 for s in others)
        tied = "practically equal to" if comparison.settled else "statistically tied with"
        second = f"It is {tied} {rivals} (best of them {closest:.1%})"
    else:
        first = f"Take {name}: {', '.join(figures)}; it is the most accurate that meets your limits."
        second = "Nothing else is statistically tied with it"
    beaten = [s for s in admitted if s.candidate in comparison.p_values and s.candidate not in comparison.tied]
    if beaten:
        worst_p = max(comparison.p_values[s.candidate] for s in beaten)
        listed = ", ".join(label(cards[s.candidate]) for s in beaten)
        test = "exact test by passage" if comparison.n_passages else "exact McNemar"
        second += f", and the best is significantly more accurate than {listed} ({test}, Holm, p ≤ {worst_p:.2g})"
    stopped = [
        f"{label(cards[name])} at {s.stopped.at_item}/{s.stopped.pool}"
        for name, s in summaries.items()
        if s.stopped is not None and s.stopped.reason == "eliminated"
    ]
    if stopped:
        second += f"; stopped early as less accurate: {', '.join(stopped)}"
    return (first, second + ".")


def no_winner(plan: Plan, excluded: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Two sentences: that nobody may be recommended, and what to do about it."""
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


def commands(candidate: Candidate, plan: Plan) -> dict[str, str]:
    """How to run the winner, by program."""
    path, n_ctx = shlex.quote(candidate.path), plan.settings.n_ctx
    model_name = candidate.id.replace(".", "-")
    modelfile = shlex.join((f"FROM {candidate.path}", f"PARAMETER num_ctx {n_ctx}"))
    return {
        "llama-server": f"llama-server -m {path} -c {n_ctx} -t {plan.settings.n_threads or 1}",
        "ollama": f"printf '%s\\n' {modelfile} > Modelfile && ollama create {model_name} -f Modelfile"
        f" && ollama run {model_name}",
    }


def by_subject(groups: SuiteGroups) -> str:
    """A suite's mean over subjects, and the subjects where a candidate is best and worst."""
    error = "–" if groups.standard_error is None else f"{groups.standard_error * 100:.1f}"
    words = f"{groups.accuracy * 100:5.1f} % ± {error}"
    # With fewer items chance decides which is best.
    counted = [group for group in groups.groups if group.items >= _ITEMS_TO_NAME]
    if len(counted) < 2:
        return f"{words}   fewer than {_ITEMS_TO_NAME} items in most subjects: none can be called best"
    ordered = sorted(counted, key=lambda group: (group.correct / group.items, group.name))
    return f"{words}   best {_subject(ordered[-1])}   worst {_subject(ordered[0])}"


def _subject(group: GroupShare) -> str:
    return f"{group.name.replace('_', ' ')} {group.correct / group.items * 100:.0f} % of {group.items}"


def _effective_items(summary: CandidateSummary) -> int:
    """As many independent items as its answers are worth."""
    return max(1, round(sum(n for _correct, n in summary.effective_counts().values())))


def warnings(
    plan: Plan,
    run: RunSummary,
    summaries: Mapping[str, CandidateSummary],
    admitted: Sequence[CandidateSummary],
    comparison: Comparison,
) -> list[str]:
    """What a reader of the verdict must know besides."""
    cards = {c.id: c for c in plan.candidates}
    found = [f"{label(card)}: {card.note}." for card in cards.values() if card.note]
    for name, summary in summaries.items():
        if summary.disturbed or summary.latency_disturbed:
            found.append(f"{label(cards[name])}: speed figures were taken while something else used the machine.")
        changed = summary.changed_when_repeated()
        if changed:
            found.append(
                f"{label(cards[name])}: {changed} of {len(summary.repeated)} answers changed when asked again exactly"
                " as they were, so its other answers may change too."
            )
    drifted = {what: each.change for what, each in run.drifts.items() if each.matters}
    if drifted:
        changes = ", ".join(f"{what} {change:+.0%}" for what, change in drifted.items())
        found.append(
            f"Speed drifted from the first round to the last ({changes}): heat, or other work that came or went. The"
            " candidates took turns, so they can still be compared; each figure is of a machine in between."
        )
    if comparison.not_comparable:
        apart = ", ".join(label(cards[s.candidate]) for s in admitted if s.candidate in comparison.not_comparable)
        found.append(f"{apart or 'They'}: {NO_COMMON_ITEMS}, so nothing is said about which is more accurate.")
    counts = [len(s.answers) for s in admitted if s.answers and s.candidate not in comparison.not_comparable]
    if len(set(counts)) > 1:
        found.append(
            f"Not all candidates answered the same number of items ({min(counts)} to {max(counts)});"
            f" they are compared on the {comparison.n_common} that all answered."
        )
    if run.settled is not None:
        found.append(
            f"The race was decided after {run.settled.at_item} of {run.settled.pool} items: accuracies are of those"
            " asked, and intervals allow for the early end."
        )
    if not plan.suites:
        found.append("No suite was run: a fast model may still be no good at your task.")
    if comparison.n_passages:
        found.append(
            f"{comparison.n_passages} passages are asked about more than once: tests and intervals take the items of"
            " one passage together (clustered errors)."
        )
    n = min((len(s.answers) for s in admitted if s.answers), default=0)
    if 0 < n < _FEW_ITEMS:
        points = minimum_detectable_difference(min(map(_effective_items, (s for s in admitted if s.answers)))) * 100
        found.append(f"With {n} items only differences of about {points:.0f} points can be told.")
    for suite in run.suites.values():
        if suite.chance is None or suite.name in run.dropped_suites:
            continue
        weak = [
            label(cards[name])
            for name, s in summaries.items()
            if suite.name in s.suite_counts()
            and accuracy_interval(*s.effective_counts()[suite.name]).low <= suite.chance
        ]
        if weak:
            found.append(f"On {suite.name} no better than guessing ({suite.chance:.0%}): {', '.join(weak)}.")
    return found
