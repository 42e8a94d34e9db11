"""Whether another process is measuring: downloads wait for it, because they take processor time and bandwidth."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .. import paths


class RunsElsewhere:
    """Looks for runs at work in other processes, at most every few seconds. May be called from several threads."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, every_s: float = 5.0) -> None:
        self._clock = clock
        self._every_s = every_s
        self._looked_s = float("-inf")
        self._working = False
        self._lock = threading.Lock()

    def none(self) -> bool:
        """True when no run is at work: the form that a download asks for."""
        with self._lock:
            now_s = self._clock()
            if now_s - self._looked_s >= self._every_s:
                self._looked_s = now_s
                self._working = _any_run_is_locked()
            return not self._working


def _any_run_is_locked() -> bool:
    """By the locks beside the run database; opening that would cost the run more than a look at its locks."""
    import filelock

    for path in paths.store_path().parent.glob("run-*.lock"):
        try:
            with filelock.FileLock(path).acquire(timeout=0):
                continue
        except filelock.Timeout:
            return True
        except OSError:
            continue
    return False
