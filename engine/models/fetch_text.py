"""Download progress as text: lines for a log, and the figures of one model."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..units import format_file_size, format_transfer_rate
from .fetch import FetchProgress

_LINE_EVERY_S = 10.0


class PlainLines:
    """Progress as log lines: starts, problems and ends, and a status every ten seconds."""

    def __init__(
        self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic, *, verb: str = "downloading"
    ) -> None:
        self._say = say
        self._clock = clock
        self._verb = verb
        self._said_s: dict[str, float] = {}

    def __call__(self, progress: FetchProgress) -> None:
        """Print a line if there is news."""
        name, now_s = progress.name, self._clock()
        if progress.note:
            self._say(f"{name}: {progress.note}")
        elif progress.state == "downloading" and name not in self._said_s:
            self._say(f"{name}: {self._verb} {format_file_size(progress.total_bytes)}")
        elif progress.state == "downloading" and now_s - self._said_s[name] >= _LINE_EVERY_S:
            self._say(f"{name}: {progress_text(progress)}")
        elif progress.state == "done" and name in self._said_s:
            self._say(f"{name}: here, {format_file_size(progress.total_bytes)}, checked")
            return
        else:
            return
        if progress.state == "downloading":
            self._said_s[name] = now_s


def progress_text(progress: FetchProgress) -> str:
    """``34 % of 0.81 GB, 12.3 MB/s, 44 s left``."""
    share = progress.done_bytes / progress.total_bytes if progress.total_bytes else 0.0
    text = f"{share:.0%} of {format_file_size(progress.total_bytes)}".replace("%", " %")
    if progress.bytes_per_second:
        text += f", {format_transfer_rate(progress.bytes_per_second)}"
    if progress.seconds_left is not None:
        text += f", {time_text(progress.seconds_left)} left"
    return text


def time_text(seconds: float) -> str:
    """A duration in seconds, minutes or hours."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
