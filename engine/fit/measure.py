"""How models run on this machine: measured, or read from an earlier measurement.

A model that fits is measured whole. Its speed at the wanted context is measured too if filling the cache takes only
seconds; otherwise it is extrapolated from the attention of some layers. When memory is short at the moment, or the file
system has no room for the hollow file, two sets of layers are measured and the rest is extrapolated. A worker that dies
costs only its own row.

Several models are measured smallest first, so that a table fills while its reader waits, and one at a time, because two
measurements would disturb each other.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from .. import paths
from ..errors import ModelFileError, WeighinError
from ..gguf.header import GgufHeader, parse_header
from ..gguf.hollow import hollow_model
from ..gguf.rewrite import layer_count, layer_period, layer_subset, number_array
from ..hardware.memory import usable_memory
from ..plan.model import Settings
from ..units import format_memory
from ..worker.supervisor import WorkerRefusedError
from .attention import attention_part
from .cache import cached_fit, full_settings, keep_fit
from .needs import estimate_needs
from .placement import place
from .results import ROUTING_NOTE, VOCABULARY_NOTE, Fit, Label
from .scaling import attended_tokens, deep_token_s, micro_batch_rate, parts_to_measure, scaled
from .shape import vocabulary_bytes
from .source import CatalogSource, FileSource, Source
from .trial import N_GENERATE, Trial, run_depth_trial, run_trial

_ROOM = 1.05
"""Weights take at least their file's size; loading what cannot fit would only drive the machine into swap."""
_FILL_S = 2.0
"""Maximum seconds for filling the cache of a whole model."""
_PART_FILL_S = 0.7
"""Maximum seconds for filling the cache of a part; the depth reached by then is the depth that is measured."""
_SHORT_NOTE = "memory is short at the moment, so only some of its layers were measured"
_NO_DEPTH_NOTE = "llama.cpp cannot run a part of it, so its speed with a full context is unknown"
_NO_ROOM_NOTE = "no room for the hollow file on disk, so only some of its layers were measured"


async def measure_fit(source: Source, settings: Settings, *, refresh: bool = False) -> Fit:
    """Measure ``source``, or return what was measured before under the same conditions.

    Never raises for the model: its ``Fit`` says what the problem is.
    """
    asked = full_settings(settings)
    if not refresh and (known := cached_fit(source, asked)) is not None:
        return known
    size = 0
    try:
        size = source.size_bytes()
        fit = await _measure(source, size, source.header(), asked)
    except WeighinError as error:  # the worker died or failed, or the header is unsound
        problem = _problem(error)
        return Fit(name=source.name, size_bytes=size, n_ctx=asked.n_ctx, problem=problem)
    if isinstance(source, CatalogSource) and fit.memory_bytes is not None:
        more = fit.memory_bytes + vocabulary_bytes(source.model)
        fit = msgspec.structs.replace(fit, memory_bytes=more, notes=(*fit.notes, VOCABULARY_NOTE))
    if not fit.disturbed and not fit.problem:
        keep_fit(source, asked, fit)
    return fit


async def measure_fits(
    sources: Sequence[Source],
    settings: Settings,
    *,
    refresh: bool = False,
    started: Callable[[Source], None] | None = None,
) -> AsyncGenerator[tuple[Source, Fit], None]:
    """Yield every source with its measurement, smallest first; ``started`` is called before each measurement.

    Earlier measurements come at once. Stopping early (``aclose``, or canceling the task) ends the worker that is
    measuring, deletes its hollow file and keeps every finished measurement. Never raises for a model: its ``Fit`` says
    what the problem is.
    """
    left: list[Source] = []
    for source in cheapest_first(sources):
        known = None if refresh else cached_fit(source, settings)
        if known is None:
            left.append(source)
        else:
            yield source, known
        await asyncio.sleep(0)  # the caller may have a screen to paint
    of_shape: dict[str, Fit] = {}
    for source in left:
        shape = _shape(source)
        if shape in of_shape:  # disturbed measurements are not stored, but need not be repeated here
            yield source, msgspec.structs.replace(of_shape[shape], name=source.name)
            continue
        if started is not None:
            started(source)
        fit = await measure_fit(source, settings, refresh=refresh)
        if shape:
            of_shape[shape] = fit
        yield source, fit


def _problem(error: WeighinError) -> str:
    """What a table says: advice too where there is some, but no paths of logs."""
    if isinstance(error, WorkerRefusedError):
        return f"{error.what} {error.advice}".rstrip()
    return str(error) if isinstance(error, ModelFileError) else error.what


