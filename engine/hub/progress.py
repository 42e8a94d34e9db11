"""What a download tells while it runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import msgspec

_INTERVAL_S = 0.2
_WINDOW_S = 5.0


class _Event(msgspec.Struct, frozen=True, tag=True):
    name: str
    """``owner/repo:file.gguf``; a split model by its first part, its bytes counted together."""


class DownloadStarted(_Event, frozen=True, tag=True):
    """The hub has answered and there is room on the disk."""

    bytes_total: int


class DownloadResumed(_Event, frozen=True, tag=True):
    """An earlier, unfinished download goes on."""

    bytes_done: int
    bytes_total: int


class DownloadProgressed(_Event, frozen=True, tag=True):
    """At most five times a second."""

    bytes_done: int
    bytes_total: int
    bytes_per_second: float
    """Over the last seconds; 0 when nothing moves."""
    seconds_left: float | None
    """None when nothing moves."""


class DownloadRetried(_Event, frozen=True, tag=True):
    """Something broke; it goes on after a pause, from where it was."""

    reason: str
    wait_s: float


class DownloadWaited(_Event, frozen=True, tag=True):
    """Another program, or another thread, fetches the same file; it goes on when that ends."""


class DownloadPaused(_Event, frozen=True, tag=True):
    """Something is being timed; the transfer waits and goes on by itself."""


class DownloadRejected(_Event, frozen=True, tag=True):
    """Bytes that do not have the hub's hash were thrown away; they are fetched once more."""

    reason: str


class DownloadVerified(_Event, frozen=True, tag=True):
    """A file (one part of a split model) has the hash that the hub names."""

    file: str
    digest: str


class DownloadFinished(_Event, frozen=True, tag=True):
    """The model is complete."""

    path: Path
    """In the cache's snapshot folder; the first part of a split model."""
    size_bytes: int


class DownloadFailed(_Event, frozen=True, tag=True):
    """It ended without the file; ``cancelled`` when the user wanted that."""

    reason: str
    cancelled: bool


DownloadEvent: TypeAlias = (
    DownloadStarted
    | DownloadResumed
    | DownloadProgressed
    | DownloadRetried
    | DownloadWaited
    | DownloadPaused
    | DownloadRejected
    | DownloadVerified
    | DownloadFinished
    | DownloadFailed
)

Report: TypeAlias = Callable[[DownloadEvent], None]
"""Called in the thread that downloads; must not block."""


def silent(event: DownloadEvent) -> None:
    """A report that nobody reads."""


class Meter:
    """Counts a model's bytes and reports them with rate and time left, at most five times a second."""

    def __init__(self, name: str, bytes_total: int, report: Report, clock: Callable[[], float]) -> None:
        self.name = name
        self.bytes_total = bytes_total
        self.bytes_done = 0
        self.report = report
        self._clock = clock
        self._samples: deque[tuple[float, int]] = deque()
        self._reported_s = float("-inf")

    def set_done(self, bytes_done: int) -> None:
        """Jump to a count without a rate: bytes that were here already, or were thrown away."""
        self.bytes_done = bytes_done
        self._samples.clear()

    def add(self, count: int) -> None:
        """Count bytes that just came."""
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
