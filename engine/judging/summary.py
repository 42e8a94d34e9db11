"""Figures for each candidate, folded from a run's events. No judgement: that is the verdict's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from ..events.askings import RepeatedItem, RewordedItem, Steadiness, TurnedItem
from ..events.ranking import SuiteGroups
from ..events.run import (
    AnswerScored,
    BlockRepeated,
    BlockScored,
    CandidateStopped,
    ChatMeasured,
    Event,
    MemoryMeasured,
    ModelLoaded,
    OptionsTurned,
    PromptsReworded,
    RaceSettled,
    RunStarted,
    SpeedMeasured,
    SuiteCard,
    SuiteDropped,
)
from ..stats.drift import Drift, drift
from ..stats.intervals import Interval, mean_of_suites_interval
from ..stats.quantiles import half_spread, median, percentile
from .grouped import suite_groups

if TYPE_CHECKING:
    from ..stats.bootstrap import Estimate


class SpeedFigure(msgspec.Struct, frozen=True, kw_only=True):
    """Median over repeats."""

    tokens_per_second: float
    spread: float
    """Half the distance between the quartiles, in tokens per second."""
    repeats: int
    disturbed: bool
    """More than half of the repeats were disturbed; the figure is of the clean ones where there are any."""


@dataclass
class CandidateSummary:
    """What is known of one candidate. None where nothing was measured."""

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
    answers: dict[tuple[str, str], AnswerScored] = field(default_factory=dict)
    """By suite and item."""
    samples: dict[tuple[str, str], list[AnswerScored]] = field(default_factory=dict)
    """Answers drawn at a temperature, by suite and item."""
    turned: dict[tuple[str, str], TurnedItem] = field(default_factory=dict)
    reworded: dict[tuple[str, str], RewordedItem] = field(default_factory=dict)
    repeated: dict[tuple[str, str], RepeatedItem] = field(default_factory=dict)
    """Items asked again: with their options turned, under other templates, as they were; by suite and item."""
    passage_suites: frozenset[str] = frozenset()
    """Suites whose items may share a passage."""
    subject_suites: frozenset[str] = frozenset()
    """Suites whose items have a subject each."""

    def suite_counts(self) -> dict[str, tuple[int, int]]:
        """Right answers and answers for each suite."""
        counts: dict[str, tuple[int, int]] = {}
        for (suite, _item), answer in self.answers.items():
            correct, n = counts.get(suite, (0, 0))
            counts[suite] = (correct + answer.correct, n + 1)
        return counts

    def cluster(self, key: tuple[str, str]) -> tuple[str, str]:
        """What an answer's error may go together with: its passage, or nothing but itself."""
        group = self.answers[key].group if key[0] in self.passage_suites else ""
        return (f"passage of {key[0]}", group) if group else key

    def effective_counts(self) -> dict[str, tuple[float, float]]:
        """``suite_counts`` for intervals: fewer where items share passages, by as much as their errors go together."""
        found: dict[str, tuple[float, float]] = {**self.suite_counts()}
        for suite in self.passage_suites & set(found):
            from ..stats.clustered import effective_counts  # numpy, only needed at verdicts

            mine = [key for key in self.answers if key[0] == suite]
            found[suite] = effective_counts(
                [self.answers[key].correct for key in mine], [self.cluster(key) for key in mine]
            )
        return found

    def groups(self) -> tuple[SuiteGroups, ...]:
        """Each suite with subjects as lm-evaluation-harness reports a group of tasks."""
        return tuple(
            suite_groups(suite, [answer for (name, _i), answer in self.answers.items() if name == suite])
            for suite in sorted(self.subject_suites & set(self.suite_counts()))
        )

    @property
    def accuracy(self) -> float | None:
        """Unweighted mean of the suites' accuracies, so that a long suite does not drown a short one."""
        counts = self.suite_counts().values()
        return sum(correct / n for correct, n in counts) / len(counts) if counts else None

    @property
    def generation_rate(self) -> float:
        """Generation tokens per second, 0 when not measured: to order by."""
        return self.generation.tokens_per_second if self.generation else 0.0

    @property
    def interval(self) -> Interval | None:
        """95 % interval around ``accuracy``, for items like these; items that share a passage count together."""
        counts = list(self.effective_counts().values())
        return mean_of_suites_interval(counts) if counts else None

    @property
    def fragile_share(self) -> float | None:
        """Share of choice items that another batch layout may turn."""
        choices = [answer for answer in self.answers.values() if answer.options]
        return sum(answer.fragile for answer in choices) / len(choices) if choices else None

    def levels(self, chances: Mapping[str, float | None]) -> dict[str, int]:
        """Level reached in each graded suite; ``chances`` are the suites' shares of guessing."""
        from ..tasks.levels import level_reached, threshold_above_chance

        graded: dict[str, list[tuple[int, bool]]] = {}
        for (suite, _item), answer in self.answers.items():
            if answer.level:
                graded.setdefault(suite, []).append((answer.level, answer.correct))
        return {
            suite: level_reached(pairs, threshold=threshold_above_chance(chances.get(suite) or 0.0)).level
            for suite, pairs in graded.items()
        }

    def consistency(self) -> Estimate | None:
        """Chance that two sampled answers agree, bootstrapped over items; None where nothing was sampled."""
        from ..stats.consistency import self_agreement  # numpy, only needed at verdicts

        answers = [[answer.extracted for answer in drawn] for drawn in self.samples.values() if len(drawn) > 1]
        return self_agreement(answers) if answers else None

    def changed_when_repeated(self) -> int:
        """Items of the repeated block whose answer came out another one, where nothing was drawn."""
        return sum(
            self.answers[key].output != item.output for key, item in self.repeated.items() if key in self.answers
        )

    def steadiness(self) -> Steadiness:
        """How little the answers depend on the order of options, on the template and on the moment."""
        from .steadiness import steadiness

        return steadiness(self.answers, self.turned, self.reworded, self.repeated, self.samples)

    @property
    def disturbed(self) -> bool:
        """Whether a speed figure carries the mark."""
        return any(figure is not None and figure.disturbed for figure in (self.prompt, self.generation))


