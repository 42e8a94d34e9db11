"""Figures for each candidate, computed from a run's events. Judging them is left to ``findings``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import msgspec

from ..events.askings import ReorderedItem, RepeatedItem, RewordedItem, Steadiness
from ..events.notes import Note, TriedAgain
from ..events.ranking import GroupShare, SuiteGroups
from ..events.run import (
    REASKED_EVENTS,
    AnswerScored,
    BlockScored,
    CandidateNoted,
    CandidateStopped,
    ChatMeasured,
    Event,
    MemoryMeasured,
    ModelLoaded,
    OptionsTurned,
    PromptsReworded,
    RaceSettled,
    ReaskedEvent,
    RunStarted,
    SpeedMeasured,
    SuiteCard,
    SuiteDropped,
)
from ..stats.drift import Drift, drift
from ..stats.intervals import Estimate, Interval, mean_of_suites_interval
from ..stats.quantiles import half_spread, median, percentile
from ..tasks.levels import level_reached, threshold_above_chance

Key: TypeAlias = tuple[str, str]
"""Suite and item."""


class SpeedFigure(msgspec.Struct, frozen=True, kw_only=True):
    """Median over repeats."""

    tokens_per_second: float
    spread: float
    """Half the distance between the quartiles, in tokens per second."""
    repeats: int
    disturbed: bool
    """More than half of the repeats were disturbed. The figure uses the clean ones if there are any."""


@dataclass
class CandidateSummary:
    """What is known about one candidate; None where nothing was measured.

    Counts and intervals are computed once, so answers must not change after they are first read.
    """

    candidate: str
    prompt: SpeedFigure | None = None
    generation: SpeedFigure | None = None
    ttft_p50_s: float | None = None
    ttft_p95_s: float | None = None
    itl_p50_s: float | None = None
    itl_p95_s: float | None = None
    latency_disturbed: bool = False
    memory_bytes: int | None = None
    load_s: float | None = None
    loaded: ModelLoaded | None = None
    stopped: CandidateStopped | None = None
    notes: list[Note] = field(default_factory=list)
    """What the user must know about it, each once."""
    answers: dict[Key, AnswerScored] = field(default_factory=dict)
    samples: dict[Key, list[AnswerScored]] = field(default_factory=dict)
    """Answers drawn at a temperature."""
    reordered: dict[Key, ReorderedItem] = field(default_factory=dict)
    """Items asked again with their options in other orders."""
    reworded: dict[Key, RewordedItem] = field(default_factory=dict)
    """Items asked again under other prompt templates."""
    repeated: dict[Key, RepeatedItem] = field(default_factory=dict)
    """Items asked again without any change."""
    passage_suites: frozenset[str] = frozenset()
    """Suites whose items may share a passage."""
    subject_suites: frozenset[str] = frozenset()
    """Suites whose items have a subject each."""

    @cached_property
    def suite_counts(self) -> dict[str, tuple[int, int]]:
        """Correct answers and answers in each suite."""
        counts: dict[str, tuple[int, int]] = {}
        for (suite, _item), answer in self.answers.items():
            correct, n = counts.get(suite, (0, 0))
            counts[suite] = (correct + answer.correct, n + 1)
        return counts

    @cached_property
    def effective_counts(self) -> dict[str, tuple[float, float]]:
        """``suite_counts`` for intervals: reduced where items share passages, because their errors are correlated."""
        effective: dict[str, tuple[float, float]] = {**self.suite_counts}
        for suite in self.passage_suites & set(effective):
            from ..stats.clustered import effective_counts

            keys = [key for key in self.answers if key[0] == suite]
            effective[suite] = effective_counts(
                [self.answers[key].correct for key in keys], [self.cluster(key) for key in keys]
            )
        return effective

    def cluster(self, key: Key) -> Key:
        """The group of answers whose errors are correlated: those about one passage, or this answer alone."""
        group = self.answers[key].group if key[0] in self.passage_suites else ""
        return (f"passage of {key[0]}", group) if group else key

    @cached_property
    def accuracy(self) -> float | None:
        """Unweighted mean of the suites' accuracies, so that a long suite does not drown out a short one."""
        counts = self.suite_counts.values()
        return sum(correct / n for correct, n in counts) / len(counts) if counts else None

    @cached_property
    def interval(self) -> Interval | None:
        """95 % interval around ``accuracy`` for items like these, with items of one passage taken together."""
        counts = list(self.effective_counts.values())
        return mean_of_suites_interval(counts) if counts else None

    @property
    def generation_rate(self) -> float:
        """Generation speed in tokens per second for sorting: 0 if not measured."""
        return self.generation.tokens_per_second if self.generation else 0.0

    @property
    def eliminated(self) -> bool:
        """Whether the race stopped it."""
        return self.stopped is not None and self.stopped.reason == "eliminated"

    @property
    def disturbed(self) -> bool:
        """Whether a speed figure was disturbed."""
        return any(figure is not None and figure.disturbed for figure in (self.prompt, self.generation))

    @property
    def fragile_share(self) -> float | None:
        """Share of choice items that a different batch layout could flip."""
        choices = [answer for answer in self.answers.values() if answer.options]
        return sum(answer.fragile for answer in choices) / len(choices) if choices else None

    @property
    def cut_while_thinking(self) -> list[AnswerScored]:
        """Answers that ended before the thinking did. They count as wrong."""
        return [answer for answer in self.answers.values() if not answer.thinking_closed]

    def groups(self) -> tuple[SuiteGroups, ...]:
        """Each suite with subjects, as lm-evaluation-harness reports a group of tasks."""
        suites = sorted(self.subject_suites & set(self.suite_counts))
        if not suites:
            return ()
        return tuple(
            suite_groups(suite, [answer for (name, _item), answer in self.answers.items() if name == suite])
            for suite in suites
        )

    def levels(self, chances: Mapping[str, float | None]) -> dict[str, int]:
        """Level reached in each graded suite; ``chances`` holds each suite's accuracy of guessing."""
        graded: dict[str, list[tuple[int, bool]]] = {}
        for (suite, _item), answer in self.answers.items():
            if answer.level:
                graded.setdefault(suite, []).append((answer.level, answer.correct))
        return {
            suite: level_reached(pairs, threshold=threshold_above_chance(chances.get(suite) or 0.0)).level
            for suite, pairs in graded.items()
        }

    def consistency(self) -> Estimate | None:
        """Probability that two sampled answers agree, bootstrapped over items. None if nothing was sampled."""
        finished = ([a.extracted for a in drawn if a.thinking_closed] for drawn in self.samples.values())
        answers = [drawn for drawn in finished if len(drawn) > 1]  # those cut while thinking would all agree
        if not answers:
            return None
        from ..stats.consistency import self_agreement

        return self_agreement(answers)

    def changed_when_repeated(self) -> int:
        """Number of items whose answer changed when they were asked again without any change."""
        return sum(
            self.answers[key].output != item.output for key, item in self.repeated.items() if key in self.answers
        )

    def steadiness(self) -> Steadiness:
        """How little the answers depend on the order of options, on the template and on the moment."""
        if not (self.reordered or self.reworded or self.repeated or self.samples):
            return Steadiness()
        from .steadiness import steadiness

        return steadiness(self.answers, self.reordered, self.reworded, self.repeated, self.samples)


