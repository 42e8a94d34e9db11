"""What screens may ask of the app. Anything slow or on disk happens behind it, never in a screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast

from textual.screen import Screen

from ..run.board import Board
from ..run.follower import RunFollower
from ..run.library import RunLine


class Host(Protocol):
    """The app as screens see it."""

    follower: RunFollower
    """The run being shown."""

    def now(self) -> float:
        """Wall-clock time, seconds since the epoch."""
        ...

    def go(self, mode: str) -> None:
        """Show another of the app's modes."""
        ...

    async def list_runs(self) -> list[RunLine]:
        """Earlier runs, newest first."""
        ...

    async def load_boards(self, run_ids: Sequence[str]) -> list[Board]:
        """Earlier runs as they ended."""
        ...

    async def open_run(self, run_id: str, *, resume: bool = False) -> None:
        """Show an earlier run, or go on with it."""
        ...

    async def rename_run(self, run_id: str, name: str) -> None:
        """Give an earlier run another name."""
        ...

    async def delete_run(self, run_id: str) -> None:
        """Remove an earlier run with all its answers."""
        ...


class BoardScreen(Screen[None]):
    """The base screen of a mode; the app calls ``show_board`` on the paint timer."""

    HELP_TOPIC = "live"
    """File in assets/help that explains the screen."""
    painted: tuple[object, ...] = ()
    _composed = False

    @property
    def ready(self) -> bool:
        """Whether its widgets are there: the paint timer may tick while they come, and while they go at the end."""
        return self._composed and self.app.is_running

    def on_mount(self) -> None:
        """Textual calls this as well as a subclass's own."""
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
        """Lay out again after the new size is known."""
        self.painted = ()
        self.call_after_refresh(self.on_screen_resume)
