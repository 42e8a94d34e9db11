"""Whether another process is measuring: downloads wait for it, because they take processor time and bandwidth."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .. import paths


class OtherRuns:
    """Looks for active runs of other processes, once every few seconds. May be called from several threads."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, every_s: float = 5.0) -> None:
        self._clock = clock
        self._every_s = every_s
        self._looked_s = float("-inf")
        self._active = False
        self._lock = threading.Lock()

    def idle(self) -> bool:
        """Whether no run is active, so that a download may transfer."""
        from ..store.locks import RunLocks

        with self._lock:
            now_s = self._clock()
            if now_s - self._looked_s >= self._every_s:
                self._looked_s = now_s
                self._active = RunLocks(paths.store_path().parent).any_held()
            return not self._active
