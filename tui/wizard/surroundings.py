"""What the wizard asks of its surroundings: the machine, its disk, the hub. Tests and pictures replace them.

Every call may be slow and is made in a thread, except ``fetch``, which returns at once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from weighin.engine.paths import data_dir
from weighin.engine.units import format_memory

if TYPE_CHECKING:
    from weighin.engine.models.fetch import FetchProgress, Outcome


class Fetching(Protocol):
    """Downloads in progress, as the download screen follows them."""

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcome for each reference, in their order."""

    def stream(self) -> AsyncIterator[FetchProgress]:
        """Progress until every model is downloaded or has failed."""

    def cancel(self) -> None:
        """Stop; what has arrived is kept."""


def _this_machine() -> str:
    from weighin.engine.prepare.machine import detect_hardware  # asks drivers and llama.cpp

    report = detect_hardware(model_folder=data_dir(), with_bandwidth=False)
    gpus = ", ".join(gpu.name for gpu in report.gpus) or "no GPU found"
    usable = format_memory(report.memory.usable_bytes)
    return f"{report.cpu.name}, {report.default_threads} threads\n{usable} of RAM usable; {gpus}"


def _copy_bandwidth() -> float:
    from weighin.engine.run.estimate import copy_bandwidth  # imports the suites

    return copy_bandwidth()


def _room() -> tuple[Path, int]:
    from weighin.engine.hub.cache import free_bytes
    from weighin.engine.hub.client import connect

    folder = connect().cache_dir
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder, free_bytes(folder)


def _fetch(references: Sequence[str]) -> Fetching:
    from weighin.engine.models.fetch import Fetch

    return Fetch(references)


@dataclass(frozen=True)
class Surroundings:
    """The defaults are this machine and the hub set in the environment."""

    machine: Callable[[], str] = _this_machine
    """Processor, threads, memory and GPUs, in two lines."""
    copy_bandwidth: Callable[[], float] = _copy_bandwidth
    """Bytes per second; used to estimate the time of models that were not measured."""
    room: Callable[[], tuple[Path, int]] = _room
    """The folder for downloads, and its free bytes."""
    fetch: Callable[[Sequence[str]], Fetching] = _fetch
    """Starts to download models."""
