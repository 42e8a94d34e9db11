"""Carries out commands on one model."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from ..errors import ModelFileError, WeighinError
from ..events.run import Disturbance
from ..hardware import gpu, load, process
from ..hardware.cpu import usable_physical_cores
from ..llama import backend
from ..llama.context import Context, ContextSpec, speed_spec
from ..llama.model import Model
from ..llama.template import ChatTemplate
from ..plan.model import PromptStyle, Settings
from ..tasks.requests import GenerateRequest, Message
from . import choice, generate, sample
from . import speed as speed
from .protocol import (
    Beat,
    BuffersFilled,
    ChatDone,
    ChoicesScored,
    Command,
    DepthMeasured,
    FillBuffers,
    Generate,
    Generated,
    Loaded,
    LoadModel,
    MeasureChat,
    MeasureDepth,
    MeasureSpeed,
    Report,
    Sample,
    ScoreChoices,
    SpeedDone,
)

Say = Callable[[Report], None]

_BEAT_INTERVAL_S = 0.2
_SEQUENCES = 64
_RECURRENT_SEQUENCES = 16
"""Each costs a whole recurrent state."""


class Server:
    """One model and its contexts: ``do`` answers a command with its report and says beats meanwhile."""

    def __init__(self, say: Say, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._last_beat = clock()
        self._model: Model | None = None
        self._settings = Settings()
        self._template: ChatTemplate | None = None
        self._style: Literal["chat", "plain"] = "plain"
        self._speed: Context | None = None
        self._answers: Context | None = None

    def do(self, command: Command) -> Report:
        """Carry out one command.

        Raises:
            WeighinError: it cannot be done; the server is fit for another one.
        """
        if isinstance(command, LoadModel):
            return self._load(command)
        if isinstance(command, MeasureSpeed):
            return self._measure_speed(command)
        if isinstance(command, MeasureDepth):
            return self._measure_depth(command)
        if isinstance(command, FillBuffers):
            return self._fill_buffers(command)
        if isinstance(command, MeasureChat):
            return self._measure_chat(command)
        if isinstance(command, ScoreChoices):
            return self._score_choices(command)
        if isinstance(command, Sample):
            return self._sample(command)
        return self._generate(command)

    def _beat(self, note: str, share: float | None = None) -> None:
        now = self._clock()
        if now - self._last_beat >= _BEAT_INTERVAL_S:
            self._last_beat = now
            self._say(Beat(note=note, share=share))

    # Loading

    def _load(self, command: LoadModel) -> Loaded:
        threads = command.settings.n_threads or usable_physical_cores()
        self._settings = msgspec.structs.replace(command.settings, n_threads=threads)

        def progress(share: float) -> bool:
            self._beat("loading", share)
            return True

        backend.load_library()
        start = time.perf_counter()
        self._model = Model(
            Path(command.path),
            n_gpu_layers=self._settings.n_gpu_layers,
            use_mmap=self._settings.use_mmap,
            progress=progress,
        )
        if not self._model.has_decoder or self._model.n_vocab == 0:
            raise ModelFileError(f"{command.path} is no text-generating model.", hint="Choose a causal language model.")
        load_s = time.perf_counter() - start
        source = self._model.chat_template
        wants_chat = command.prompt_style == "chat" or (command.prompt_style == "auto" and source is not None)
        if wants_chat and source is None:
            raise ModelFileError(f"{command.path} has no chat template.", hint="Use the prompt style plain or auto.")
        if wants_chat and source is not None:
            self._template = self._compile(source)
            self._style = "chat"
        self._speed = Context(self._model, speed_spec(self._settings))
        self._say(Beat(note="warming up"))  # once, so never too often: right after the last of loading, it is due
        speed.warm_up(self._speed, n_tokens=command.warm_up_tokens, seed=self._settings.seed)
        build = backend.read_build()
        offloads = build.gpu_offload and self._settings.n_gpu_layers != 0
        return Loaded(
            load_s=load_s,
            architecture=self._model.architecture,
            parameters=self._model.parameters,
            size_bytes=self._model.size_bytes,
            n_vocab=self._model.n_vocab,
            n_ctx_train=self._model.n_ctx_train,
            prompt_style=self._style,
            chat_template_sha256=hashlib.sha256(source.encode()).hexdigest() if wants_chat and source else "",
            devices=tuple(d.name for d in build.devices if offloads or d.kind == "cpu"),
            n_threads=threads,
            llama_build=build.version,
            peak_rss_bytes=process.peak_memory_bytes(),
        )

    def _compile(self, source: str) -> ChatTemplate:
        model = self._require_model()

        def control(token: int) -> str:
            return model.piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""

        return ChatTemplate(source, bos=control(model.bos), eos=control(model.eos))

    def _require_model(self) -> Model:
        if self._model is None:
            raise WeighinError("No model is loaded yet.", hint="Send LoadModel first.")
        return self._model

    # Speed

    def _require_speed(self) -> Context:
        if self._speed is None:
            raise WeighinError("No model is loaded yet.", hint="Send LoadModel first.")
        return self._speed

    def _watch(self, before: load.LoadSnapshot) -> tuple[Disturbance, ...]:
        cpu_bound = not backend.load_library().llama_supports_gpu_offload() or self._settings.n_gpu_layers == 0
        return load.assess(before, load.read_load(), n_threads=self._settings.n_threads, cpu_bound=cpu_bound)

    def _measure_speed(self, command: MeasureSpeed) -> SpeedDone:
        context = self._require_speed()
        if command.depth + command.n_tokens > context.spec.n_ctx:
            raise WeighinError(
                f"{command.n_tokens} tokens after {command.depth} do not fit the context of {context.spec.n_ctx}.",
                hint="Raise settings.n_ctx or measure fewer tokens.",
            )
        measure = speed.time_prompt if command.kind == "prompt" else speed.time_generation
        before = load.read_load()
        elapsed = measure(context, n_tokens=command.n_tokens, depth=command.depth, seed=command.seed)
        disturbances = self._watch(before)
        return SpeedDone(
            elapsed_s=elapsed,
            disturbances=disturbances,
            peak_rss_bytes=process.peak_memory_bytes(),
            vram_bytes=self._vram_bytes(),
        )

    def _measure_depth(self, command: MeasureDepth) -> DepthMeasured:
        before = load.read_load()
        depth, token_s, deep_token_s = speed.time_depth(
            self._require_speed(),
            command.depth,
            fill_s=command.fill_s,
            n_tokens=command.n_tokens,
            time_s=command.time_s,
            seed=0,
        )
        disturbances = self._watch(before)
        return DepthMeasured(depth=depth, token_s=token_s, deep_token_s=deep_token_s, disturbances=disturbances)

    def _fill_buffers(self, command: FillBuffers) -> BuffersFilled:
        speed.fill_buffers(self._require_speed(), for_s=command.for_s)
        return BuffersFilled(peak_rss_bytes=process.peak_memory_bytes(), vram_bytes=self._vram_bytes())

    def _vram_bytes(self) -> int:
        if not backend.load_library().llama_supports_gpu_offload():
            return 0
        return gpu.process_vram_bytes(os.getpid())

    def _measure_chat(self, command: MeasureChat) -> ChatDone:
        context = self._require_speed()
        request = GenerateRequest(
            item="chat",
            prompt=command.prompt,
            messages=(Message(role="user", content=command.prompt),),
            stop=(),
            max_tokens=command.n_tokens,
        )
        _text, tokens = self._render(request, "auto")
        tokens = tokens[-(context.spec.n_ctx - command.n_tokens) :]
        before = load.read_load()
        timing = speed.time_chat(context, tokens, n_tokens=command.n_tokens)
        return ChatDone(
            n_prompt_tokens=len(tokens),
            ttft_s=timing.ttft_s,
            inter_token_s=timing.inter_token_s,
            disturbances=self._watch(before),
        )

    # Answers

    def _require_answers(self) -> Context:
        if self._answers is None:
            model = self._require_model()
            settings = self._settings
            self._answers = Context(
                model,
                ContextSpec(
                    n_ctx=settings.n_ctx,
                    n_batch=min(settings.n_batch, settings.n_ctx),
                    n_ubatch=min(settings.n_ubatch, settings.n_ctx),
                    n_seq_max=_SEQUENCES if model.shares_sequences else _RECURRENT_SEQUENCES,
                    n_threads=settings.n_threads,
                    flash_attention=settings.flash_attention,
                    kv_type=settings.kv_type,
                    swa_full=True,
                ),
            )
        return self._answers

    def _render(self, request: GenerateRequest, style: PromptStyle) -> tuple[str, list[int]]:
        model = self._require_model()
        if self._template is None or style == "plain":
            return request.prompt, model.tokenize(request.prompt) or [max(model.bos, model.eos, 0)]
        text = self._template.render([{"role": m.role, "content": m.content} for m in request.messages])
        # The template writes BOS itself; adding it twice would change the answers.
        bos = model.piece(model.bos, special=True).decode("utf-8", "replace") if model.bos >= 0 else ""
        adds = not (bos and text.startswith(bos))
        return text, model.tokenize(text, add_special=adds, parse_special=True)

    def _score_choices(self, command: ScoreChoices) -> ChoicesScored:
        context = self._require_answers()
        start = time.perf_counter()
        block = choice.score_choices(context, command.requests, self._beat)
        return ChoicesScored(
            results=block.results,
            n_unique_prompt_tokens=block.n_unique_prompt_tokens,
            elapsed_s=time.perf_counter() - start,
        )

    def _sample(self, command: Sample) -> Generated:
        context = self._require_answers()
        start = time.perf_counter()
        block = sample.sample(
            context,
            command.requests,
            lambda request: self._render(request, command.style),
            samples=command.samples,
            temperature=command.temperature,
            seed=command.seed,
            tick=self._beat,
        )
        return Generated(
            results=block.results,
            n_unique_prompt_tokens=block.n_unique_prompt_tokens,
            n_output_tokens=block.n_output_tokens,
            elapsed_s=time.perf_counter() - start,
        )

    def _generate(self, command: Generate) -> Generated:
        context = self._require_answers()
        start = time.perf_counter()
        block = generate.generate(
            context,
            command.requests,
            lambda request: self._render(request, command.style),
            n_parallel=command.n_parallel,
            tick=self._beat,
        )
        return Generated(
            results=block.results,
            n_unique_prompt_tokens=block.n_unique_prompt_tokens,
            n_output_tokens=block.n_output_tokens,
            elapsed_s=time.perf_counter() - start,
        )