@dataclass
class RunSummary:
    """What is known of a run."""

    candidates: dict[str, CandidateSummary] = field(default_factory=dict)
    suites: dict[str, SuiteCard] = field(default_factory=dict)
    dropped_suites: set[str] = field(default_factory=set)
    llama_build: str = ""
    settled: RaceSettled | None = None
    drifts: dict[str, Drift] = field(default_factory=dict)
    """What the candidates' rates did from round to round, by what was measured: ``prompt``, ``generation``,
    ``answering``."""

    def of(self, candidate: str) -> CandidateSummary:
        """The candidate's figures; empty ones before anything was measured."""
        return self.candidates.get(candidate) or CandidateSummary(candidate)


def summarise(events: Iterable[Event]) -> RunSummary:
    """Fold a run's events into figures."""
    run = RunSummary()
    speeds: dict[tuple[str, str], list[SpeedMeasured]] = {}
    chats: dict[str, list[ChatMeasured]] = {}
    blocks: dict[tuple[str, str], list[float]] = {}
    for event in events:
        if isinstance(event, RunStarted):
            for card in event.candidates:
                run.candidates.setdefault(card.id, CandidateSummary(card.id))
            run.suites = {suite.name: suite for suite in event.suites}
        elif isinstance(event, SuiteDropped):
            run.dropped_suites.add(event.suite)
        elif isinstance(event, RaceSettled):
            run.settled = event
        elif isinstance(event, SpeedMeasured):
            run.candidates.setdefault(event.candidate, CandidateSummary(event.candidate))
            speeds.setdefault((event.candidate, event.kind), []).append(event)
        elif isinstance(event, BlockScored):
            tokens = event.n_output_tokens or event.n_unique_prompt_tokens
            if tokens and event.elapsed_s > 0:
                blocks.setdefault((event.candidate, event.suite), []).append(tokens / event.elapsed_s)
        elif isinstance(event, ChatMeasured):
            run.candidates.setdefault(event.candidate, CandidateSummary(event.candidate))
            chats.setdefault(event.candidate, []).append(event)
        elif isinstance(event, AnswerScored):
            mine = run.candidates.setdefault(event.candidate, CandidateSummary(event.candidate))
            if event.repeat == 0:
                mine.answers.setdefault((event.suite, event.item), event)
            else:
                mine.samples.setdefault((event.suite, event.item), []).append(event)
        elif isinstance(event, (OptionsTurned, PromptsReworded, BlockRepeated)):
            _note_reasked(run.candidates.setdefault(event.candidate, CandidateSummary(event.candidate)), event)
        elif isinstance(event, (MemoryMeasured, ModelLoaded, CandidateStopped)):
            _note(run.candidates.setdefault(event.candidate, CandidateSummary(event.candidate)), event)
            if isinstance(event, ModelLoaded):
                run.llama_build = event.llama_build
    kinds = {
        kind: frozenset(card.name for card in run.suites.values() if card.group_kind == kind)
        for kind in ("passage", "subject")
    }
    for name, summary in run.candidates.items():
        summary.passage_suites, summary.subject_suites = kinds["passage"], kinds["subject"]
        # How far each came in a dropped suite differs, so it counts for nobody.
        tables = (summary.answers, summary.samples, summary.turned, summary.reworded, summary.repeated)
        for table in tables:
            for key in [key for key in table if key[0] in run.dropped_suites]:
                del table[key]
        summary.prompt = _speed_figure(speeds.get((name, "prompt"), []))
        summary.generation = _speed_figure(speeds.get((name, "generation"), []))
        _note_latency(summary, chats.get(name, []))
    run.drifts = _drifts(speeds, blocks)
    return run


