"""Starts the app: for a live run, for the history, for a replay. Importing this imports Textual."""

from __future__ import annotations

from collections.abc import Sequence

from weighin.engine.events.run import Event
from weighin.engine.paths import store_path
from weighin.engine.plan.model import Plan

from ..run.library import RunLibrary, StoreLibrary
from ..run.replay import ReplaySource
from ..run.source import RunSource
from .app import WeighinApp
from .preferences import preferences_path, read_preferences


def run_app(source: RunSource | None, *, mode: str = "live", library: RunLibrary | None = None) -> int:
    """Show a run from its first event on; gives the exit code of the command.

    0: a recommendation was made (or no run was started), 1: none could be, 130: cancelled.
    ``mode`` is the screen to begin with, such as one that ``register_mode`` added.
    """
    app = WeighinApp(
        source,
        mode=mode,
        library=library or StoreLibrary(store_path()),
        preferences=read_preferences(preferences_path()),
    )
    code = app.run()
    return app.return_code or 0 if code is None else code


def run_history(*, library: RunLibrary | None = None) -> int:
    """Show the earlier runs."""
    return run_app(None, mode="history", library=library)


def run_replay(events: Sequence[Event], speed: float = 10.0, *, title: str = "replay", plan: Plan | None = None) -> int:
    """Play events through the live screen, ``speed`` times as fast as they were; 0 shows the end at once."""
    return run_app(ReplaySource(events, title=title, plan=plan, speed=speed))
