"""The picture of a run that screens paint, folded from its events.

``fold(board, event)`` gives the next picture and leaves the old one as it was; parts that did not change are shared.
Each panel carries a revision, so that a screen repaints only what changed. Nothing here knows Textual, and any order
of events gives a picture: a recorded run may start in the middle.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from weighin.engine.events.run import (
    AnswerScored,
    BlockRepeated,
    BlockScored,
    CandidateCard,
    CandidateStopped,
    ChatMeasured,
    Event,
    MemoryMeasured,
    ModelLoaded,
    OptionsTurned,
    Phase,
    PhaseChanged,
    PromptsReworded,
    RaceSettled,
    RaceStarted,
    RoundStarted,
    RunContinued,
    RunFinished,
    RunPaused,
    RunStarted,
    SamplesDrawn,
    SpeedMeasured,
    SuiteCard,
    SuiteDropped,
    VerdictReached,
    WorkerDied,
)

from .figures import AnswerKey, AnswerMap, Latency, Rate, Reasked, Tally, agreement, mean_bounds

_TRACE_POINTS = 240
"""Newest points of the generation graph that are kept: the widest terminal shows no more."""
_ALERTS_KEPT = 50
_LATEST_KEPT = 16
_TOKENS_A_POINT = 8
"""Tokens of a chat answer averaged into one point of the graph: single gaps jitter too much to read."""
_TIMED: frozenset[str] = frozenset({"warming up", "speed", "latency"})


class Alert(msgspec.Struct, frozen=True):
    """Something the user should know, newest last on the board."""

    at: float
    candidate: str
    """Empty when it concerns the run."""
    text: str
    severe: bool


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """All that a candidate's panel shows."""

    card: CandidateCard
    revision: int = 0
    """Grows with every change."""
    phase: Phase = "waiting"
    detail: str = ""
    prompt: Rate = Rate()
    generation: Rate = Rate()
    trace: tuple[float, ...] = ()
    """Generation tokens per second in the order measured, from speed repeats and chat answers alike."""
    latency: Latency = Latency()
    memory_bytes: int | None = None
    """Peak resident and video memory."""
    tallies: tuple[Tally, ...] = ()
    """One for each suite with answers, in the order of the first answer."""
    answers: AnswerMap = AnswerMap()
    latest: tuple[AnswerScored, ...] = ()
    """The newest answers, newest first."""
    accuracy: float | None = None
    """Unweighted mean over suites, 0 to 1."""
    low: float = 0.0
    high: float = 1.0
    """Around ``accuracy`` for new items like these; it holds at 95 % however often one looks."""
    answered: int = 0
    choices: int = 0
    """Answers to items with options."""
    fragile: int = 0
    """Of those, how many another batch layout may turn."""
    samples: dict[AnswerKey, tuple[str | None, ...]] = {}
    """Answers drawn at a temperature, by item (repeat 0); a new dict with every change."""
    reasked: Reasked = Reasked()
    """Items asked again in another way."""
    warning: str = ""
    """Why the newest figure is not clean; empty once a clean one follows."""
    loaded: ModelLoaded | None = None
    death: WorkerDied | None = None
    stopped: CandidateStopped | None = None

    @property
    def consistency(self) -> float | None:
        """Chance that two sampled answers to an item agree, mean over items; None before there are any."""
        shares = [agreement(drawn) for drawn in self.samples.values() if len(drawn) > 1]
        return sum(shares) / len(shares) if shares else None

    @property
    def fragile_share(self) -> float | None:
        """Share of choice answers within the batch layout's noise."""
        return self.fragile / self.choices if self.choices else None

    @property
    def racing(self) -> bool:
        """Whether anything more is asked of it."""
        return self.stopped is None


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """The run as it stands."""

    started: RunStarted | None = None
    panels: tuple[Panel, ...] = ()
    suites: tuple[SuiteCard, ...] = ()
    dropped: frozenset[str] = frozenset()
    race: RaceStarted | None = None
    """Set once candidates may stop early."""
    settled: RaceSettled | None = None
    """Set once no more items are asked."""
    round: RoundStarted | None = None
    paused: bool = False
    finished: RunFinished | None = None
    verdict: VerdictReached | None = None
    alerts: tuple[Alert, ...] = ()
    answered: int = 0
    """First answers of all candidates."""
    revision: int = 0
    at: float = 0.0
    """Time of the newest event."""

    def panel(self, candidate: str) -> Panel | None:
        """The panel of ``candidate``."""
        return next((panel for panel in self.panels if panel.card.id == candidate), None)

    def label(self, candidate: str) -> str:
        """Name and quant of a candidate; its id when it is unknown."""
        panel = self.panel(candidate)
        return f"{panel.card.name} {panel.card.quant}".strip() if panel else candidate

    @property
    def timing(self) -> bool:
        """Whether something is being timed now, so that painting should be rare."""
        return self.finished is None and any(panel.phase in _TIMED for panel in self.panels)

    @property
    def items_total(self) -> int:
        """Answers the run will have: what stopped early counts as far as it came, dropped suites not at all."""
        if self.settled is not None:
            return self.answered
        wanted = sum(suite.items for suite in self.suites if suite.name not in self.dropped)
        return sum(wanted if panel.racing else panel.answered for panel in self.panels)

    @property
    def share_done(self) -> float:
        """How much of the run is done, 0 to 1: speed repeats and answers, half each where both are asked."""
        if self.finished is not None and self.finished.outcome == "completed":
            return 1.0
        parts = []
        if self.items_total:
            parts.append(min(1.0, self.answered / self.items_total))
        repeats = self.started.repeats if self.started else 0
        racing = [panel for panel in self.panels if panel.racing]
        if repeats and racing:
            done = sum(min(repeats, panel.generation.repeats) for panel in racing)
            parts.append(done / (repeats * len(racing)))
        return sum(parts) / len(parts) if parts else 0.0

    def seconds_left(self, now: float) -> float | None:
        """Estimate given with the round, less the time since; None when unknown, finished or paused."""
        if self.round is None or self.round.seconds_left is None or self.finished is not None or self.paused:
            return None
        return max(0.0, self.round.seconds_left - max(0.0, now - self.round.at))

    @property
    def chance(self) -> float | None:
        """Mean accuracy of guessing over the suites in the run; None when no suite has one."""
        live = [suite for suite in self.suites if suite.name not in self.dropped]
        if not any(suite.chance is not None for suite in live):
            return None
        return sum(suite.chance or 0.0 for suite in live) / len(live)