@dataclass
class RunSummary:
    """What is known about a run."""

    candidates: dict[str, CandidateSummary] = field(default_factory=dict)
    suites: dict[str, SuiteCard] = field(default_factory=dict)
    dropped_suites: set[str] = field(default_factory=set)
    llama_build: str = ""
    settled: RaceSettled | None = None
    drifts: dict[str, Drift] = field(default_factory=dict)
    """How rates changed from round to round, by what was measured: ``prompt``, ``generation``, ``answering``."""

    def of(self, candidate: str) -> CandidateSummary:
        """The candidate's figures; empty before anything was measured."""
        return self.candidates.get(candidate) or CandidateSummary(candidate)


def summarize(events: Iterable[Event]) -> RunSummary:
    """The figures that a run's events add up to."""
    folding = _Folding()
    for event in events:
        folding.note(event)
    return folding.finished()


_RunEvent: TypeAlias = RunStarted | SuiteDropped | RaceSettled
_Measured: TypeAlias = SpeedMeasured | ChatMeasured | BlockScored | MemoryMeasured | ModelLoaded | CandidateStopped


class _Folding:
    def __init__(self) -> None:
        self._run = RunSummary()
        self._speeds: dict[tuple[str, str], list[SpeedMeasured]] = {}
        """By candidate and kind."""
        self._chats: dict[str, list[ChatMeasured]] = {}
        self._blocks: dict[tuple[str, str], list[float]] = {}
        """Tokens per second of each block, by candidate and suite."""

    def note(self, event: Event) -> None:
        """Take one event in; events must come in stored order."""
        if isinstance(event, AnswerScored):
            self._note_answer(event)
        elif isinstance(event, (RunStarted, SuiteDropped, RaceSettled)):
            self._note_run(event)
        elif isinstance(event, CandidateNoted):
            self._note_note(self._summary(event.candidate), event.note)
        elif isinstance(event, REASKED_EVENTS):
            _note_reasked(self._summary(event.candidate), event)
        elif isinstance(
            event, (SpeedMeasured, ChatMeasured, BlockScored, MemoryMeasured, ModelLoaded, CandidateStopped)
        ):
            self._note_measured(self._summary(event.candidate), event)

    def finished(self) -> RunSummary:
        run = self._run
        passage_suites, subject_suites = (
            frozenset(card.name for card in run.suites.values() if card.group_kind == kind)
            for kind in ("passage", "subject")
        )
        for name, summary in run.candidates.items():
            summary.passage_suites, summary.subject_suites = passage_suites, subject_suites
            _drop_suites(summary, run.dropped_suites)
            summary.prompt = _speed_figure(self._speeds.get((name, "prompt"), []))
            summary.generation = _speed_figure(self._speeds.get((name, "generation"), []))
            _note_latency(summary, self._chats.get(name, []))
        run.drifts = _drifts(self._speeds, self._blocks)
        return run

    def _summary(self, candidate: str) -> CandidateSummary:
        return self._run.candidates.setdefault(candidate, CandidateSummary(candidate))

    def _note_note(self, summary: CandidateSummary, note: Note) -> None:
        if note not in summary.notes:
            summary.notes.append(note)
        if isinstance(note, TriedAgain):
            summary.stopped, self._run.settled = None, None

    def _note_answer(self, event: AnswerScored) -> None:
        summary = self._summary(event.candidate)
        if event.repeat == 0:
            summary.answers.setdefault((event.suite, event.item), event)
        else:
            summary.samples.setdefault((event.suite, event.item), []).append(event)

    def _note_run(self, event: _RunEvent) -> None:
        if isinstance(event, RunStarted):
            for card in event.candidates:
                self._summary(card.id)
            self._run.suites = {suite.name: suite for suite in event.suites}
        elif isinstance(event, SuiteDropped):
            self._run.dropped_suites.add(event.suite)
        else:
            self._run.settled = event

    def _note_measured(self, summary: CandidateSummary, event: _Measured) -> None:
        if isinstance(event, SpeedMeasured):
            self._speeds.setdefault((event.candidate, event.kind), []).append(event)
        elif isinstance(event, ChatMeasured):
            self._chats.setdefault(event.candidate, []).append(event)
        elif isinstance(event, BlockScored):
            tokens = event.n_output_tokens or event.n_unique_prompt_tokens
            if tokens and event.elapsed_s > 0:
                self._blocks.setdefault((event.candidate, event.suite), []).append(tokens / event.elapsed_s)
        elif isinstance(event, MemoryMeasured):
            summary.memory_bytes = event.peak_rss_bytes + event.vram_bytes
        elif isinstance(event, ModelLoaded):
            summary.loaded = event
            # The first load reads the disk; a reload after a crash finds the file cached.
            summary.load_s = event.load_s if summary.load_s is None else summary.load_s
            self._run.llama_build = event.llama_build
        else:
            summary.stopped = event


