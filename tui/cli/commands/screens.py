"""Commands that open a screen and measure nothing. The first frame waits for all that is imported here."""

from __future__ import annotations


def replay_run(run_id: str, *, speed: float) -> int:
    """Play a stored run through the live screen."""
    from weighin.engine import paths
    from weighin.engine.store.store import Store

    from ...app.entry import run_replay

    with Store.open(paths.store_path()) as store:
        row = store.find(run_id)
        return run_replay(store.events(row.id), speed, title=f"{row.name} (replay)", plan=store.plan(row.id))


def start_wizard() -> int:
    """The wizard, and from there the run it ends in."""
    from ...app.entry import run_wizard

    return run_wizard()


def show_history() -> int:
    """The earlier runs, on a screen."""
    from ...app.entry import run_history

    return run_history()