def fold(board: Board, event: Event) -> Board:
    """The board after ``event``."""
    replace = msgspec.structs.replace
    at = max(board.at, event.at)
    if isinstance(event, RunStarted):
        return _started(board, event, at)
    if isinstance(event, (RunPaused, RunContinued)):
        return replace(board, paused=isinstance(event, RunPaused), revision=board.revision + 1, at=at)
    if isinstance(event, RoundStarted):
        return replace(board, round=event, revision=board.revision + 1, at=at)
    if isinstance(event, SuiteDropped):
        return replace(board, dropped=board.dropped | {event.suite}, revision=board.revision + 1, at=at)
    if isinstance(event, (RaceStarted, RaceSettled)):
        return _race_event(board, event, at)
    if isinstance(event, RunFinished):
        return replace(board, finished=event, paused=False, revision=board.revision + 1, at=at)
    if isinstance(event, VerdictReached):
        return replace(board, verdict=event, revision=board.revision + 1, at=at)
    return _candidate_event(board, event, at)


def _race_event(board: Board, event: RaceStarted | RaceSettled, at: float) -> Board:
    replace = msgspec.structs.replace
    if isinstance(event, RaceStarted):
        return replace(board, race=event, revision=board.revision + 1, at=at)
    names = ", ".join(board.label(name) for name in event.remaining)
    text = (
        f"decided after {event.at_item} of {event.pool} items: {names}"
        f"{' are practically equal' if len(event.remaining) > 1 else ' is the most accurate'}"
    )
    alerts = (*board.alerts[1 - _ALERTS_KEPT :], Alert(event.at, "", text, severe=False))
    return replace(board, settled=event, alerts=alerts, revision=board.revision + 1, at=at)


def fold_all(events: Iterable[Event], board: Board | None = None) -> Board:
    """``fold`` over many events."""
    board = board or Board()
    for event in events:
        board = fold(board, event)
    return board


def _started(board: Board, event: RunStarted, at: float) -> Board:
    """Panels that exist keep what they know: a resumed run starts again with the results it had."""
    known = {panel.card.id: panel for panel in board.panels}
    panels = [
        msgspec.structs.replace(
            known.pop(card.id) if card.id in known else Panel(card=card),
            card=card,
            phase="waiting",
            detail="",
            revision=board.revision + 1,
        )
        for card in event.candidates
    ]
    return msgspec.structs.replace(
        board,
        started=event,
        panels=(*panels, *known.values()),
        suites=event.suites,
        finished=None,
        verdict=None,
        paused=False,
        revision=board.revision + 1,
        at=at,
    )


_CandidateEvent = (
    PhaseChanged
    | ModelLoaded
    | SpeedMeasured
    | ChatMeasured
    | MemoryMeasured
    | AnswerScored
    | BlockScored
    | SamplesDrawn
    | OptionsTurned
    | PromptsReworded
    | BlockRepeated
    | WorkerDied
    | CandidateStopped
)