def _note_reasked(summary: CandidateSummary, event: ReaskedEvent) -> None:
    if isinstance(event, OptionsTurned):
        summary.reordered.update({(event.suite, item.item): item for item in event.items})
    elif isinstance(event, PromptsReworded):
        summary.reworded.update({(event.suite, item.item): item for item in event.items})
    else:
        summary.repeated.update({(event.suite, item.item): item for item in event.items})


def _drop_suites(summary: CandidateSummary, dropped: set[str]) -> None:
    """Candidates got through different parts of a dropped suite, so it counts for none of them."""
    for table in (summary.answers, summary.samples, summary.reordered, summary.reworded, summary.repeated):
        for key in [key for key in table if key[0] in dropped]:
            del table[key]


def _drifts(
    speeds: Mapping[tuple[str, str], Sequence[SpeedMeasured]], blocks: Mapping[tuple[str, str], Sequence[float]]
) -> dict[str, Drift]:
    """By what was measured. Leaves out disturbed repeats that were measured again: their cause is known."""
    series: dict[str, list[Sequence[float]]] = {
        kind: [
            [event.tokens_per_second for event in measured if event.final]
            for (_candidate, its_kind), measured in speeds.items()
            if its_kind == kind
        ]
        for kind in ("prompt", "generation")
    }
    series["answering"] = list(blocks.values())
    return {what: trend for what, rates in series.items() if (trend := drift(rates)) is not None}