def _shape(source: Source) -> str:
    """What the measurement depends on, the same for models of one shape; empty when unknown."""
    try:
        return source.identity()
    except ModelFileError:
        return ""


def cheapest_first(sources: Sequence[Source]) -> list[Source]:
    """Sources by approximate file size, which is roughly how long measuring takes."""
    return sorted(sources, key=lambda source: source.sort_bytes())


async def _measure(source: Source, size: int, data: bytes, asked: Settings) -> Fit:
    header = parse_header(data)
    memory = usable_memory()
    needs = estimate_needs(header, asked, number_array(data, f"{header.architecture}.attention.head_count_kv"))
    where = await asyncio.to_thread(place, needs, asked)  # asking for GPUs starts a process
    needed = where.host_bytes if where.gpu_free_bytes else max(int(size * _ROOM), where.host_bytes)
    fit = Fit(
        name=source.name,
        size_bytes=size,
        n_ctx=asked.n_ctx,
        usable_bytes=memory.usable_bytes,
        gpu_layers=where.gpu_layers,
        gpu_free_bytes=where.gpu_free_bytes,
        notes=_notes(source, header),
    )
    if needed > memory.usable_bytes:
        problem = f"needs more than {format_memory(needed)}; this machine can use {format_memory(memory.usable_bytes)}"
        return msgspec.structs.replace(fit, problem=problem)
    with hollow_folder() as folder, ExitStack() as stack:
        measurement = _Measurement(
            name=source.name,
            data=data,
            header=header,
            settings=where.settings,
            folder=folder,
            wanted_depth=max(0, asked.n_ctx - N_GENERATE),
            available_bytes=memory.available_bytes,
        )
        if needed > memory.available_bytes:
            return await measurement.from_parts(fit, _SHORT_NOTE)
        try:
            path, label = stack.enter_context(source.open(folder))
        except ModelFileError:
            if isinstance(source, FileSource):
                raise
            return await measurement.from_parts(fit, _NO_ROOM_NOTE)
        return await measurement.whole(fit, path, label)


@contextmanager
def hollow_folder() -> Iterator[Path]:
    """A folder for hollow files, deleted at the end. Folders of processes that have ended are removed first."""
    base = paths.cache_dir() / "hollow"
    base.mkdir(parents=True, exist_ok=True)
    sweep(base)
    folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(base: Path) -> None:
    """Remove folders of processes that have ended, and files that belong to no process."""
    import psutil

    for entry in base.iterdir():
        if not entry.is_dir():
            entry.unlink(missing_ok=True)
            continue
        owner = entry.name.partition("-")[0]
        if not (owner.isdigit() and psutil.pid_exists(int(owner))):
            shutil.rmtree(entry, ignore_errors=True)


def _notes(source: Source, header: GgufHeader) -> tuple[str, ...]:
    experts = header.metadata.get(f"{header.architecture}.expert_count")
    mixed = isinstance(experts, int) and experts > 1
    return (ROUTING_NOTE,) if mixed and not isinstance(source, FileSource) else ()


