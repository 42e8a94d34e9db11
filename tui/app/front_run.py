"""The run in front: follows its events, and passes on what the user asks of it.

Anything that cannot be undone asks for confirmation first.
"""

from __future__ import annotations

from textual.app import App
from textual.notifications import SeverityLevel

from weighin.engine.errors import WeighinError
from weighin.engine.events.run import CandidateNoted, CandidateStopped, VerdictReached, WorkerDied
from weighin.engine.judging.notes_text import note_text
from weighin.engine.judging.wording import stop_words

from ..modals.dialogs import Choose, Confirm, ErrorDialog
from ..run.follower import Notice, RunFollower
from ..run.source import Control, RunSource
from .modes import Modes

_CONTROLS: dict[str, Control] = {"pause": "pause", "skip": "skip", "drop_suite": "drop", "cancel": "cancel"}
"""What each of the app's actions asks of the run."""
_KEPT = "All results so far are kept, and you can resume the run."


class FrontRun:
    """The run that the screens show. Its worker belongs to the app, so it survives every change of screen."""

    def __init__(self, app: App[int], modes: Modes, source: RunSource | None) -> None:
        self._app = app
        self._modes = modes
        self.follower = RunFollower(source)
        self.quit_at_end = False
        """Whether the app exits as soon as the run has ended."""

    def follow(self, follower: RunFollower, mode: str = "") -> None:
        """Show a run and its events as they come; switch to ``mode`` unless it is empty."""
        self.follower = follower
        if follower.source is not None:
            self._modes.make_screens()
        self._app.run_worker(self._follow(follower), group="run", exclusive=True)
        if mode:
            self._modes.go(mode)

    async def _follow(self, follower: RunFollower) -> None:
        try:
            await follower.follow(self._notice)
        except WeighinError as error:
            self._app.push_screen(ErrorDialog(error.what, error.hint))
        self._app.refresh_bindings()
        if self.quit_at_end:
            self._app.exit(self.follower.exit_code)

    def _notice(self, event: Notice) -> None:
        self._app.refresh_bindings()
        if isinstance(event, VerdictReached):
            if self._app.current_mode == "live":
                self._modes.go("results")
        elif isinstance(event, WorkerDied):
            self._tell(event.candidate, event.reason, "error")
        elif isinstance(event, CandidateNoted):
            self._tell(event.candidate, note_text(event.note), "warning")
        elif isinstance(event, CandidateStopped):
            self._tell(event.candidate, stop_words(event), "error" if event.reason == "failed" else "information")

    def _tell(self, candidate: str, message: str, severity: SeverityLevel) -> None:
        self._app.notify(message, title=self.follower.board.label(candidate), severity=severity, markup=False)


class RunControls:
    """Pause, skip, drop, cancel, quit."""

    def __init__(self, app: App[int], front: FrontRun) -> None:
        self._app = app
        self._front = front

    def allows(self, action: str) -> bool:
        """Whether the run takes this action now; actions that are not about the run are always allowed."""
        return action not in _CONTROLS or self._front.follower.can(_CONTROLS[action])

    def pause(self) -> None:
        self._front.follower.toggle_pause()

    def skip(self, candidate: str) -> None:
        """Skip a candidate, after asking."""
        follower = self._front.follower
        question = Confirm(
            f"Skip {follower.board.label(candidate)}?",
            detail="It gets no more items; its results so far are kept.",
            yes="Skip",
        )
        self._app.push_screen(question, lambda yes: follower.skip(candidate) if yes else None)

    def drop_suite(self) -> None:
        """Drop one of the suites that are still in the run."""
        follower = self._front.follower
        options = [
            (suite.name, f"{suite.title or suite.name}  {suite.items} items")
            for suite in follower.board.suites
            if suite.name not in follower.board.dropped
        ]
        if options:
            self._app.push_screen(
                Choose("Drop which suite?", options), lambda suite: follower.drop_suite(suite) if suite else None
            )

    def cancel(self) -> None:
        """Cancel the run, after asking."""
        follower = self._front.follower
        question = Confirm("Cancel this run?", detail=_KEPT, yes="Cancel the run", no="Go back")
        self._app.push_screen(question, lambda yes: follower.cancel() if yes else None)

    def leave(self) -> None:
        """Quit; an active run is cancelled first, after asking."""
        if not self._front.follower.active:
            self._app.exit(self._front.follower.exit_code)
        elif not self._front.quit_at_end:
            question = Confirm("Cancel the run and quit?", detail=_KEPT, yes="Quit", no="Go back")
            self._app.push_screen(question, self._leave_if)

    def _leave_if(self, yes: bool | None) -> None:
        if not yes:
            return
        self._front.quit_at_end = True
        self._app.notify("Cancelling the run …", timeout=30)
        if self._front.follower.can("cancel"):
            self._front.follower.cancel()
        else:
            self._app.exit(self._front.follower.exit_code)
