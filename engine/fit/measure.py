"""How one model runs here: measured, or taken from what was measured before.

A model that fits is measured whole; its speed at the wanted context too, where filling the cache takes seconds only,
otherwise from the attention of some of its layers. Where memory is short for the moment, or the file system makes no
holes, two parts of its layers are measured and the rest is extrapolated. A worker that dies takes only its own row
with it.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import msgspec

from ..errors import ModelFileError, WeighinError
from ..gguf.header import GgufHeader, parse_header
from ..gguf.hollow import hollow_model
from ..gguf.rewrite import attention_part, layer_count, layer_period, layer_subset, number_array
from ..hardware.memory import usable_memory
from ..plan.model import Settings
from .cache import cached_fit, full_settings, keep_fit
from .folder import hollow_folder
from .needs import estimate_needs
from .placement import place
from .results import ROUTING_NOTE, VOCABULARY_NOTE, Fit, Label
from .scaling import attended_tokens, deep_token_s, micro_batch_rate, parts_to_measure, scaled
from .shape import vocabulary_bytes
from .source import CatalogSource, FileSource, Source
from .trial import N_GENERATE, Trial, run_depth_trial, run_trial

__all__ = ["Fit", "measure_fit"]

_ROOM = 1.05
"""Weights take at least their file's size; loading what cannot fit would only drive the machine into swap."""
_FILL_S = 2.0
"""Seconds that filling the cache of a whole model may take."""
_PART_FILL_S = 0.7
"""The same for a part of it; what is in the cache by then is the depth that is measured."""
_SHORT_NOTE = "memory is short at the moment, so only some of its layers were measured"
_NO_DEPTH_NOTE = "llama.cpp runs no part of it, so its speed with a full context is not known"
_NO_HOLES_NOTE = "no room for the hollow file on disk, so only some of its layers were measured"


async def measure_fit(source: Source, settings: Settings, *, refresh: bool = False) -> Fit:
    """Measure ``source``, or take what was measured before under the same conditions. Never raises for the model."""
    asked = full_settings(settings)
    if not refresh and (known := cached_fit(source, asked)) is not None:
        return known
    size = 0
    try:
        size = source.size_bytes()
        data = source.header()
        fit = await _measure(source, size, data, asked)
    except WeighinError as error:  # the worker died, or refused, or there is no sound header: its row says so
        problem = str(error) if isinstance(error, ModelFileError) else error.what
        return Fit(name=source.name, size_bytes=size, n_ctx=asked.n_ctx, problem=problem)
    if isinstance(source, CatalogSource) and fit.memory_bytes is not None:
        more = fit.memory_bytes + vocabulary_bytes(source.model)
        fit = msgspec.structs.replace(fit, memory_bytes=more, notes=(*fit.notes, VOCABULARY_NOTE))
    if not fit.disturbed and not fit.problem:
        keep_fit(source, asked, fit)
    return fit


async def _measure(source: Source, size: int, data: bytes, asked: Settings) -> Fit:
    header = parse_header(data)
    memory = usable_memory()
    needs = estimate_needs(header, asked, number_array(data, f"{header.architecture}.attention.head_count_kv"))
    where = await asyncio.to_thread(place, needs, asked)  # asking for GPUs takes a process
    settings = where.settings
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
        problem = f"needs over {needed / 2**30:.1f} GiB, {memory.usable_bytes / 2**30:.1f} GiB are usable here"
        return msgspec.structs.replace(fit, problem=problem)
    wanted = max(0, asked.n_ctx - N_GENERATE)
    with hollow_folder() as folder, ExitStack() as stack:
        if needed > memory.available_bytes:
            return await _from_parts(fit, data, settings, folder, wanted, _SHORT_NOTE, memory.available_bytes)
        try:
            path, label = stack.enter_context(source.open(folder))
        except ModelFileError:
            if isinstance(source, FileSource):
                raise
            return await _from_parts(fit, data, settings, folder, wanted, _NO_HOLES_NOTE, memory.available_bytes)
        n_layer = layer_count(header)
        whole = await run_trial(
            source.name,
            path,
            settings,
            n_layer=n_layer,
            depth_for=lambda rate: wanted if wanted <= rate * _FILL_S else 0,
        )
        fit = _with_figures(fit, whole, label, settings)
        if whole.depth or not wanted:
            return fit
        return await _deepened(fit, data, settings, folder, whole.token_s, wanted)