@dataclass(frozen=True)
class _Measurement:
    name: str
    data: bytes
    """The model's header."""
    header: GgufHeader
    """``data``, parsed."""
    settings: Settings
    """With the number of layers on the GPU."""
    folder: Path
    """Where hollow files go."""
    wanted_depth: int
    """Tokens in the cache for the speed with a full context; 0 measures none."""
    available_bytes: int

    @property
    def _n_layer(self) -> int:
        return layer_count(self.header)

    @property
    def _n_ubatch(self) -> int:
        return min(self.settings.n_ubatch, self.settings.n_ctx)

    async def whole(self, fit: Fit, path: Path, label: Label) -> Fit:
        """``fit`` with the figures of the whole model in ``path``."""
        wanted = self.wanted_depth
        trial = await run_trial(
            self.name,
            path,
            self.settings,
            n_layer=self._n_layer,
            hollow=label != "measured (real file)",
            depth_for=lambda rate: wanted if wanted <= rate * _FILL_S else 0,
        )
        fit = self._with_figures(fit, trial, label)
        return fit if trial.depth or not wanted else await self._deepened(fit, trial.token_s)

    def _with_figures(self, fit: Fit, trial: Trial, label: Label) -> Fit:
        deep = trial.deep_token_s
        return msgspec.structs.replace(
            fit,
            label=label,
            prompt_tokens_per_second=micro_batch_rate(
                n_tokens=trial.n_prompt, prompt_s=trial.prompt_s, token_s=trial.token_s, n_ubatch=self._n_ubatch
            ),
            prompt_label=label if trial.n_prompt >= self._n_ubatch else "extrapolated",
            generation_tokens_per_second=1 / trial.token_s,
            depth_tokens=trial.depth or None,
            deep_tokens_per_second=1 / deep if deep else None,
            deep_label=label if deep else "",
            memory_bytes=trial.peak_bytes,
            vram_bytes=trial.vram_bytes,
            disturbed=trial.disturbed,
        )

    async def _deepened(self, fit: Fit, token_s: float) -> Fit:
        """``fit`` with the speed at the wanted depth, extrapolated from the attention of some layers."""
        settings, wanted = self.settings, self.wanted_depth
        part, times = attention_part(self.data)
        on_cpu = max(0.0, 1 - settings.n_gpu_layers / (self._n_layer + 1))
        if 0 < on_cpu < 1:  # the layers on the CPU take most of the time
            settings, times = msgspec.structs.replace(settings, n_gpu_layers=0), times * on_cpu
        with hollow_model(part, self.folder / "attention.gguf") as hollow:
            name = f"{self.name}-attention"
            try:
                trial = await run_depth_trial(name, hollow.path, settings, wanted=wanted, fill_s=_PART_FILL_S)
            except WeighinError:  # not every architecture can be cut; the figures of the whole model stay
                return msgspec.structs.replace(fit, notes=(*fit.notes, _NO_DEPTH_NOTE))
        window = self.header.metadata.get(f"{self.header.architecture}.attention.sliding_window")
        attended = partial(
            attended_tokens, period=layer_period(self.header), window=window if isinstance(window, int) else None
        )
        deep_s = deep_token_s(trial, times=times, token_s=token_s, growth=attended(wanted) / attended(trial.depth))
        return msgspec.structs.replace(
            fit,
            depth_tokens=wanted,
            deep_tokens_per_second=1 / deep_s,
            deep_label="extrapolated",
            disturbed=fit.disturbed or trial.disturbed,
        )

    async def from_parts(self, fit: Fit, note: str) -> Fit:
        """``fit`` with figures extrapolated from two sets of layers; ``note`` says why."""
        n_layer = self._n_layer
        parts = parts_to_measure(n_layer, layer_period(self.header))
        if parts is None:
            return msgspec.structs.replace(fit, problem=f"{note}, but it has too few layers for that")
        few, more = parts
        part_bytes = parse_header(layer_subset(self.data, more)).size_bytes * _ROOM
        if part_bytes > self.available_bytes:
            problem = f"{note}, and even {more} layers take {format_memory(part_bytes)}"
            return msgspec.structs.replace(fit, problem=problem)
        first = await self._part_trial(few)
        second = await self._part_trial(more, n_prompt=first.n_prompt)

        def total(one: float, other: float) -> float:
            return scaled(one, other, n_few=few, n_more=more, n_all=n_layer)

        token_s = total(first.token_s, second.token_s)
        fit = msgspec.structs.replace(
            fit,
            label="extrapolated",
            prompt_tokens_per_second=micro_batch_rate(
                n_tokens=first.n_prompt,
                prompt_s=total(first.prompt_s, second.prompt_s),
                token_s=token_s,
                n_ubatch=self._n_ubatch,
            ),
            prompt_label="extrapolated",
            generation_tokens_per_second=1 / token_s,
            memory_bytes=int(total(first.peak_bytes, second.peak_bytes)),
            vram_bytes=int(total(first.vram_bytes, second.vram_bytes)),
            notes=(*fit.notes, f"{note} ({few} and {more} of {n_layer})"),
            disturbed=first.disturbed or second.disturbed,
        )
        return await self._deepened(fit, token_s) if self.wanted_depth else fit

    async def _part_trial(self, n_layer: int, *, n_prompt: int = 0) -> Trial:
        settings = self.settings
        if settings.n_gpu_layers > 0:  # the same share of the layers on the GPU
            on_gpu = round(settings.n_gpu_layers * n_layer / self._n_layer)
            settings = msgspec.structs.replace(settings, n_gpu_layers=on_gpu)
        with hollow_model(layer_subset(self.data, n_layer), self.folder / f"part-{n_layer}.gguf") as hollow:
            name = f"{self.name}-{n_layer}-layers"
            return await run_trial(name, hollow.path, settings, n_layer=n_layer, hollow=True, n_prompt=n_prompt)
