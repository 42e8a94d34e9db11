"""The app's modes: its main screens, each with a key. A new one is a ``Mode`` here or one passed to ``run_app``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from textual.app import App
from textual.message import Message
from textual.screen import Screen


@dataclass(frozen=True)
class Mode:
    """One of the app's main screens."""

    name: str
    title: str
    """In the title bar."""
    key: str
    factory: Callable[[], Screen[Any]]
    """Makes the screen. It imports the screen, so that the first frame waits only for what it shows."""


def _live() -> Screen[Any]:
    from ..screens.live import LiveScreen

    return LiveScreen()


def _results() -> Screen[Any]:
    from ..screens.results import ResultsScreen

    return ResultsScreen()


def _answers() -> Screen[Any]:
    from ..screens.answers import AnswersScreen

    return AnswersScreen()


def _history() -> Screen[Any]:
    from ..screens.history import HistoryScreen

    return HistoryScreen()


def _wizard() -> Screen[Any]:
    from ..wizard.screen import WizardScreen

    return WizardScreen()


BUILT_IN_MODES = (
    Mode("live", "Live", "1", _live),
    Mode("results", "Results", "2", _results),
    Mode("answers", "Answers", "3", _answers),
    Mode("history", "History", "4", _history),
)
"""Every app has these."""
WIZARD_MODE = Mode("wizard", "New run", "5", _wizard)


class Modes:
    """The modes of one app, and the way from one to another."""

    def __init__(self, app: App[int], modes: Sequence[Mode]) -> None:
        self._app = app
        self._modes = tuple(sorted(modes, key=lambda mode: mode.key))
        self._made = False
        for mode in self._modes:
            app.add_mode(mode.name, mode.factory)

    @property
    def tabs(self) -> tuple[tuple[str, str, str], ...]:
        """Key, name and title of each mode, for the title bar."""
        return tuple((mode.key, mode.name, mode.title) for mode in self._modes)

    def go(self, name: str, message: Message | None = None) -> None:
        """Show another mode and send its screen ``message``. Does nothing while a dialog is open."""
        if name in {mode.name for mode in self._modes} and len(self._app.screen_stack) == 1:
            self._app.switch_mode(name)
            self._app.refresh_bindings()
            if message is not None:
                self._app.screen.post_message(message)

    def go_to(self, index: int) -> None:
        """Show the mode at this place in the title bar."""
        if index < len(self._modes):
            self.go(self._modes[index].name)

    def make_screens(self) -> None:
        """Make the screens of a run now, once: making one parses all style sheets, too slow during a run."""
        if not self._made:
            self._made, front = True, self._app.current_mode
            for name in ("results", "answers", "live", front):
                self._app.switch_mode(name)
