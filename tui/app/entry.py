"""Starts the app: for a live run, the wizard, the history or a replay. Importing this imports Textual."""

from __future__ import annotations

from collections.abc import Sequence

from weighin.engine.events.run import Event
from weighin.engine.paths import store_path
from weighin.engine.plan.model import Plan

from ..run.library import StoreLibrary
from ..run.source import ReplaySource, RunSource
from .app import WeighinApp
from .modes import WIZARD_MODE, Mode
from .preferences import preferences_path, read_preferences


def run_app(source: RunSource | None, *, mode: str = "live", more_modes: Sequence[Mode] = ()) -> int:
    """Show a run from its first event on; returns an exit code as the headless command would.

    ``mode`` is the screen to begin with, one of the built-in modes or of ``more_modes``.
    """
    app = WeighinApp(
        source,
        mode=mode,
        more_modes=more_modes,
        library=StoreLibrary(store_path()),
        preferences=read_preferences(preferences_path()),
    )
    code = app.run()
    return app.return_code or 0 if code is None else code


def run_wizard() -> int:
    """Show the wizard and then the run that it ends with."""
    return run_app(None, mode=WIZARD_MODE.name, more_modes=(WIZARD_MODE,))


def run_history() -> int:
    """Show the stored runs."""
    return run_app(None, mode="history")


def run_replay(events: Sequence[Event], speed: float = 10.0, *, title: str = "replay", plan: Plan | None = None) -> int:
    """Play events through the live screen at ``speed`` times their real pace; 0 shows the end at once."""
    return run_app(ReplaySource(events, title=title, plan=plan, speed=speed))