def _speed_figure(measured: Sequence[SpeedMeasured]) -> SpeedFigure | None:
    final = [event for event in measured if event.final]
    if not final:
        return None
    # A disturbed repeat says how busy the machine was, not how fast the model is.
    clean = [event for event in final if not event.disturbances]
    rates = [event.tokens_per_second for event in clean or final]
    return SpeedFigure(
        tokens_per_second=median(rates),
        spread=half_spread(rates),
        repeats=len(rates),
        disturbed=len(clean) * 2 < len(final),
    )


def _note_latency(summary: CandidateSummary, chats: Sequence[ChatMeasured]) -> None:
    if not chats:
        return
    clean = [chat for chat in chats if not chat.disturbances]
    summary.latency_disturbed = not clean
    first_s = [chat.ttft_s for chat in clean or chats]
    gaps_s = [gap for chat in clean or chats for gap in chat.inter_token_s]
    summary.ttft_p50_s, summary.ttft_p95_s = median(first_s), percentile(first_s, 95)
    if gaps_s:
        summary.itl_p50_s, summary.itl_p95_s = median(gaps_s), percentile(gaps_s, 95)


def suite_groups(suite: str, answers: Iterable[AnswerScored]) -> SuiteGroups:
    """One candidate's answers to ``suite`` by subject. Answers without a subject form one with an empty name.

    Raises:
        ValueError: there are no answers.
    """
    from ..stats.clustered import clustered_mean, micro_average

    subjects: dict[str, list[float]] = {}
    for answer in answers:
        subjects.setdefault(answer.group, []).append(float(answer.correct))
    whole = micro_average([clustered_mean(values) for values in subjects.values()])
    return SuiteGroups(
        suite=suite,
        accuracy=whole.mean,
        standard_error=None if math.isnan(whole.standard_error) else whole.standard_error,
        groups=tuple(
            GroupShare(name=name, items=len(values), correct=int(sum(values)))
            for name, values in sorted(subjects.items())
        ),
    )
