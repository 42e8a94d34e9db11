"""Commands that open a screen and measure nothing. The first frame waits for everything that is imported here."""

from __future__ import annotations

from ..options import ReplayOptions


def replay_run(options: ReplayOptions) -> int:
    """Play a stored run on the live screen."""
    from weighin.engine import paths
    from weighin.engine.store.store import Store

    from ...app.entry import run_replay

    with Store.open(paths.store_path()) as store:
        row = store.find(options.run_id)
        return run_replay(store.events(row.id), options.speed, title=f"{row.name} (replay)", plan=store.plan(row.id))


def start_wizard() -> int:
    """Open the wizard, and from there the run that it starts."""
    from ...app.entry import run_wizard

    return run_wizard()


def show_history() -> int:
    """Open the list of earlier runs."""
    from ...app.entry import run_history

    return run_history()
