"""Warnings of a verdict about candidates. What holds for several of them is said once, with all their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from ..events.notes import ContextRaised, PromptsCut, PromptsTooLong
from ..events.run import DOES_NOT_FIT
from . import wording
from .failure_text import failure_words
from .findings import Findings
from .notes_text import note_text
from .summary import CandidateSummary

_MANY_BLANK = 0.1
"""Share of empty answers from which they are a warning."""

_Kind = Callable[[Findings, CandidateSummary], Iterable[str]]
"""Sentences about one candidate that go on after its name and a colon, and read well after several names too."""


def about_answers(findings: Findings) -> Iterable[str]:
    """Answers that count as wrong for another reason than what they say."""
    return _told(findings, (_too_long, _cut_while_thinking, _blank_answers, _unscored))


def about_candidates(findings: Findings) -> Iterable[str]:
    """The plan's remarks, what was noted during the run, and measurements that are not as good as usual."""
    return _told(findings, (_notes, _context_raised, _disturbed_or_unstable))


def _told(findings: Findings, kinds: Iterable[_Kind]) -> Iterable[str]:
    measured = [summary for summary in findings.summaries.values() if not _failed(summary)]
    for kind in kinds:
        names: dict[str, list[str]] = {}
        for summary in findings.summaries.values():
            for sentence in kind(findings, summary):
                names.setdefault(sentence, []).append(findings.names[summary.candidate])
        for sentence, who in names.items():
            everybody = len(who) > 2 and len(who) == len(measured)
            yield f"{'All candidates' if everybody else wording.listed(who)}: {sentence}"


def _failed(summary: CandidateSummary) -> bool:
    return summary.stopped is not None and summary.stopped.reason == "failed"


def _too_long(_findings: Findings, summary: CandidateSummary) -> Iterable[str]:
    total = len(summary.answers)
    missed = sum(answer.stop == DOES_NOT_FIT for answer in summary.answers.values())
    if missed:
        rest = "does not fit the context, so it was" if missed == 1 else "do not fit the context, so they were"
        counts = "counts" if missed == 1 else "count"
        yield f"{missed} of {total} items {rest} not asked and {counts} as wrong."
    cut = [answer.n_cut_tokens for answer in summary.answers.values() if answer.n_cut_tokens]
    if cut:
        lost = "1 prompt lost its" if len(cut) == 1 else f"{len(cut)} of {total} prompts lost their"
        yield f"{lost} beginning, up to {max(cut):,} tokens, because the plan cuts long prompts."


def _cut_while_thinking(findings: Findings, summary: CandidateSummary) -> Iterable[str]:
    cut = summary.cut_while_thinking
    if not cut:
        return
    settings = findings.plan.settings
    ends = {answer.stop for answer in cut}
    ways = []
    if ends & {"thinking budget", "length"}:
        ways.append(f"--max-thinking-tokens (it was {settings.max_thinking_tokens:,})")
    if "context full" in ends:
        ways.append(f"--context (it was {settings.n_ctx:,})")
    remedy = f" Allow more with {' and '.join(ways)}." if ways else ""
    ended = "1 answer" if len(cut) == 1 else f"{len(cut)} answers"
    counts = "counts" if len(cut) == 1 else "count"
    yield f"{ended} of {_n_written(summary)} ended while the model was still thinking, and {counts} as wrong.{remedy}"


def _blank_answers(_findings: Findings, summary: CandidateSummary) -> Iterable[str]:
    blank = sum(answer.blank for answer in summary.answers.values())
    if blank and blank >= _MANY_BLANK * _n_written(summary):
        yield (
            f"{blank} of {_n_written(summary)} answers are empty. Look at a few: the chat template or a stop text may"
            " be wrong."
        )


def _n_written(summary: CandidateSummary) -> int:
    """Answers in words, not chosen from options."""
    return sum(not answer.options for answer in summary.answers.values())


def _unscored(_findings: Findings, summary: CandidateSummary) -> Iterable[str]:
    failures = [answer.failure for answer in summary.answers.values() if answer.failure is not None]
    if failures:
        ((why, _n),) = Counter(failure_words(failure) for failure in failures).most_common(1)
        counts, lead = ("counts", "") if len(failures) == 1 else ("count", "most often, ")
        yield (
            f"{len(failures)} of {len(summary.answers)} answers could not be scored and {counts} as wrong: {lead}{why}."
        )


def _notes(findings: Findings, summary: CandidateSummary) -> Iterable[str]:
    yield from (f"{card.note}." for card in findings.plan.candidates if card.id == summary.candidate and card.note)
    if not _failed(summary):  # its failure is what counts
        for note in summary.notes:
            if not isinstance(note, (PromptsTooLong, PromptsCut, ContextRaised)):  # counted from the answers, below
                yield note_text(note)


def _context_raised(findings: Findings, summary: CandidateSummary) -> Iterable[str]:
    """One sentence for all, although each tokenizer counts differently."""
    if any(isinstance(note, ContextRaised) for note in summary.notes) and not _failed(summary):
        everybodys = [note for other in findings.summaries.values() for note in other.notes]
        longest = max(note.raised_to for note in everybodys if isinstance(note, ContextRaised))
        n_ctx = findings.plan.settings.n_ctx
        yield (
            f"prompts that do not fit the context of {n_ctx:,} tokens were answered in a longer one, up to {longest:,}."
            f" Memory and speed were measured at {n_ctx:,}."
        )


def _disturbed_or_unstable(_findings: Findings, summary: CandidateSummary) -> Iterable[str]:
    if summary.disturbed or summary.latency_disturbed:
        yield "speed was measured while something else was using the machine."
    changed = summary.changed_when_repeated()
    if changed:
        yield (
            f"{changed} of {len(summary.repeated)} answers changed when the same items were asked again, so the other"
            " answers may not be stable either."
        )