def _with_figures(fit: Fit, trial: Trial, label: Label, settings: Settings) -> Fit:
    deep = trial.deep_token_s
    n_ubatch = min(settings.n_ubatch, settings.n_ctx)
    return msgspec.structs.replace(
        fit,
        label=label,
        prompt_tokens_per_second=micro_batch_rate(
            n_tokens=trial.n_prompt, prompt_s=trial.prompt_s, token_s=trial.token_s, n_ubatch=n_ubatch
        ),
        prompt_label=label if trial.n_prompt >= n_ubatch else "extrapolated",
        generation_tokens_per_second=1 / trial.token_s,
        depth_tokens=trial.depth or None,
        deep_tokens_per_second=1 / deep if deep else None,
        deep_label=label if deep else "",
        memory_bytes=trial.peak_bytes,
        vram_bytes=trial.vram_bytes,
        disturbed=trial.disturbed,
    )


async def _deepened(fit: Fit, data: bytes, settings: Settings, folder: Path, token_s: float, wanted: int) -> Fit:
    """With the speed at ``wanted`` tokens, from what the attention of some layers takes more there."""
    header = parse_header(data)
    part, times = attention_part(data)
    on_cpu = max(0.0, 1 - settings.n_gpu_layers / (layer_count(header) + 1))
    if 0 < on_cpu < 1:  # the layers on the CPU are what takes long
        settings, times = msgspec.structs.replace(settings, n_gpu_layers=0), times * on_cpu
    with hollow_model(part, folder / "attention.gguf") as hollow:
        name = f"{fit.name}-attention"
        try:
            trial = await run_depth_trial(name, hollow.path, settings, wanted=wanted, fill_s=_PART_FILL_S)
        except WeighinError:  # not every architecture can be cut; what was measured of the whole stands
            return msgspec.structs.replace(fit, notes=(*fit.notes, _NO_DEPTH_NOTE))
    window = header.metadata.get(f"{header.architecture}.attention.sliding_window")
    attended = partial(attended_tokens, period=layer_period(header), window=window if isinstance(window, int) else None)
    deep_s = deep_token_s(trial, times=times, token_s=token_s, growth=attended(wanted) / attended(trial.depth))
    return msgspec.structs.replace(
        fit,
        depth_tokens=wanted,
        deep_tokens_per_second=1 / deep_s,
        deep_label="extrapolated",
        disturbed=fit.disturbed or trial.disturbed,
    )


async def _from_parts(
    fit: Fit, data: bytes, settings: Settings, folder: Path, wanted: int, note: str, available_bytes: int
) -> Fit:
    header = parse_header(data)
    n_layer = layer_count(header)
    parts = parts_to_measure(n_layer, layer_period(header))
    if parts is None:
        return msgspec.structs.replace(fit, problem=f"{note}, but it has too few of them")
    few, more = parts
    if (part_bytes := parse_header(layer_subset(data, more)).size_bytes * _ROOM) > available_bytes:
        problem = f"{note}, and even {more} layers take {part_bytes / 2**30:.1f} GiB"
        return msgspec.structs.replace(fit, problem=problem)
    first = await _part_trial(fit.name, data, few, settings, folder)
    second = await _part_trial(fit.name, data, more, settings, folder, n_prompt=first.n_prompt)

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
            n_ubatch=min(settings.n_ubatch, settings.n_ctx),
        ),
        prompt_label="extrapolated",
        generation_tokens_per_second=1 / token_s,
        memory_bytes=int(total(first.peak_bytes, second.peak_bytes)),
        vram_bytes=int(total(first.vram_bytes, second.vram_bytes)),
        notes=(*fit.notes, f"{note} ({few} and {more} of {n_layer})"),
        disturbed=first.disturbed or second.disturbed,
    )
    return await _deepened(fit, data, settings, folder, token_s, wanted) if wanted else fit


async def _part_trial(
    name: str, data: bytes, n_layer: int, settings: Settings, folder: Path, *, n_prompt: int = 0
) -> Trial:
    if settings.n_gpu_layers > 0:  # the same share of them on the GPU
        total = layer_count(parse_header(data))
        settings = msgspec.structs.replace(settings, n_gpu_layers=round(settings.n_gpu_layers * n_layer / total))
    with hollow_model(layer_subset(data, n_layer), folder / f"part-{n_layer}.gguf") as hollow:
        return await run_trial(f"{name}-{n_layer}-layers", hollow.path, settings, n_layer=n_layer, n_prompt=n_prompt)


def _notes(source: Source, header: GgufHeader) -> tuple[str, ...]:
    experts = header.metadata.get(f"{header.architecture}.expert_count")
    mixed = isinstance(experts, int) and experts > 1
    return (ROUTING_NOTE,) if mixed and not isinstance(source, FileSource) else ()
