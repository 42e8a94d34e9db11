"""What each command does with a loaded model. A new command is a function here and a line in ``HANDLERS``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from ..errors import WeighinError
from ..events.run import Disturbance
from ..hardware import gpu, load, process
from ..llama import backend
from ..tasks.requests import GenerateRequest, Message
from . import choice, generate, sample, speed
from .loaded import LoadedModel
from .protocol import (
    BuffersFilled,
    ChatDone,
    ChoicesScored,
    DepthMeasured,
    FillBuffers,
    Generate,
    Generated,
    MeasureChat,
    MeasureDepth,
    MeasureSpeed,
    Report,
    Sample,
    ScoreChoices,
    SpeedDone,
)

Tick = Callable[[str, float], None]
"""Called with the item at hand and the share of the command that is done."""


def measure_speed(loaded: LoadedModel, command: MeasureSpeed, _tick: Tick) -> SpeedDone:
    context = loaded.speed
    if command.depth + command.n_tokens > context.spec.n_ctx:
        raise WeighinError(
            f"{command.n_tokens} tokens after {command.depth} do not fit the context of {context.spec.n_ctx}.",
            hint="Raise settings.n_ctx or measure fewer tokens.",
        )
    measure = speed.time_prompt if command.kind == "prompt" else speed.time_generation
    before = load.read_load()
    elapsed_s = measure(context, n_tokens=command.n_tokens, depth=command.depth, seed=command.seed)
    return SpeedDone(
        elapsed_s=elapsed_s,
        disturbances=_disturbances(loaded, before),
        peak_rss_bytes=process.peak_memory_bytes(),
        vram_bytes=_vram_bytes(),
    )


def measure_depth(loaded: LoadedModel, command: MeasureDepth, _tick: Tick) -> DepthMeasured:
    before = load.read_load()
    depth, token_s, deep_token_s = speed.time_depth(
        loaded.speed,
        command.depth,
        fill_s=command.fill_s,
        n_tokens=command.n_tokens,
        time_s=command.time_s,
        seed=0,
    )
    return DepthMeasured(
        depth=depth, token_s=token_s, deep_token_s=deep_token_s, disturbances=_disturbances(loaded, before)
    )


def fill_buffers(loaded: LoadedModel, command: FillBuffers, _tick: Tick) -> BuffersFilled:
    speed.fill_buffers(loaded.speed, for_s=command.for_s)
    return BuffersFilled(peak_rss_bytes=process.peak_memory_bytes(), vram_bytes=_vram_bytes())


def measure_chat(loaded: LoadedModel, command: MeasureChat, _tick: Tick) -> ChatDone:
    _text, tokens = loaded.render(command.prompt, [Message(role="user", content=command.prompt)], "auto")
    tokens = tokens[-(loaded.speed.spec.n_ctx - command.n_tokens) :]
    before = load.read_load()
    timing = speed.time_chat(loaded.speed, tokens, n_tokens=command.n_tokens)
    return ChatDone(
        n_prompt_tokens=len(tokens),
        ttft_s=timing.ttft_s,
        inter_token_s=timing.inter_token_s,
        disturbances=_disturbances(loaded, before),
    )


def score_choices(loaded: LoadedModel, command: ScoreChoices, tick: Tick) -> ChoicesScored:
    context = loaded.answers
    start = time.perf_counter()
    block = choice.score_choices(context, command.requests, tick)
    return ChoicesScored(
        results=block.results,
        n_unique_prompt_tokens=block.n_unique_prompt_tokens,
        elapsed_s=time.perf_counter() - start,
    )


def answer_greedily(loaded: LoadedModel, command: Generate, tick: Tick) -> Generated:
    def render(request: GenerateRequest) -> tuple[str, list[int]]:
        return loaded.render(request.prompt, request.messages, command.style)

    context = loaded.answers
    start = time.perf_counter()
    block = generate.generate(context, command.requests, render, n_parallel=command.n_parallel, tick=tick)
    return _generated(block, start)


def draw_samples(loaded: LoadedModel, command: Sample, tick: Tick) -> Generated:
    def render(request: GenerateRequest) -> tuple[str, list[int]]:
        return loaded.render(request.prompt, request.messages, command.style)

    context = loaded.answers
    start = time.perf_counter()
    block = sample.sample(
        context,
        command.requests,
        render,
        samples=command.samples,
        temperature=command.temperature,
        seed=command.seed,
        tick=tick,
    )
    return _generated(block, start)


HANDLERS: dict[type, Callable[[LoadedModel, Any, Tick], Report]] = {
    MeasureSpeed: measure_speed,
    MeasureDepth: measure_depth,
    FillBuffers: fill_buffers,
    MeasureChat: measure_chat,
    ScoreChoices: score_choices,
    Generate: answer_greedily,
    Sample: draw_samples,
}
"""By command; ``LoadModel`` is missing because it comes before there is a loaded model."""


def _generated(block: generate.GenerateBlock, start: float) -> Generated:
    return Generated(
        results=block.results,
        n_unique_prompt_tokens=block.n_unique_prompt_tokens,
        n_output_tokens=block.n_output_tokens,
        elapsed_s=time.perf_counter() - start,
    )


def _disturbances(loaded: LoadedModel, before: load.LoadSnapshot) -> tuple[Disturbance, ...]:
    return load.assess(before, load.read_load(), n_threads=loaded.settings.n_threads, cpu_bound=loaded.cpu_bound)


def _vram_bytes() -> int:
    if not backend.load_library().llama_supports_gpu_offload():
        return 0
    return gpu.process_vram_bytes(os.getpid())
