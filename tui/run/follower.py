"""Follows one run: folds its events into the board and passes on the user's controls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from weighin.engine.events.run import CandidateNoted, CandidateStopped, Event, RunFinished, VerdictReached, WorkerDied
from weighin.engine.plan.model import Plan

from ..exit_codes import EXIT_CANCELLED, EXIT_NO_RECOMMENDATION
from .board import Board, fold
from .source import Control, RunSource

_BREATHER = 100
"""Number of events folded before the event loop gets a turn; folding them takes some milliseconds."""

Notice = CandidateNoted | CandidateStopped | WorkerDied | RunFinished | VerdictReached
"""The rare events that the app reacts to at once; everything else waits for the paint timer."""


class RunFollower:
    """One run, from its first event to its last."""

    def __init__(
        self,
        source: RunSource | None = None,
        *,
        board: Board | None = None,
        plan: Plan | None = None,
        title: str = "",
    ) -> None:
        self.source = source
        self.title = source.title if source else title
        """What the title bar calls the run."""
        self.board = board or Board()
        self.plan = source.plan if source else plan
        self.active = False
        """Whether events are still coming."""

    async def follow(self, notify: Callable[[Notice], None]) -> None:
        """Fold every event and pass the rare ones to ``notify``.

        Raises:
            WeighinError: the run cannot continue.
        """
        if self.source is None:
            return
        self.active = True
        folded = 0
        try:
            async for event in self.source.events():
                self._take(event, notify)
                folded += 1
                if folded % _BREATHER == 0:
                    await asyncio.sleep(0)
        finally:
            self.active = False

    def _take(self, event: Event, notify: Callable[[Notice], None]) -> None:
        self.board = fold(self.board, event)
        if isinstance(event, (CandidateNoted, CandidateStopped, WorkerDied, RunFinished, VerdictReached)):
            notify(event)

    @property
    def exit_code(self) -> int:
        """The code the headless command would return: 0 with a winner or without a run."""
        board = self.board
        if board.finished is not None and board.finished.outcome == "cancelled":
            return EXIT_CANCELLED
        if board.started is None or (board.verdict is not None and board.verdict.winner):
            return 0
        return EXIT_NO_RECOMMENDATION

    def can(self, control: Control) -> bool:
        """Whether the run accepts this control now."""
        return self.active and self.source is not None and control in self.source.controls

    def toggle_pause(self) -> None:
        if self.source is None or not self.can("pause"):
            return
        if self.board.paused:
            self.source.unpause()
        else:
            self.source.pause()

    def skip(self, candidate: str) -> None:
        if self.source is not None and self.can("skip"):
            self.source.skip(candidate)

    def drop_suite(self, suite: str) -> None:
        if self.source is not None and self.can("drop"):
            self.source.drop_suite(suite)

    def cancel(self) -> None:
        if self.source is not None and self.can("cancel"):
            self.source.cancel()
