"""Which runs a process is working on: a lock file per run, beside the run database."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

from .. import paths
from ..errors import RunBusyError, StoreError

_LOOK_EVERY_S = 5.0


class RunLocks:
    """The locks in ``folder``. The kernel releases a lock when the process that holds it dies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def hold(self, run_id: str) -> Iterator[None]:
        """Hold the run for this process.

        Raises:
            RunBusyError: another process holds it.
            StoreError: the lock file cannot be made.
        """
        lock = filelock.FileLock(self._path(run_id), mode=0o600)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise RunBusyError(
                f"Another process is working on run {run_id}.", hint="Wait until it ends, or stop it."
            ) from None
        except OSError as error:
            raise StoreError(f"The lock of run {run_id} cannot be made: {error}.") from None
        try:
            yield
        finally:
            # Before the release: whoever opened the file by now sees that it is gone, and tries again with a new one.
            self.remove(run_id)
            lock.release()

    def is_held(self, run_id: str) -> bool:
        """Whether another process holds the run."""
        path = self._path(run_id)
        return path.exists() and _is_held(path)

    def any_held(self) -> bool:
        """Whether another process holds any run. Much cheaper than opening the database."""
        return any(_is_held(path) for path in self._folder.glob("run-*.lock"))

    def remove(self, run_id: str) -> None:
        """Remove the lock file of a run that nobody works on any more, where the system allows that."""
        with suppress(OSError):  # Windows keeps files that are open
            self._path(run_id).unlink(missing_ok=True)

    def _path(self, run_id: str) -> Path:
        return self._folder / f"run-{run_id}.lock"


def _is_held(path: Path) -> bool:
    try:
        with filelock.FileLock(path).acquire(timeout=0):
            return False
    except filelock.Timeout:
        return True
    except OSError:
        return False


class OtherRuns:
    """Whether another process is measuring: downloads wait for it, because they take processor time and bandwidth.

    Looks once every few seconds. May be called from several threads.
    """

    def __init__(self) -> None:
        self._looked_s = float("-inf")
        self._active = False
        self._lock = threading.Lock()

    def idle(self) -> bool:
        """Whether no run is active, so that a download may transfer."""
        with self._lock:
            now_s = time.monotonic()
            if now_s - self._looked_s >= _LOOK_EVERY_S:
                self._looked_s = now_s
                self._active = RunLocks(paths.store_path().parent).any_held()
            return not self._active
