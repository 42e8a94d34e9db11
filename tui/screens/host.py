"""What screens may ask of the app, and the base of its main screens.

Anything slow or on disk happens behind these protocols, never in a screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from textual.message import Message
from textual.screen import Screen

from ..run.board import Board
from ..run.follower import RunFollower

if TYPE_CHECKING:
    from ..run.library import RunRow


@dataclass
class CandidateWanted(Message):
    """The user wants to see this candidate on the screen that receives the message."""

    candidate: str
    """Its id."""


class StoredRuns(Protocol):
    """The runs in the store. Failures are shown to the user, not raised."""

    async def rows(self) -> list[RunRow]:
        """The runs, newest first."""

    async def boards(self, run_ids: Sequence[str]) -> list[Board]:
        """The runs as they ended; empty when one of them cannot be read."""

    async def open(self, run_id: str, *, resume: bool = False) -> None:
        """Show a run, or resume it."""

    async def rename(self, run_id: str, name: str) -> None:
        """Rename a run."""

    async def delete(self, run_id: str) -> None:
        """Delete a run with all its answers."""


class Host(Protocol):
    """The app as screens see it."""

    @property
    def follower(self) -> RunFollower:
        """The run being shown."""

    @property
    def open_runs(self) -> StoredRuns:
        """The runs in the store."""

    @property
    def mode_tabs(self) -> tuple[tuple[str, str, str], ...]:
        """Key, name and title of each mode, for the title bar."""

    def now(self) -> float:
        """Wall-clock time, seconds since the epoch."""

    def go(self, mode: str, message: Message | None = None) -> None:
        """Show another mode and send its screen ``message``."""


class BoardScreen(Screen[None]):
    """The base screen of a mode; the app calls ``show_board`` on the paint timer."""

    HELP_TOPIC = "live"
    """File in assets/help that explains the screen."""
    painted: tuple[object, ...] = ()
    _composed = False

    @property
    def ready(self) -> bool:
        """Whether its widgets exist: the paint timer also ticks while they are being mounted and removed."""
        return self._composed and self.app.is_running

    def on_mount(self) -> None:
        """Textual calls this in addition to a subclass's own."""
        self._composed = True

    @property
    def host(self) -> Host:
        """The app."""
        return cast(Host, self.app)

    def show_board(self, board: Board, now: float) -> None:
        """Paint what changed since the last call."""

    def on_screen_resume(self) -> None:
        """Show the newest picture at once when the mode comes to the front."""
        self.show_board(self.host.follower.board, self.host.now())

    def on_resize(self) -> None:
        """Lay out again once the new size is known."""
        self.painted = ()
        self.call_after_refresh(self.on_screen_resume)
