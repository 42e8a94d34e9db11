"""A model that is loaded in this process, with its prompt template and its two contexts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import msgspec

from ..errors import ModelFileError
from ..events.notes import Note
from ..hardware.cpu import usable_physical_cores
from ..hardware.memory import usable_memory
from ..llama import backend
from ..llama.context import Context, ContextSpec, speed_spec
from ..llama.model import Model
from .prompting import Prompting
from .protocol import Loaded, LoadModel

_SEQUENCES = 64
_RECURRENT_SEQUENCES = 16
"""For recurrent models, where each sequence costs a whole state."""
_MEMORY_SHARE = 0.6
"""Share of the available memory that a longer cache may fill; the rest is for compute buffers and others."""


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
        self._hollow = command.hollow
        self._load_s = time.perf_counter() - start
        self.prompting = Prompting(self.model, command.prompt_style, command.needs, notice)
        self._answers: Context | None = None
        self.speed = Context(self.model, speed_spec(self.settings))
        self._notice_all((*self.model.notes, *self.speed.notes))

    def answers(self, n_ctx: int) -> Context:
        """The context for answering, with ``n_ctx`` tokens, but never fewer than the plan wants.

        It is created when it is first used, because timing needs the memory to itself, and replaced when another length
        is wanted: how a block is computed depends on the length, so it must not depend on earlier blocks.

        Raises:
            NotEnoughMemoryError: a context of this length cannot be had; ask for a shorter one.
        """
        settings = self.settings
        wanted = max(settings.n_ctx, n_ctx)
        if self._answers is not None and self._answers.spec.n_ctx == wanted:
            return self._answers
        if self._answers is not None:
            self._answers.close()
            self._answers = None
        self._answers = Context(
            self.model,
            ContextSpec(
                n_ctx=wanted,
                n_batch=min(settings.n_batch, settings.n_ctx),
                n_ubatch=min(settings.n_ubatch, settings.n_ctx),
                n_seq_max=_SEQUENCES if self.model.shares_sequences else _RECURRENT_SEQUENCES,
                n_threads=settings.n_threads,
                flash_attention=settings.flash_attention,
                kv_type=settings.kv_type,
                swa_full=True,
            ),
        )
        self._notice_all(self._answers.notes)
        return self._answers

    @cached_property
    def longest_context(self) -> int:
        """The longest context for answering, in tokens: the plan's, or more for items that need it.

        More is at most what the model was trained for, and what memory has room for.
        """
        n_ctx, trained = self.settings.n_ctx, self.model.n_ctx_train
        if self.settings.long_prompts != "raise-context" or trained <= n_ctx:
            return n_ctx
        if self.model.may_offload:
            return trained  # a card without room refuses the context; main memory would swap
        room_bytes = usable_memory().available_bytes * _MEMORY_SHARE
        bytes_a_token = self.model.kv_bytes_a_token(self.settings.kv_type)
        return max(n_ctx, min(trained, int(room_bytes / bytes_a_token)))

    @property
    def cpu_bound(self) -> bool:
        """Whether the processor computes all layers."""
        return not backend.load_library().llama_supports_gpu_offload() or self.settings.n_gpu_layers == 0

    def report(self) -> Loaded:
        """What was loaded, and how."""
        build = backend.read_build()
        offloads = build.gpu_offload and self.settings.n_gpu_layers != 0
        return Loaded(
            load_s=self._load_s,
            architecture=self.model.architecture,
            parameters=self.model.parameters,
            size_bytes=self.model.size_bytes,
            n_vocab=self.model.n_vocab,
            n_ctx_train=self.model.n_ctx_train,
            prompt_style=self.prompting.style,
            chat_template_sha256=self.prompting.template_sha256,
            devices=tuple(d.name for d in build.devices if offloads or d.kind == "cpu"),
            n_threads=self.settings.n_threads,
            llama_build=build.version,
        )

    def check_numbers(self) -> None:
        """Look at the last logits that were computed for timing.

        Raises:
            NotFiniteError: the model computes NaN or infinity.
        """
        if not self._hollow:
            self.speed.best(-1)

    def _notice_all(self, notes: Sequence[Note]) -> None:
        for note in notes:
            self.notice(note)
