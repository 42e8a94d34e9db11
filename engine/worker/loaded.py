"""A model that is loaded in this process, with its prompt template and its two contexts."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

import msgspec

from ..errors import ModelFileError
from ..events.notes import Note
from ..hardware.cpu import usable_physical_cores
from ..llama import backend
from ..llama.context import Context, ContextSpec, speed_spec
from ..llama.model import Model
from ..llama.template import ChatTemplate
from ..plan.model import PromptStyle
from ..tasks.requests import Message
from .protocol import Loaded, LoadModel

_SEQUENCES = 64
_RECURRENT_SEQUENCES = 16
"""For recurrent models, where each sequence costs a whole state."""


class LoadedModel:
    """Loads a model when it is made. ``speed`` and ``answers`` are the contexts for timing and for answering."""

    def __init__(
        self, command: LoadModel, *, progress: Callable[[float], bool], notice: Callable[[Note], None]
    ) -> None:
        """Load the model. ``notice`` is told what the user must know about it, now and later.

        Raises:
            ModelFileError: the file cannot be loaded, does not generate text, or lacks the template it needs.
        """
        self.settings = msgspec.structs.replace(
            command.settings, n_threads=command.settings.n_threads or usable_physical_cores()
        )
        backend.load_library()
        start = time.perf_counter()
        self.model = Model(
            Path(command.path),
            n_gpu_layers=self.settings.n_gpu_layers,
            use_mmap=self.settings.use_mmap,
            progress=progress,
        )
        if not self.model.has_decoder or self.model.n_vocab == 0:
            raise ModelFileError(
                f"{command.path} is not a text-generating model.", hint="Choose a causal language model."
            )
        self.notice = notice
        self._load_s = time.perf_counter() - start
        self._template_source = self._chosen_template(command)
        self._template: ChatTemplate | None = None
        if self._template_source:
            bos, eos = self._control(self.model.bos), self._control(self.model.eos)
            self._template = ChatTemplate(self._template_source, bos=bos, eos=eos)
        self.speed = Context(self.model, speed_spec(self.settings))
        self._notice_all((*self.model.notes, *self.speed.notes))

    @cached_property
    def answers(self) -> Context:
        """The context for answering, created when it is first used: timing needs the memory to itself."""
        settings = self.settings
        context = Context(
            self.model,
            ContextSpec(
                n_ctx=settings.n_ctx,
                n_batch=min(settings.n_batch, settings.n_ctx),
                n_ubatch=min(settings.n_ubatch, settings.n_ctx),
                n_seq_max=_SEQUENCES if self.model.shares_sequences else _RECURRENT_SEQUENCES,
                n_threads=settings.n_threads,
                flash_attention=settings.flash_attention,
                kv_type=settings.kv_type,
                swa_full=True,
            ),
        )
        self._notice_all(context.notes)
        return context

    @property
    def cpu_bound(self) -> bool:
        """Whether the processor computes all layers."""
        return not backend.load_library().llama_supports_gpu_offload() or self.settings.n_gpu_layers == 0

    def report(self) -> Loaded:
        """What was loaded, and how."""
        build = backend.read_build()
        offloads = build.gpu_offload and self.settings.n_gpu_layers != 0
        style: Literal["chat", "plain"] = "chat" if self._template else "plain"
        return Loaded(
            load_s=self._load_s,
            architecture=self.model.architecture,
            parameters=self.model.parameters,
            size_bytes=self.model.size_bytes,
            n_vocab=self.model.n_vocab,
            n_ctx_train=self.model.n_ctx_train,
            prompt_style=style,
            chat_template_sha256=hashlib.sha256(self._template_source.encode()).hexdigest() if self._template else "",
            devices=tuple(d.name for d in build.devices if offloads or d.kind == "cpu"),
            n_threads=self.settings.n_threads,
            llama_build=build.version,
        )

    def render(self, prompt: str, messages: Sequence[Message], style: PromptStyle) -> tuple[str, list[int]]:
        """The prompt as sent, and its tokens: ``messages`` in the chat template, or ``prompt`` without one."""
        model = self.model
        if self._template is None or style == "plain":
            return prompt, model.tokenize(prompt) or [max(model.bos, model.eos, 0)]
        text = self._template.render([{"role": m.role, "content": m.content} for m in messages])
        # The template writes BOS itself; adding it twice would change the answers.
        bos = self._control(model.bos)
        adds = not (bos and text.startswith(bos))
        return text, model.tokenize(text, add_special=adds, parse_special=True)

    def _notice_all(self, notes: Sequence[Note]) -> None:
        for note in notes:
            self.notice(note)

    def _chosen_template(self, command: LoadModel) -> str:
        """The source of the chat template that the prompt style asks for; empty for plain prompts."""
        source = self.model.chat_template
        if command.prompt_style == "plain" or (command.prompt_style == "auto" and source is None):
            return ""
        if source is None:
            raise ModelFileError(f"{command.path} has no chat template.", hint="Use the prompt style plain or auto.")
        return source

    def _control(self, token: int) -> str:
        return self.model.piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""
