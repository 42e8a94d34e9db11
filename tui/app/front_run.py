"""The run in front: follows its events and tells the user at once about the rare ones."""

from __future__ import annotations

from textual.app import App

from weighin.engine.errors import WeighinError
from weighin.engine.events.run import CandidateStopped, VerdictReached, WorkerDied
from weighin.engine.judging.wording import stop_words

from ..modals.dialogs import ErrorDialog
from ..run.follower import Notice, RunFollower
from ..run.source import RunSource
from .modes import Modes


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
            self._tell(event.candidate, event.reason, severe=True)
        elif isinstance(event, CandidateStopped):
            self._tell(event.candidate, stop_words(event), severe=event.reason == "failed")

    def _tell(self, candidate: str, message: str, *, severe: bool) -> None:
        title = self.follower.board.label(candidate)
        self._app.notify(message, title=title, severity="error" if severe else "information", markup=False)
