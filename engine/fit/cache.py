"""Earlier measurements: one small file each, named after a hash of everything that the measurement depends on."""

from __future__ import annotations

import contextlib
import hashlib
import platform
from functools import lru_cache
from pathlib import Path

import msgspec

from .. import paths
from ..errors import ModelFileError
from ..files import write_atomically
from ..hardware.cpu import read_cpu, usable_physical_cores
from ..hardware.gpu import read_gpus
from ..hardware.memory import usable_memory
from ..plan.model import Settings
from .results import Fit
from .source import Source
from .trial import LEAST_GENERATE, LEAST_PROMPT, N_GENERATE, N_PROMPT

_PROTOCOL = 6
"""Raise this number when measurements change without a change in what names them."""


def cached_fit(source: Source, settings: Settings) -> Fit | None:
    """The earlier measurement of ``source`` on this machine with these settings and this llama.cpp, or None.

    Fast: it starts no process and uses no network.
    """
    try:
        note = _note_path(source, full_settings(settings))
        known = msgspec.json.decode(note.read_bytes(), type=Fit)
    except (ModelFileError, OSError, msgspec.DecodeError):
        return None
    return msgspec.structs.replace(known, name=source.name, cached=True)


def keep_fit(source: Source, settings: Settings, fit: Fit) -> None:
    """Store a measurement. If it cannot be written, the model is measured again next time."""
    note = _note_path(source, full_settings(settings))
    with contextlib.suppress(OSError):
        write_atomically(note, msgspec.json.encode(fit))


def full_settings(settings: Settings) -> Settings:
    """The settings with the number of threads that 0 stands for."""
    return msgspec.structs.replace(settings, n_threads=settings.n_threads or usable_physical_cores())


def _note_path(source: Source, settings: Settings) -> Path:
    parts = (source.identity(), _machine(), msgspec.json.encode(settings).decode())
    return paths.cache_dir() / "fit" / hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


@lru_cache(maxsize=1)
def _machine() -> str:
    """This machine, and the software and protocol that measure on it."""
    from importlib.metadata import version

    cpu = read_cpu()
    gpus = " ".join(f"{gpu.name} {gpu.memory_total_bytes}" for gpu in read_gpus())
    return "\n".join(
        (
            f"{platform.node()} {cpu.name} {cpu.usable_cores:g} {usable_memory().usable_bytes >> 28} {gpus}",
            version("llama-cpp-python"),
            f"{_PROTOCOL} {LEAST_PROMPT} {N_PROMPT} {LEAST_GENERATE} {N_GENERATE}",
        )
    )
