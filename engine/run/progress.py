"""How far a run is: what each candidate has done, and how long it took. Folded from events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..events.notes import Note, TriedAgain
from ..events.run import (
    CONSISTENCY_EVENTS,
    BlockScored,
    CandidateNoted,
    CandidateStopped,
    ChatMeasured,
    Event,
    MemoryMeasured,
    RaceSettled,
    RunFinished,
    RunStarted,
    SpeedMeasured,
    SuiteDropped,
)
from .consistency.questions import step_done
from .steps import Reask


@dataclass
class CandidateProgress:
    """What one candidate has done."""

    repeats: dict[str, set[int]] = field(default_factory=lambda: {"prompt": set(), "generation": set()})
    chats: set[int] = field(default_factory=set)
    blocks: set[tuple[str, int]] = field(default_factory=set)
    reasked: set[Reask] = field(default_factory=set)
    """What was asked again for consistency."""
    memory_measured: bool = False
    stopped: bool = False
    notes: set[Note] = field(default_factory=set)
    """What the user was told about it."""
    speed_s: dict[str, float] = field(default_factory=dict)
    """Duration of the latest repeat of each kind."""
    block_s: dict[str, list[float]] = field(default_factory=dict)
    """Durations of the blocks of each suite."""
    reask_s: dict[str, list[float]] = field(default_factory=dict)
    """Durations of the consistency steps of each kind."""


@dataclass
class Progress:
    """What the run has done."""

    candidates: dict[str, CandidateProgress] = field(default_factory=dict)
    dropped_suites: set[str] = field(default_factory=set)
    settled: bool = False
    """More items would decide nothing."""
    active_s: float = 0.0
    """Wall time that earlier processes spent on the run."""

    def of(self, candidate: str) -> CandidateProgress:
        """The candidate's progress, empty at first."""
        return self.candidates.setdefault(candidate, CandidateProgress())

    def note(self, event: Event) -> None:
        """Take one event into account."""
        if isinstance(event, SpeedMeasured):
            mine = self.of(event.candidate)
            mine.speed_s[event.kind] = event.elapsed_s
            if event.final:
                mine.repeats[event.kind].add(event.repeat)
        elif isinstance(event, ChatMeasured):
            self.of(event.candidate).chats.add(event.prompt)
        elif isinstance(event, MemoryMeasured):
            self.of(event.candidate).memory_measured = True
        elif isinstance(event, BlockScored):
            mine = self.of(event.candidate)
            mine.blocks.add((event.suite, event.block))
            mine.block_s.setdefault(event.suite, []).append(event.elapsed_s)
        elif isinstance(event, CONSISTENCY_EVENTS):
            mine, step = self.of(event.candidate), step_done(event)
            mine.reasked.add(step)
            mine.reask_s.setdefault(step.kind, []).append(event.elapsed_s)
        elif isinstance(event, CandidateNoted):
            self.of(event.candidate).notes.add(event.note)
            if isinstance(event.note, TriedAgain):
                self.of(event.candidate).stopped, self.settled = False, False
        elif isinstance(event, CandidateStopped):
            self.of(event.candidate).stopped = True
        elif isinstance(event, RaceSettled):
            self.settled = True
        elif isinstance(event, SuiteDropped):
            self.dropped_suites.add(event.suite)

    def replay(self, events: Iterable[Event]) -> None:
        """Take the stored events of earlier processes into account, in stored order."""
        started = last = 0.0
        for event in events:
            if isinstance(event, RunStarted):
                self.active_s += max(0.0, last - started)
                started = event.at
            last = event.at
            self.note(event)
            if isinstance(event, RunFinished) and event.outcome == "out of time":
                self.active_s, started = 0.0, last  # who resumes it grants the budget again
        self.active_s += max(0.0, last - started)
