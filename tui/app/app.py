"""The app: owns the run, paints on a timer, switches modes. Everything shown is in the screens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from weighin.engine.errors import WeighinError
from weighin.engine.events.run import CandidateStopped, VerdictReached, WorkerDied

from ..modals.dialogs import ErrorDialog
from ..run.follower import Notice, RunFollower
from ..run.library import RunLibrary
from ..run.source import RunSource
from .binding_ids import binding_ids
from .builtin_modes import register_builtin_modes
from .controls import ControlsApp
from .gc_pauses import start_keeping, stop_keeping
from .host import BoardScreen
from .keys import ScreenCommands, keys_of
from .modes import modes
from .preferences import Preferences
from .themes import DARK, LIGHT

if TYPE_CHECKING:
    from ..modals.help_text import Block

_TICK_S = 0.25
_TIMED_TICK_S = 2.0
"""Painting takes computing time from the model being timed: at 0.5 s its generation lost 4 % on 2 cores."""


def _explained(topic: str) -> list[Block]:
    from ..modals.help_text import blocks, help_text  # imports a Markdown parser, not needed for the first frame

    return blocks(help_text(topic))


class WeighinApp(ControlsApp):
    """Shows one run and the history of runs; exits with the code the command should give."""

    TITLE = "weighin"
    CSS_PATH: ClassVar = [
        "app.tcss",
        # Those of the screens too: reading one when its screen is first shown would parse all again, on the loop.
        "../widgets/panel.tcss",
        *(f"../screens/{name}.tcss" for name in ("live", "results", "answers", "history")),
        *(f"../modals/{name}.tcss" for name in ("dialogs", "help", "compare")),
    ]
    COMMANDS: ClassVar = {ScreenCommands, *ControlsApp.COMMANDS}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "Help", id="app.help", key_display="?"),
        Binding("q,ctrl+q", "leave", "Quit", id="app.quit", key_display="q"),
        Binding("ctrl+t", "switch_theme", "Light/dark", id="app.theme", show=False),
        *(Binding(str(n), f"mode({n - 1})", f"Mode {n}", id=f"app.mode{n}", show=False) for n in range(1, 8)),
    ]

    def __init__(
        self,
        source: RunSource | None = None,
        *,
        library: RunLibrary | None = None,
        preferences: Preferences | None = None,
        mode: str = "live",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._preferences = preferences or Preferences()
        super().__init__(themes=(DARK, LIGHT), theme=self._preferences.theme)
        self.animation_level = "none"  # sixty frames a second would come out of the models' computing time
        self.follower = RunFollower(source)
        self.library = library
        self._clock = clock
        self._first_mode = mode
        self._painted_at = 0.0
        self._made = False
        register_builtin_modes()
        for each in modes():
            self.add_mode(each.name, each.factory)

    def on_mount(self) -> None:
        """Keys, first mode, paint timer, and off goes the run."""
        wanted = self._preferences.theme
        known = binding_ids() if self._preferences.keys else frozenset()  # it imports all screens
        self.set_keymap({name: key for name, key in self._preferences.keys.items() if name in known})
        unknown = [f"There is no binding called {name!r}." for name in self._preferences.keys if name not in known]
        if wanted and wanted not in self.available_themes:
            unknown.append(f"There is no theme called {wanted!r}.")
        for problem in (*self._preferences.problems, *unknown):
            self.notify(problem, title="config.toml", severity="warning", markup=False)
        self.switch_mode(self._first_mode)
        self.set_interval(_TICK_S, self.paint)
        self.follow(self.follower)
        self.call_after_refresh(start_keeping)

    def on_unmount(self) -> None:
        """The collector is the whole process's."""
        stop_keeping()

    def now(self) -> float:
        """Wall-clock time, seconds since the epoch; in a replay, the time it has come to."""
        source = self.follower.source
        return self.follower.board.at if source is not None and source.recorded else self._clock()

    def paint(self) -> None:
        """Show what changed on the screen in front."""
        if not self.screen_stack:  # the timer may tick once more while the app closes
            return
        board, screen, now = self.follower.board, self.screen, time.monotonic()
        # A little under the interval: timers are late by a millisecond or two, and a tick must not be lost to that.
        if not isinstance(screen, BoardScreen) or (board.timing and now - self._painted_at < _TIMED_TICK_S - 0.05):
            return
        self._painted_at = now
        with self.batch_update():
            screen.show_board(board, self.now())

    def follow(self, follower: RunFollower, mode: str = "") -> None:
        """Show a run, and its events as they come."""
        self.follower = follower
        if follower.source is not None and not self._made:
            # Making a screen parses all style sheets again, which must not happen while a run goes on.
            self._made, front = True, self.current_mode
            for name in ("results", "answers", "live", front):
                self.switch_mode(name)
        self.run_worker(self._follow(follower), group="run", exclusive=True)
        if mode:
            self.go(mode)

    async def _follow(self, follower: RunFollower) -> None:
        try:
            await follower.follow(self._noticed)
        except WeighinError as error:
            self.push_screen(ErrorDialog(error.what, error.hint))
        self.refresh_bindings()
        if self._leaving:
            self.exit(self.follower.exit_code)

    def _noticed(self, event: Notice) -> None:
        """Say the rare things at once."""
        self.refresh_bindings()
        if isinstance(event, VerdictReached):
            if self.current_mode == "live":
                self.go("results")
        elif isinstance(event, (WorkerDied, CandidateStopped)):
            stopped = isinstance(event, CandidateStopped)
            words = (event.detail or event.reason) if isinstance(event, CandidateStopped) else event.reason
            severe = not stopped or event.reason == "failed"
            title = self.follower.board.label(event.candidate)
            self.notify(words, title=title, severity="error" if severe else "information", markup=False)

    def go(self, mode: str) -> None:
        """Show another mode."""
        if mode in {each.name for each in modes()} and len(self.screen_stack) == 1:
            self.switch_mode(mode)
            self.refresh_bindings()

    action_go = go

    def action_mode(self, index: int) -> None:
        """Show another mode by its place."""
        if index < len(modes()):
            self.go(modes()[index].name)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Grey out what cannot be asked of the run now."""
        control = {"pause": "pause", "skip": "skip", "drop_suite": "drop", "cancel": "cancel"}.get(action)
        return None if control and not self.follower.can(control) else True  # type: ignore[arg-type]

    async def action_help(self) -> None:
        """Explain the screen in front."""
        topic = getattr(self.screen, "HELP_TOPIC", "")
        if topic:  # not on the help itself
            explained = await asyncio.to_thread(_explained, topic)
            from ..modals.help import HelpScreen

            self.push_screen(HelpScreen(explained, keys_of(self.screen)))

    def action_switch_theme(self) -> None:
        """Light or dark."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name
