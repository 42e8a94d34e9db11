"""A short speed and memory measurement in a worker of its own.

The ordinary protocol with fewer tokens: what a table of many models needs is the order of magnitude soon, not three
digits late. A worker that dies takes only its own row with it.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
from pathlib import Path

import msgspec

from .. import paths
from ..errors import ModelFileError, WeighinError
from ..events import SpeedKind
from ..hardware.cpu import read_cpu, usable_physical_cores
from ..hardware.memory import usable_memory
from ..plan import Settings
from ..supervisor import Worker
from ..worker.protocol import Loaded, LoadModel, MeasureSpeed, SpeedDone
from .source import Source

N_PROMPT = 128
N_GENERATE = 16
_REPEATS = 3
_WARM_UP = 16
_ROOM = 1.05
"""Weights take at least their file's size; loading what cannot fit would only drive the machine into swap."""


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """How a model runs here. Figures are None where it could not be measured; ``problem`` says why."""

    name: str
    size_bytes: int
    label: str = ""
    """``measured (real file)`` or ``measured (hollow)``."""
    n_ctx: int
    prompt_tokens_per_second: float | None = None
    generation_tokens_per_second: float | None = None
    memory_bytes: int | None = None
    """Peak of one sequence at ``n_ctx``: weights, KV cache and compute buffers."""
    disturbed: bool = False
    problem: str = ""
    cached: bool = False


async def measure_fit(source: Source, settings: Settings, *, refresh: bool = False) -> Fit:
    """Measure ``source``, or take what was measured before under the same conditions. Never raises for the model."""
    threads = settings.n_threads or usable_physical_cores()
    settings = msgspec.structs.replace(settings, n_threads=threads)
    try:
        size = source.size_bytes()
    except ModelFileError as error:
        return Fit(name=source.name, size_bytes=0, n_ctx=settings.n_ctx, problem=str(error))
    room = usable_memory().available_bytes
    if size * _ROOM > room:  # before hashing: what cannot be loaded need not be read
        problem = f"needs over {size / 2**30:.1f} GiB, {room / 2**30:.1f} GiB are available"
        return Fit(name=source.name, size_bytes=size, n_ctx=settings.n_ctx, problem=problem)
    note = _note_path(source, settings)
    known = None if refresh else _read(note)
    if known is not None:
        return msgspec.structs.replace(known, name=source.name, cached=True)
    try:
        fit = await _measure(source, size, settings)
    except WeighinError as error:  # the worker died, or refused: its row says so
        return Fit(name=source.name, size_bytes=size, n_ctx=settings.n_ctx, problem=error.what)
    if not fit.disturbed:
        _write(note, fit)
    return fit


async def _measure(source: Source, size_bytes: int, settings: Settings) -> Fit:
    folder = paths.cache_dir() / "hollow"
    folder.mkdir(parents=True, exist_ok=True)
    worker = Worker("fit-" + re.sub(r"[^A-Za-z0-9._-]+", "-", source.name), logs=paths.logs_dir())
    with source.open(folder) as (path, label):
        try:
            await worker.start()
            command = LoadModel(path=str(path), settings=settings, warm_up_tokens=_WARM_UP, prompt_style="plain")
            loaded = await worker.ask(command)
            if not isinstance(loaded, Loaded):
                raise ModelFileError(f"{source.name} could not be loaded.")
            prompt, first = await _rate(worker, "prompt", N_PROMPT)
            generation, second = await _rate(worker, "generation", N_GENERATE)
        finally:
            await worker.kill()
    return Fit(
        name=source.name,
        size_bytes=size_bytes,
        label=label,
        n_ctx=settings.n_ctx,
        prompt_tokens_per_second=prompt,
        generation_tokens_per_second=generation,
        memory_bytes=max(first.peak_rss_bytes, second.peak_rss_bytes),
        disturbed=bool(first.disturbances or second.disturbances),
    )


async def _rate(worker: Worker, kind: SpeedKind, n_tokens: int) -> tuple[float, SpeedDone]:
    """Median rate of some repeats, and the report it came from."""
    done = []
    for seed in range(_REPEATS):
        report = await worker.ask(MeasureSpeed(kind=kind, n_tokens=n_tokens, seed=seed))
        if isinstance(report, SpeedDone):
            done.append(report)
    middle = sorted(done, key=lambda report: report.elapsed_s)[len(done) // 2]
    return n_tokens / middle.elapsed_s, middle


# What was measured before


def _note_path(source: Source, settings: Settings) -> Path:
    """One small file a measurement, named after everything that it depends on."""
    from importlib.metadata import version

    cpu = read_cpu()
    parts = (
        source.identity(),
        f"{platform.node()} {cpu.name} {cpu.usable_cores:g} {usable_memory().usable_bytes >> 28}",
        version("llama-cpp-python"),
        msgspec.json.encode(settings).decode(),
        f"{N_PROMPT} {N_GENERATE}",
    )
    return paths.cache_dir() / "fit" / hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _read(note: Path) -> Fit | None:
    try:
        return msgspec.json.decode(note.read_bytes(), type=Fit)
    except (OSError, msgspec.DecodeError):
        return None


def _write(note: Path, fit: Fit) -> None:
    part = note.with_name(f"{note.name}.{os.getpid()}.part")
    note.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(msgspec.json.encode(fit))
    part.replace(note)
