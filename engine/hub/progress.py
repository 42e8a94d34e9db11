"""Events of a download, and the meter that computes its rate."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import msgspec

_INTERVAL_S = 0.2
_WINDOW_S = 5.0


class DownloadEvent(msgspec.Struct, frozen=True, tag=True):
    """Base of everything that a download reports."""

    name: str
    """``owner/repo:file.gguf``. A split model has the name of its first part and the bytes of all."""


class DownloadStarted(DownloadEvent, frozen=True, tag=True):
    """The hub has responded, and the disk has enough space."""

    bytes_total: int


class DownloadResumed(DownloadEvent, frozen=True, tag=True):
    """An earlier, unfinished download continues."""

    bytes_done: int
    bytes_total: int


class DownloadProgressed(DownloadEvent, frozen=True, tag=True):
    """Sent up to five times per second."""

    bytes_done: int
    bytes_total: int
    bytes_per_second: float
    """Over the last seconds; 0 when nothing arrives."""
    seconds_left: float | None
    """None when nothing arrives."""


class DownloadRetried(DownloadEvent, frozen=True, tag=True):
    """A request failed. The download resumes after a pause."""

    reason: str
    wait_s: float


class DownloadWaited(DownloadEvent, frozen=True, tag=True):
    """Another program or thread downloads the same file. This download continues after that."""


class DownloadPaused(DownloadEvent, frozen=True, tag=True):
    """The transfer pauses while something is being timed, and resumes by itself."""


class DownloadRejected(DownloadEvent, frozen=True, tag=True):
    """The bytes did not match the hub's hash. They were deleted and are downloaded once more."""

    reason: str


class DownloadVerified(DownloadEvent, frozen=True, tag=True):
    """A file (one part of a split model) matches the hub's hash."""

    file: str


class DownloadFinished(DownloadEvent, frozen=True, tag=True):
    """The model is complete."""

    path: Path
    """Path in the cache's snapshot folder. For a split model, its first part."""
    size_bytes: int


class DownloadFailed(DownloadEvent, frozen=True, tag=True):
    """The download failed, or the user cancelled it."""

    reason: str
    cancelled: bool


Report: TypeAlias = Callable[[DownloadEvent], None]
"""Called in the downloading thread. Must not block."""


def silent(event: DownloadEvent) -> None:
    """The default report, which does nothing."""


class Meter:
    """Counts a model's bytes and reports them with rate and time left, up to five times per second."""

    def __init__(self, name: str, bytes_total: int, report: Report, clock: Callable[[], float]) -> None:
        self.name = name
        self.bytes_total = bytes_total
        self.bytes_done = 0
        self.report = report
        self._clock = clock
        self._samples: deque[tuple[float, int]] = deque()
        self._reported_s = float("-inf")

    def set_done(self, bytes_done: int) -> None:
        """Set the count without an effect on the rate: for bytes that were on disk already, or were deleted."""
        self.bytes_done = bytes_done
        self._samples.clear()

    def add(self, count: int) -> None:
        """Count new bytes."""
        now_s = self._clock()
        if not self._samples:
            self._samples.append((now_s, self.bytes_done))
        self.bytes_done += count
        if now_s - self._reported_s < _INTERVAL_S:
            return
        self._reported_s = now_s
        self._samples.append((now_s, self.bytes_done))
        while len(self._samples) > 2 and now_s - self._samples[1][0] >= _WINDOW_S:
            self._samples.popleft()
        since_s, since_bytes = self._samples[0]
        elapsed_s = now_s - since_s
        rate = (self.bytes_done - since_bytes) / elapsed_s if elapsed_s > 0 else 0.0
        left_s = (self.bytes_total - self.bytes_done) / rate if rate > 0 else None
        self.report(DownloadProgressed(self.name, self.bytes_done, self.bytes_total, rate, left_s))
