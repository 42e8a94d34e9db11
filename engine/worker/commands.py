"""Carries out commands on one model. A new command is a function here and a line in ``HANDLERS``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import msgspec

from ..errors import WeighinError
from ..events.notes import Note
from ..events.run import Disturbance
from ..hardware import gpu, load, process
from ..llama import backend
from ..tasks.requests import GenerateRequest, Message
from . import choice, fitting, generate, sample, speed
from .choice import Tick
from .loaded import LoadedModel
from .prompting import Prompt
from .protocol import (
    Beat,
    BuffersFilled,
    ChatDone,
    CheckLengths,
    ChoicesScored,
    Command,
    DepthMeasured,
    FillBuffers,
    Generate,
    Generated,
    LengthsChecked,
    Loaded,
    LoadModel,
    MeasureChat,
    MeasureDepth,
    MeasureSpeed,
    Noticed,
    Report,
    Sample,
    ScoreChoices,
    SpeedDone,
)

_BEAT_INTERVAL_S = 0.2


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
    disturbances = _disturbances(loaded, before)
    loaded.check_numbers()
    return SpeedDone(
        elapsed_s=elapsed_s,
        disturbances=disturbances,
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
    prompt = loaded.prompting.prompt(command.prompt, [Message(role="user", content=command.prompt)], "auto")
    # Only its length matters here, so a prompt that is too long for a short context may lose its beginning.
    tokens = prompt.tokens[-max(1, loaded.speed.spec.n_ctx - command.n_tokens) :]
    before = load.read_load()
    ttft_s, inter_token_s = speed.time_chat(loaded.speed, tokens, n_tokens=command.n_tokens)
    return ChatDone(
        n_prompt_tokens=len(tokens),
        ttft_s=ttft_s,
        inter_token_s=inter_token_s,
        disturbances=_disturbances(loaded, before),
    )


def check_lengths(loaded: LoadedModel, command: CheckLengths, _tick: Tick) -> LengthsChecked:
    for note in fitting.length_notes(loaded, command):
        loaded.notice(note)
    return LengthsChecked()


def score_choices(loaded: LoadedModel, command: ScoreChoices, tick: Tick) -> ChoicesScored:
    fitted, asked = fitting.fit_choices(loaded, command.requests)
    done = choice.score_choices(fitted.context, asked, tick)
    return msgspec.structs.replace(done, results=fitted.complete(done.results))


def answer_greedily(loaded: LoadedModel, command: Generate, tick: Tick) -> Generated:
    fitted, asked = _fitted_texts(loaded, command)
    done = generate.generate(
        fitted.context,
        asked,
        n_parallel=command.n_parallel,
        tick=tick,
        max_thinking_tokens=loaded.settings.max_thinking_tokens,
    )
    return msgspec.structs.replace(done, results=fitted.complete(done.results))


def draw_samples(loaded: LoadedModel, command: Sample, tick: Tick) -> Generated:
    fitted, asked = _fitted_texts(loaded, command)
    done = sample.sample(
        fitted.context,
        asked,
        samples=command.samples,
        temperature=command.temperature,
        seed=command.seed,
        tick=tick,
        max_thinking_tokens=loaded.settings.max_thinking_tokens,
    )
    return msgspec.structs.replace(done, results=fitted.complete(done.results, each=command.samples))


def _fitted_texts(
    loaded: LoadedModel, command: Generate | Sample
) -> tuple[fitting.Fitted, list[tuple[GenerateRequest, Prompt]]]:
    prompts = [loaded.prompting.prompt(r.prompt, r.messages, command.style) for r in command.requests]
    return fitting.fit_texts(loaded, command.requests, prompts)


HANDLERS: dict[type, Callable[[LoadedModel, Any, Tick], Report]] = {
    CheckLengths: check_lengths,
    MeasureSpeed: measure_speed,
    MeasureDepth: measure_depth,
    FillBuffers: fill_buffers,
    MeasureChat: measure_chat,
    ScoreChoices: score_choices,
    Generate: answer_greedily,
    Sample: draw_samples,
}
"""By command; ``LoadModel`` is missing because it comes before there is a loaded model."""


class Server:
    """Answers each command with its report, and says beats in the meantime."""

    def __init__(self, say: Callable[[Report], None]) -> None:
        self._say = say
        self._last_beat = time.monotonic()
        self._loaded: LoadedModel | None = None

    def do(self, command: Command) -> Report:
        """Carry out one command.

        Raises:
            WeighinError: it cannot be done; the server is ready for another one.
        """
        if isinstance(command, LoadModel):
            return self._load(command)
        if self._loaded is None:
            raise WeighinError("No model is loaded yet.", hint="Send LoadModel first.")
        return HANDLERS[type(command)](self._loaded, command, self._beat)

    def _load(self, command: LoadModel) -> Loaded:
        def progress(share: float) -> bool:
            self._beat("loading", share)
            return True

        def notice(note: Note) -> None:
            self._say(Noticed(what=note))

        loaded = LoadedModel(command, progress=progress, notice=notice)
        # Said without regard to the interval: the last beat of loading may have been a moment ago.
        self._say(Beat(note="warming up"))
        speed.warm_up(loaded.speed, n_tokens=command.warm_up_tokens, seed=loaded.settings.seed)
        loaded.check_numbers()
        self._loaded = loaded
        return loaded.report()

    def _beat(self, note: str, share: float | None = None) -> None:
        now = time.monotonic()
        if now - self._last_beat >= _BEAT_INTERVAL_S:
            self._last_beat = now
            self._say(Beat(note=note, share=share))


def _disturbances(loaded: LoadedModel, before: load.LoadSnapshot) -> tuple[Disturbance, ...]:
    return load.assess(before, load.read_load(), n_threads=loaded.settings.n_threads, cpu_bound=loaded.cpu_bound)


def _vram_bytes() -> int:
    if not backend.load_library().llama_supports_gpu_offload():
        return 0
    return gpu.process_vram_bytes(os.getpid())
