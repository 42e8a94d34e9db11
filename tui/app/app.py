"""The app: owns the run in front, paints on a timer, switches modes. Everything shown is in the screens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from ..run.follower import RunFollower
from ..run.library import StoreLibrary
from ..run.source import RunSource
from ..screens.host import BoardScreen
from .front_run import FrontRun, RunControls
from .gc_pauses import start_keeping, stop_keeping
from .keys import ScreenCommands, binding_ids, keys_of
from .modes import BUILT_IN_MODES, Mode, Modes
from .open_runs import OpenRuns
from .preferences import Preferences
from .themes import DARK, LIGHT, StyledApp
from .warnings import Warnings

if TYPE_CHECKING:
    from ..modals.help import Block
    from ..wizard.screen import WizardScreen

_TICK_S = 0.25
_TIMED_TICK_S = 2.0
"""Painting takes computing time from the model being timed: at 0.5 s its generation lost 4 % on 2 cores."""


def _help_blocks(topic: str) -> list[Block]:
    from ..modals.help import blocks, help_text  # imports a Markdown parser, not needed for the first frame

    return blocks(help_text(topic))


class WeighinApp(StyledApp):
    """Shows one run and the runs in the store; exits with the code the command should return."""

    TITLE = "weighin"
    CSS_PATH: ClassVar = [
        "app.tcss",
        # Those of the screens too: reading one when its screen is first shown would parse all again, on the loop.
        "../widgets/panel.tcss",
        *(f"../screens/{name}.tcss" for name in ("live", "results", "answers", "history")),
        *(f"../modals/{name}.tcss" for name in ("dialogs", "help", "compare")),
    ]
    COMMANDS: ClassVar = {ScreenCommands, *StyledApp.COMMANDS}
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
        library: StoreLibrary | None = None,
        preferences: Preferences | None = None,
        mode: str = "live",
        more_modes: Sequence[Mode] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._preferences = preferences or Preferences()
        super().__init__(themes=(DARK, LIGHT), theme=self._preferences.theme)
        self.animation_level = "none"  # sixty frames a second would come out of the models' computing time
        self._clock = clock
        self._first_mode = mode
        self._painted_at = 0.0
        self.modes = Modes(self, (*BUILT_IN_MODES, *more_modes))
        self.front = FrontRun(self, self.modes, source)
        self.controls = RunControls(self, self.front)
        self.open_runs = OpenRuns(self, self.front, library)
        self._warnings = Warnings(self)

    @property
    def follower(self) -> RunFollower:
        """The run being shown."""
        return self.front.follower

    @property
    def mode_tabs(self) -> tuple[tuple[str, str, str], ...]:
        """Key, name and title of each mode, for the title bar."""
        return self.modes.tabs

    def on_mount(self) -> None:
        self._warnings.attach()
        self._apply_preferences()
        self.switch_mode(self._first_mode)
        self.set_interval(_TICK_S, self.paint)
        self.front.follow(self.follower)
        self.call_after_refresh(start_keeping)

    def _apply_preferences(self) -> None:
        keys, theme = self._preferences.keys, self._preferences.theme
        known = binding_ids(type(self)) if keys else frozenset()  # imports all screens
        self.set_keymap({name: key for name, key in keys.items() if name in known})
        problems = [*self._preferences.problems]
        problems += [f"[keys] has no binding called {name!r}." for name in keys if name not in known]
        if theme and theme not in self.available_themes:
            problems.append(f"There is no theme called {theme!r}.")
        for problem in problems:
            self.notify(problem, title="config.toml", severity="warning", markup=False)

    def on_unmount(self) -> None:
        """The garbage collector and the log belong to the whole process."""
        stop_keeping()
        self._warnings.detach()

    def now(self) -> float:
        """Wall-clock time in seconds since the epoch; in a replay, the time of the newest event."""
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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Gray out what the run does not take now."""
        return True if self.controls.allows(action) else None

    async def on_wizard_screen_finished(self, event: WizardScreen.Finished) -> None:
        await self.open_runs.start(event.plan)

    def go(self, mode: str, message: Message | None = None) -> None:
        """Show another mode and send its screen ``message``."""
        self.modes.go(mode, message)

    action_go = go

    def action_mode(self, index: int) -> None:
        self.modes.go_to(index)

    def action_pause(self) -> None:
        self.controls.pause()

    def action_skip(self, candidate: str) -> None:
        self.controls.skip(candidate)

    def action_drop_suite(self) -> None:
        self.controls.drop_suite()

    def action_cancel(self) -> None:
        self.controls.cancel()

    def action_leave(self) -> None:
        self.controls.leave()

    def action_export(self) -> None:
        self.run_worker(self.open_runs.export_front(), group="export", exclusive=True)

    async def action_help(self) -> None:
        topic = getattr(self.screen, "HELP_TOPIC", "")
        if topic:  # not on the help itself
            explained = await asyncio.to_thread(_help_blocks, topic)
            from ..modals.help import HelpScreen

            self.push_screen(HelpScreen(explained, keys_of(self.screen)))

    def action_switch_theme(self) -> None:
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name
