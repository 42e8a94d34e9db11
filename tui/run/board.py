"""The state of a run that screens paint, folded from its events.

``fold(board, event)`` returns the next board and leaves the old one unchanged; unchanged parts are shared. Each panel
carries a revision, so that a screen repaints only what changed. Nothing here imports Textual. Any sequence of events
gives a board, because a recorded run may start in the middle.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from weighin.engine.events.notes import Note, TriedAgain
from weighin.engine.events.run import (
    REASKED_EVENTS,
    AnswerScored,
    BlockScored,
    CandidateCard,
    CandidateNoted,
    CandidateStopped,
    ChatMeasured,
    Event,
    MemoryMeasured,
    ModelLoaded,
    Phase,
    PhaseChanged,
    RaceSettled,
    RaceStarted,
    ReaskedEvent,
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
from weighin.engine.judging.wording import stop_words
from weighin.engine.visible import visible

from .figures import AnswerKey, AnswerMap, Latency, Rate, Reasked, Tally, agreement, mean_bounds

_TRACE_POINTS = 240
"""Number of points kept for the generation graph: the widest terminal shows no more."""
_ALERTS_KEPT = 50
_LATEST_KEPT = 16
_TOKENS_A_POINT = 8
"""Number of tokens of a chat answer averaged into one point of the graph: single gaps vary too much to read."""
_TIMED: frozenset[str] = frozenset({"warming up", "speed", "latency"})


class Alert(msgspec.Struct, frozen=True):
    """Something the user should know. The board lists the newest last."""

    at: float
    candidate: str
    """Empty when it concerns the run."""
    text: str
    severe: bool


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a candidate's panel shows."""

    card: CandidateCard
    revision: int = 0
    """Increases with every change."""
    phase: Phase = "waiting"
    detail: str = ""
    prompt: Rate = Rate()
    generation: Rate = Rate()
    trace: tuple[float, ...] = ()
    """Generation tokens per second in the order measured, from both speed repeats and chat answers."""
    latency: Latency = Latency()
    memory_bytes: int | None = None
    """Peak of resident plus video memory."""
    tallies: tuple[Tally, ...] = ()
    """One per suite with answers, in the order of the first answer."""
    answers: AnswerMap = AnswerMap()
    latest: tuple[AnswerScored, ...] = ()
    """The newest answers, newest first."""
    accuracy: float | None = None
    """Unweighted mean over suites, 0 to 1."""
    low: float = 0.0
    high: float = 1.0
    """Interval around ``accuracy`` for new items like these. It holds at 95 % however often you look."""
    answered: int = 0
    choices: int = 0
    """Number of answers to choice items."""
    fragile: int = 0
    """Number of those that a different batch layout could flip."""
    cut_while_thinking: int = 0
    samples: dict[AnswerKey, tuple[str | None, ...]] = {}
    """Sampled answers by item (repeat 0); a new dict with every change."""
    reasked: Reasked = Reasked()
    """Items asked again with reordered options, with a reworded prompt, or unchanged."""
    warning: str = ""
    """Why the newest figure is disturbed; empty once an undisturbed one follows."""
    notes: tuple[Note, ...] = ()
    loaded: ModelLoaded | None = None
    death: WorkerDied | None = None
    stopped: CandidateStopped | None = None

    @property
    def consistency(self) -> float | None:
        """Chance that two sampled answers to an item agree, averaged over items; None without samples."""
        shares = [agreement(drawn) for drawn in self.samples.values() if len(drawn) > 1]
        return sum(shares) / len(shares) if shares else None

    @property
    def fragile_share(self) -> float | None:
        """Share of choice answers that a different batch layout could flip; None without choice answers."""
        return self.fragile / self.choices if self.choices else None

    @property
    def racing(self) -> bool:
        """Whether it still gets items."""
        return self.stopped is None


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """The run as of its newest event."""

    started: RunStarted | None = None
    panels: tuple[Panel, ...] = ()
    suites: tuple[SuiteCard, ...] = ()
    dropped: frozenset[str] = frozenset()
    race: RaceStarted | None = None
    """Set when candidates may stop early."""
    settled: RaceSettled | None = None
    """Set once no more items are asked."""
    round: RoundStarted | None = None
    paused: bool = False
    finished: RunFinished | None = None
    verdict: VerdictReached | None = None
    alerts: tuple[Alert, ...] = ()
    answered: int = 0
    """Number of first answers, over all candidates."""
    revision: int = 0
    at: float = 0.0
    """Time of the newest event."""

    def panel(self, candidate: str) -> Panel | None:
        """The panel of ``candidate``; None when it is unknown."""
        return next((panel for panel in self.panels if panel.card.id == candidate), None)

    def label(self, candidate: str) -> str:
        """Name and quant of a candidate; its id when it is unknown."""
        panel = self.panel(candidate)
        return f"{panel.card.name} {panel.card.quant}".strip() if panel else candidate

    @property
    def timing(self) -> bool:
        """Whether something is being timed now, so that the screens should paint rarely."""
        return self.finished is None and any(panel.phase in _TIMED for panel in self.panels)

    @property
    def items_total(self) -> int:
        """Answers the run will have. Stopped candidates count only their answers so far, dropped suites none."""
        if self.settled is not None:
            return self.answered
        wanted = sum(suite.items for suite in self.suites if suite.name not in self.dropped)
        return sum(wanted if panel.racing else panel.answered for panel in self.panels)

    @property
    def share_done(self) -> float:
        """Completed part of the run, 0 to 1: the mean of speed repeats and answers, where the run has both."""
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
        """The round's estimate minus the time since; None when it is unknown or the run is finished or paused."""
        if self.round is None or self.round.seconds_left is None or self.finished is not None or self.paused:
            return None
        return max(0.0, self.round.seconds_left - max(0.0, now - self.round.at))

    @property
    def chance(self) -> float | None:
        """Mean accuracy of guessing over the suites still in the run; None when it is unknown for all of them."""
        live = [suite for suite in self.suites if suite.name not in self.dropped]
        if not any(suite.chance is not None for suite in live):
            return None
        return sum(suite.chance or 0.0 for suite in live) / len(live)