def _candidate_event(board: Board, event: _CandidateEvent, at: float) -> Board:
    replace = msgspec.structs.replace
    index = next((i for i, panel in enumerate(board.panels) if panel.card.id == event.candidate), -1)
    panels = board.panels
    if index < 0:
        card = CandidateCard(id=event.candidate, name=event.candidate, quant="", size_bytes=0)
        panels, index = (*panels, Panel(card=card)), len(panels)
    old = panels[index]
    new = _panel_after(old, event, 0.05 / max(1, len(board.suites)))
    if new is old:
        return replace(board, at=at)
    revision = board.revision + 1
    new = replace(new, revision=revision)
    alert = _alert(event)
    return replace(
        board,
        panels=(*panels[:index], new, *panels[index + 1 :]),
        answered=board.answered + new.answered - old.answered,
        alerts=(*board.alerts[1 - _ALERTS_KEPT :], alert) if alert else board.alerts,
        revision=revision,
        at=at,
    )


def _alert(event: _CandidateEvent) -> Alert | None:
    if isinstance(event, WorkerDied):
        return Alert(event.at, event.candidate, event.reason, severe=True)
    if isinstance(event, CandidateStopped):
        text = f"{event.reason}{': ' if event.detail else ''}{event.detail}"
        return Alert(event.at, event.candidate, text, severe=event.reason == "failed")
    if isinstance(event, (SpeedMeasured, ChatMeasured)) and event.disturbances:
        return Alert(event.at, event.candidate, event.disturbances[0].cause, severe=False)
    return None


def _panel_after(panel: Panel, event: _CandidateEvent, alpha: float) -> Panel:
    """``panel`` itself when the event shows nowhere on it; ``alpha`` is each suite's, for its interval."""
    replace = msgspec.structs.replace
    if isinstance(event, AnswerScored):
        return _answered(panel, event, alpha)
    if isinstance(event, PhaseChanged):
        if (panel.phase, panel.detail) == (event.phase, event.detail):
            return panel
        return replace(panel, phase=event.phase, detail=event.detail)
    if isinstance(event, SpeedMeasured):
        cause = event.disturbances[0].cause if event.disturbances else ""
        if event.kind == "prompt":
            return replace(panel, prompt=panel.prompt.plus(event), warning=cause)
        rate = panel.generation.plus(event)
        return replace(panel, generation=rate, trace=_longer(panel.trace, (event.tokens_per_second,)), warning=cause)
    if isinstance(event, ChatMeasured):
        cause = event.disturbances[0].cause if event.disturbances else ""
        trace = _longer(panel.trace, tuple(_chat_points(event.inter_token_s)))
        return replace(panel, latency=panel.latency.plus(event), trace=trace, warning=cause)
    if isinstance(event, (OptionsTurned, PromptsReworded, BlockRepeated)):
        return replace(panel, reasked=panel.reasked.plus(event, panel.answers))
    if isinstance(event, MemoryMeasured):
        return replace(panel, memory_bytes=event.peak_rss_bytes + event.vram_bytes)
    if isinstance(event, ModelLoaded):
        return replace(panel, loaded=event)
    if isinstance(event, WorkerDied):
        return replace(panel, death=event, detail="")
    if isinstance(event, CandidateStopped):
        phase: Phase = "failed" if event.reason == "failed" else "stopped"
        return replace(panel, stopped=event, phase=phase, detail=event.detail, warning="")
    return panel


def _longer(trace: tuple[float, ...], points: tuple[float, ...]) -> tuple[float, ...]:
    return (trace + points)[-_TRACE_POINTS:]


def _chat_points(gaps: tuple[float, ...]) -> Iterable[float]:
    for start in range(0, len(gaps), _TOKENS_A_POINT):
        group = gaps[start : start + _TOKENS_A_POINT]
        total = sum(group)
        if len(group) >= min(_TOKENS_A_POINT, len(gaps)) and total > 0:
            yield len(group) / total


def _answered(panel: Panel, event: AnswerScored, alpha: float) -> Panel:
    replace = msgspec.structs.replace
    key = (event.suite, event.item, event.repeat)
    if key in panel.answers:
        return panel
    panel = replace(panel, answers=panel.answers.plus(key, event))
    if event.repeat > 0:
        item = (event.suite, event.item, 0)
        drawn = (*panel.samples.get(item, ()), event.extracted)
        return replace(panel, samples={**panel.samples, item: drawn})
    tallies = _tallied(panel.tallies, event, alpha)
    low, high = mean_bounds(tallies)
    return replace(
        panel,
        tallies=tallies,
        latest=(event, *panel.latest[: _LATEST_KEPT - 1]),
        accuracy=sum(tally.share for tally in tallies) / len(tallies),
        low=low,
        high=high,
        answered=panel.answered + 1,
        choices=panel.choices + bool(event.options),
        fragile=panel.fragile + bool(event.options and event.fragile),
    )


def _tallied(tallies: tuple[Tally, ...], event: AnswerScored, alpha: float) -> tuple[Tally, ...]:
    for index, tally in enumerate(tallies):
        if tally.suite == event.suite:
            return (*tallies[:index], tally.plus(event.correct, alpha), *tallies[index + 1 :])
    return (*tallies, Tally(event.suite).plus(event.correct, alpha))
