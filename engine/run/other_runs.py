"""Whether another process is measuring: downloads wait for it, because they take processor time and bandwidth."""

from __future__ import annotations

import threading
import time

from .. import paths

_LOOK_EVERY_S = 5.0


class OtherRuns:
    """Looks for active runs of other processes, once every few seconds. May be called from several threads."""

    def __init__(self) -> None:
        self._looked_s = float("-inf")
        self._active = False
        self._lock = threading.Lock()

    def idle(self) -> bool:
        """Whether no run is active, so that a download may transfer."""
        from ..store.locks import RunLocks

        with self._lock:
            now_s = time.monotonic()
            if now_s - self._looked_s >= _LOOK_EVERY_S:
                self._looked_s = now_s
                self._active = RunLocks(paths.store_path().parent).any_held()
            return not self._active
