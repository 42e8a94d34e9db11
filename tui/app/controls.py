"""What the user asks of the run in front, with a question before what cannot be taken back."""

from __future__ import annotations

from ..modals.dialogs import Choose, Confirm
from .earlier_runs import RunsApp


class ControlsApp(RunsApp):
    """Pause, skip, drop, cancel, leave."""

    _leaving = False

    def action_pause(self) -> None:
        """Hold, or go on."""
        self.follower.toggle_pause()

    def action_skip(self, candidate: str) -> None:
        """Skip a candidate, after asking."""
        name = self.follower.board.label(candidate)
        question = Confirm(f"Skip {name}?", detail="Nothing more is asked of it; its results stay.", yes="Skip")
        self.push_screen(question, lambda yes: self.follower.skip(candidate) if yes else None)

    def action_drop_suite(self) -> None:
        """Drop a suite, picked from those still in the run."""
        board = self.follower.board
        options = [
            (s.name, f"{s.title or s.name}  {s.items} items") for s in board.suites if s.name not in board.dropped
        ]
        if options:
            self.push_screen(Choose("Drop which suite?", options), lambda s: self.follower.drop_suite(s) if s else None)

    def action_cancel(self) -> None:
        """End the run, after asking."""
        question = Confirm("End this run now?", detail="All results so far stay, and it can be resumed.", yes="End it")
        self.push_screen(question, lambda yes: self.follower.cancel() if yes else None)

    async def action_leave(self) -> None:
        """Quit; a run that is going on is ended first, after asking."""
        if not self.follower.active:
            self.exit(self.follower.exit_code)
        elif not self._leaving:
            question = Confirm(
                "End the run and quit?", detail="All results so far stay, and it can be resumed.", yes="Quit"
            )
            self.push_screen(question, self._leave_if)

    def _leave_if(self, yes: bool | None) -> None:
        if not yes:
            return
        self._leaving = True
        self.notify("Ending the run …", timeout=30)
        if self.follower.can("cancel"):
            self.follower.cancel()
        else:
            self.exit(self.follower.exit_code)