def fold(board: Board, event: Event) -> Board:
    """Return the board after ``event``."""
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
    """Fold many events, starting with ``board`` or an empty one."""
    board = board or Board()
    for event in events:
        board = fold(board, event)
    return board


def _started(board: Board, event: RunStarted, at: float) -> Board:
    """Existing panels keep their figures: a resumed run starts with the results it had."""
    known = {panel.card.id: panel for panel in board.panels}
    panels = [
        msgspec.structs.replace(
            known.pop(card.id) if card.id in known else Panel(card=card),
            card=msgspec.structs.replace(card, name=visible(card.name)),
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
    | CandidateNoted
    | SpeedMeasured
    | ChatMeasured
    | MemoryMeasured
    | AnswerScored
    | BlockScored
    | SamplesDrawn
    | ReaskedEvent
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
        return Alert(event.at, event.candidate, stop_words(event), severe=event.reason == "failed")
    if isinstance(event, (SpeedMeasured, ChatMeasured)) and event.disturbances:
        return Alert(event.at, event.candidate, event.disturbances[0].cause, severe=False)
    return None


def _panel_after(panel: Panel, event: _CandidateEvent, alpha: float) -> Panel:
    """The same object when the event changes nothing it shows. ``alpha`` is the error rate of a suite's interval."""
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
    if isinstance(event, REASKED_EVENTS):
        return replace(panel, reasked=panel.reasked.plus(event, panel.answers))
    if isinstance(event, MemoryMeasured):
        return replace(panel, memory_bytes=event.peak_rss_bytes + event.vram_bytes)
    if isinstance(event, ModelLoaded):
        return replace(panel, loaded=event)
    if isinstance(event, CandidateNoted):
        notes = panel.notes if event.note in panel.notes else (*panel.notes, event.note)
        back = isinstance(event.note, TriedAgain)
        return replace(panel, notes=notes, **({"stopped": None, "death": None, "phase": "waiting"} if back else {}))
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
    if event.repeat > 0 and not event.thinking_closed:
        return panel
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
        cut_while_thinking=panel.cut_while_thinking + (not event.thinking_closed),
    )


def _tallied(tallies: tuple[Tally, ...], event: AnswerScored, alpha: float) -> tuple[Tally, ...]:
    for index, tally in enumerate(tallies):
        if tally.suite == event.suite:
            return (*tallies[:index], tally.plus(event.correct, alpha), *tallies[index + 1 :])
    return (*tallies, Tally(event.suite).plus(event.correct, alpha))
