"""Keeps the garbage collector from blocking the event loop.

A full collection visits every live object: 117,000 with a run on the screen, which took 73 ms and delayed whatever
key was pressed just then. Objects that survive a full collection are therefore frozen, so that the next one visits
only newer ones. The price: a frozen cycle that becomes garbage later, such as a dialog that was open during a
collection, is freed only when the app ends. Reference counts free everything else.
"""

from __future__ import annotations

import gc

_OFTEN = (700, 10, 4)
"""More frequent full collections than Python's 10: each visits less, and together they visit as much."""
_before: list[tuple[int, int, int]] = []


def start_keeping() -> None:
    """Collect once, freeze what survives, and do the same after every full collection from now on."""
    stop_keeping()
    gc.collect()
    gc.freeze()
    gc.collect()  # almost nothing to visit, so the next one comes early: Python waits for a quarter as many objects
    gc.callbacks.append(_collected)
    _before.append(gc.get_threshold())
    gc.set_threshold(*_OFTEN)


def stop_keeping() -> None:
    """Unfreeze everything and restore the thresholds."""
    if _collected in gc.callbacks:
        gc.callbacks.remove(_collected)
        gc.unfreeze()
        gc.set_threshold(*_before.pop())


def _collected(phase: str, info: dict[str, int]) -> None:
    if phase == "stop" and info["generation"] == 2:
        gc.freeze()
