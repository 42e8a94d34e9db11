"""Measurements of before: one small file each, named after everything that they depend on."""

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
"""Raise it when the same words would be measured in another way."""


def cached_fit(source: Source, settings: Settings) -> Fit | None:
    """What was measured before of ``source`` here, under these settings and with this llama.cpp; None: not yet.

    Starts nothing and asks nobody: fit for a user interface that fills its table. A model of the catalog is
    ``CatalogSource(model, quant)``.
    """
    try:
        note = _note_path(source, full_settings(settings))
        known = msgspec.json.decode(note.read_bytes(), type=Fit)
    except (ModelFileError, OSError, msgspec.DecodeError):
        return None
    return msgspec.structs.replace(known, name=source.name, cached=True)


def keep_fit(source: Source, settings: Settings, fit: Fit) -> None:
    """Remember a measurement; what cannot be written is measured again next time."""
    note = _note_path(source, full_settings(settings))
    with contextlib.suppress(OSError):
        write_atomically(note, msgspec.json.encode(fit))


def full_settings(settings: Settings) -> Settings:
    """With the number of threads that 0 means."""
    return msgspec.structs.replace(settings, n_threads=settings.n_threads or usable_physical_cores())


def _note_path(source: Source, settings: Settings) -> Path:
    parts = (source.identity(), _machine(), msgspec.json.encode(settings).decode())
    return paths.cache_dir() / "fit" / hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


@lru_cache(maxsize=1)
def _machine() -> str:
    """This machine and what measures on it."""
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