def _drifts(
    speeds: Mapping[tuple[str, str], Sequence[SpeedMeasured]], blocks: Mapping[tuple[str, str], Sequence[float]]
) -> dict[str, Drift]:
    """By what was measured. Disturbed repeats that were taken again are left out: their cause is known."""
    rates: dict[str, list[list[float]]] = {
        kind: [
            [event.tokens_per_second for event in measured if event.final]
            for (_candidate, its_kind), measured in speeds.items()
            if its_kind == kind
        ]
        for kind in ("prompt", "generation")
    }
    rates["answering"] = [list(series) for series in blocks.values()]
    found = {what: drift(series) for what, series in rates.items()}
    return {what: each for what, each in found.items() if each is not None}


def _note_reasked(summary: CandidateSummary, event: OptionsTurned | PromptsReworded | BlockRepeated) -> None:
    if isinstance(event, OptionsTurned):
        summary.turned.update({(event.suite, item.item): item for item in event.items})
    elif isinstance(event, PromptsReworded):
        summary.reworded.update({(event.suite, item.item): item for item in event.items})
    else:
        summary.repeated.update({(event.suite, item.item): item for item in event.items})


def _note(summary: CandidateSummary, event: MemoryMeasured | ModelLoaded | CandidateStopped) -> None:
    if isinstance(event, MemoryMeasured):
        summary.memory_bytes = event.peak_rss_bytes + event.vram_bytes
    elif isinstance(event, ModelLoaded):
        summary.loaded = event
        # The first load reads the disk; a reload after a crash finds the file cached.
        summary.load_s = event.load_s if summary.load_s is None else summary.load_s
    else:
        summary.stopped = event


def _speed_figure(measured: list[SpeedMeasured]) -> SpeedFigure | None:
    final = [event for event in measured if event.final]
    if not final:
        return None
    # A disturbed repeat says how busy the machine was, not how fast the model is: clean ones alone when there are any.
    clean = [event for event in final if not event.disturbances]
    rates = [event.tokens_per_second for event in clean or final]
    return SpeedFigure(
        tokens_per_second=median(rates),
        spread=half_spread(rates),
        repeats=len(rates),
        disturbed=len(clean) * 2 < len(final),
    )


def _note_latency(summary: CandidateSummary, chats: list[ChatMeasured]) -> None:
    if not chats:
        return
    clean = [chat for chat in chats if not chat.disturbances]
    summary.latency_disturbed = not clean
    first = [chat.ttft_s for chat in clean or chats]
    gaps = [gap for chat in clean or chats for gap in chat.inter_token_s]
    summary.ttft_p50_s, summary.ttft_p95_s = median(first), percentile(first, 95)
    if gaps:
        summary.itl_p50_s, summary.itl_p95_s = median(gaps), percentile(gaps, 95)
