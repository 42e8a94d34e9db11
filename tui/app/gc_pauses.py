"""Keeps the garbage collector from holding the event loop.

A full collection looks through everything that lives: with a run on the screen 117,000 objects, which took 73 ms and
hit whatever key was pressed just then. What survives one full collection is therefore taken out of its sight, so that
the next one looks only at what is newer. The price: what became part of a cycle before and dies afterwards, such as a
dialog that was open during a collection, is given back only when the app ends. Reference counts free all the rest.
"""

from __future__ import annotations

import gc

_OFTEN = (700, 10, 4)
"""Full collections more often than Python's 10 has them: each looks through less, and all together through as much."""
_before: list[tuple[int, int, int]] = []


def start_keeping() -> None:
    """Collect once, put what is there aside, and do so after every full collection from now on."""
    stop_keeping()
    gc.collect()
    gc.freeze()
    gc.collect()  # of nothing: Python waits until a quarter of what the last one left has come in addition
    gc.callbacks.append(_collected)
    _before.append(gc.get_threshold())
    gc.set_threshold(*_OFTEN)


def stop_keeping() -> None:
    """Let the collector see everything again."""
    if _collected in gc.callbacks:
        gc.callbacks.remove(_collected)
        gc.unfreeze()
        gc.set_threshold(*_before.pop())


def _collected(phase: str, info: dict[str, int]) -> None:
    if phase == "stop" and info["generation"] == 2:
        gc.freeze()
