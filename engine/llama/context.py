"""A context: the KV cache, batches with sequence ids, and logits as numpy views."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from ..errors import WeighinError
from ..events.notes import Note
from ..plan.model import Settings
from .backend import Closing, listening, load_library
from .messages import LoggedError, context_failure, notes_in
from .model import Model

_GIVEN_UP = 2
"""Returned by ``llama_decode`` when the callback stopped it."""

Float32Row = npt.NDArray[np.float32]


class DecodeError(LoggedError):
    """llama.cpp rejected a batch or failed to compute it."""


class NotFiniteError(WeighinError):
    """The model computes NaN or infinite values."""


class ContextSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Layout of the cache, and how to compute. Every field is passed to llama.cpp unchanged."""

    n_ctx: int
    """Cells of the KV cache, shared by all sequences."""
    n_batch: int = 2048
    n_ubatch: int = 512
    n_seq_max: int = 1
    n_threads: int = 1
    flash_attention: str = "auto"
    kv_type: str = "f16"
    swa_full: bool = False
    """Keep every token in sliding-window layers, which is required to share prefixes between sequences."""


def speed_spec(settings: Settings) -> ContextSpec:
    """One sequence at the plan's context, which is what a single chat allocates."""
    return ContextSpec(
        n_ctx=settings.n_ctx,
        n_batch=min(settings.n_batch, settings.n_ctx),
        n_ubatch=min(settings.n_ubatch, settings.n_ctx),
        n_threads=settings.n_threads,
        flash_attention=settings.flash_attention,
        kv_type=settings.kv_type,
    )


class Context(Closing):
    """A KV cache for a model. It keeps one batch: ``add`` tokens to it, then ``decode``."""

    def __init__(self, model: Model, spec: ContextSpec) -> None:
        """Allocate cache and compute buffers.

        Raises:
            ContextError: llama.cpp cannot create a context with these settings.
            OutOfMemoryError: memory is short.
        """
        lib = load_library()
        params = lib.llama_context_default_params()
        params.n_ctx = spec.n_ctx
        params.n_batch = spec.n_batch
        params.n_ubatch = spec.n_ubatch
        params.n_seq_max = spec.n_seq_max
        params.n_threads = params.n_threads_batch = spec.n_threads
        params.flash_attn_type = {
            "auto": lib.LLAMA_FLASH_ATTN_TYPE_AUTO,
            "on": lib.LLAMA_FLASH_ATTN_TYPE_ENABLED,
            "off": lib.LLAMA_FLASH_ATTN_TYPE_DISABLED,
        }[spec.flash_attention]
        kv_type = {"f16": lib.GGML_TYPE_F16, "q8_0": lib.GGML_TYPE_Q8_0, "q4_0": lib.GGML_TYPE_Q4_0}[spec.kv_type]
        params.type_k = params.type_v = kv_type
        params.swa_full = spec.swa_full
        params.kv_unified = True
        params.no_perf = True
        with listening() as log:
            pointer = lib.llama_init_from_model(model.pointer, params)
        if not pointer:
            raise context_failure(model.path.name, spec.n_ctx, log)
        self.model = model
        self.spec = spec
        self.notes: tuple[Note, ...] = notes_in(log)
        """What the log says about this context that its user must know."""
        self._lib = lib
        self._pointer: Any = pointer
        self._memory: Any = lib.llama_get_memory(pointer)
        self._batch = _Batch(lib, spec.n_batch, spec.n_seq_max)

    def close(self) -> None:
        """Free the cache."""
        if self._pointer:
            self._lib.llama_free(self._pointer)
            self._pointer = None

    @property
    def pointer(self) -> Any:
        """The ``llama_context *``, for other modules of this package."""
        return self._pointer

    # Batch

    @property
    def pending(self) -> int:
        """Tokens added since the last decode."""
        return self._batch.count

    def add(self, tokens: Sequence[int], position: int, sequences: Sequence[int], wanted: Sequence[int] = ()) -> int:
        """Append ``tokens`` at consecutive positions from ``position``, for all ``sequences``.

        ``wanted`` holds offsets into ``tokens`` whose logits are needed. Returns the batch index of the first token.
        """
        return self._batch.add(tokens, position, sequences, wanted)

    def decode(self) -> None:
        """Compute the batch and empty it. Logits can be read by batch index until the next decode.

        Raises:
            DecodeError: the cache is full, or llama.cpp failed.
        """
        status = self._lib.llama_decode(self._pointer, self._batch.struct)
        self._batch.count = 0
        if status == 1:
            raise DecodeError(
                f"The KV cache of {self.spec.n_ctx} tokens is full.",
                hint="Use a larger context (n_ctx) or fewer items.",
            )
        if status != 0:
            raise DecodeError(f"llama.cpp could not compute a batch (status {status}).")

    def decode_prompt(self, tokens: npt.NDArray[np.int32]) -> None:
        """Append ``tokens`` to sequence 0 as llama-bench does, with logits only for the last token of each batch."""
        pointer = tokens.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
        for start in range(0, len(tokens), self.spec.n_batch):
            count = min(self.spec.n_batch, len(tokens) - start)
            part = ctypes.cast(ctypes.addressof(pointer.contents) + 4 * start, ctypes.POINTER(ctypes.c_int32))
            status = self._lib.llama_decode(self._pointer, self._lib.llama_batch_get_one(part, count))
            if status != 0:
                raise DecodeError(f"llama.cpp could not compute a prompt of {len(tokens)} tokens (status {status}).")

    def decode_briefly(self, tokens: npt.NDArray[np.int32], for_s: float) -> None:
        """Like ``decode_prompt``, but stops after ``for_s`` seconds, between two operations on the CPU.

        Clear the cache afterwards. The callback runs for every operation, which is too slow for anything that is timed.
        """
        end = time.monotonic() + for_s
        late = self._lib.ggml_abort_callback(lambda _data: time.monotonic() >= end)
        pointer = tokens.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
        self._lib.llama_set_abort_callback(self._pointer, late, None)
        try:
            status = self._lib.llama_decode(self._pointer, self._lib.llama_batch_get_one(pointer, len(tokens)))
        finally:
            self._lib.llama_set_abort_callback(self._pointer, self._lib.ggml_abort_callback(), None)
        if status not in (0, _GIVEN_UP):
            raise DecodeError(f"llama.cpp could not compute a prompt of {len(tokens)} tokens (status {status}).")

    def synchronize(self) -> None:
        """Wait for the devices: on a GPU, decoding returns before it has finished."""
        self._lib.llama_synchronize(self._pointer)

    def logits(self, index: int) -> Float32Row:
        """Logits at batch ``index``, shape (n_vocab,): a view into llama.cpp's buffer, valid until the next decode."""
        pointer = self._lib.llama_get_logits_ith(self._pointer, index)
        if not pointer:
            raise DecodeError(f"llama.cpp kept no logits for batch index {index}.")
        return np.ctypeslib.as_array(pointer, shape=(self.model.n_vocab,))

    def best(self, index: int) -> int:
        """The most likely token at batch ``index``; the first one of several.

        Raises:
            NotFiniteError: the model computed NaN or infinity. Checking costs nothing: argmax finds any of them.
        """
        logits = self.logits(index)
        token = int(np.argmax(logits))
        if not np.isfinite(logits[token]):
            raise self.not_finite()
        return token

    def not_finite(self) -> NotFiniteError:
        """The error for logits that are NaN or infinite."""
        return NotFiniteError(
            f"{self.model.path.name} computes NaN: the file is damaged, or its numbers overflow on this machine.",
            hint="Download it again, or choose another quant.",
        )

    # Cache

    def clear(self) -> None:
        """Remove every sequence; the buffers stay allocated, as in llama-bench."""
        self._lib.llama_memory_clear(self._memory, False)

    def share(self, source: int, target: int, end: int) -> None:
        """Share the first ``end`` positions of sequence ``source`` with ``target``, without computing them again."""
        self._lib.llama_memory_seq_cp(self._memory, source, target, 0, end)

    def forget(self, sequence: int, start: int = 0) -> None:
        """Remove the positions of ``sequence`` from ``start`` onward."""
        self._lib.llama_memory_seq_rm(self._memory, sequence, start, -1)


class _Batch:
    """A ``llama_batch`` over numpy arrays, filled by slices instead of a Python loop over tokens."""

    def __init__(self, lib: Any, capacity: int, n_seq_max: int) -> None:
        self.capacity = capacity
        self.count = 0
        self._token = np.zeros(capacity, np.int32)
        self._position = np.zeros(capacity, np.int32)
        self._n_sequences = np.zeros(capacity, np.int32)
        self._sequence = np.zeros((capacity, n_seq_max), np.int32)
        self._wanted = np.zeros(capacity, np.int8)
        row = self._sequence.strides[0]
        self._rows = (self._sequence.ctypes.data + row * np.arange(capacity)).astype(np.uint64)
        self._struct = lib.llama_batch()
        int32, int8 = ctypes.POINTER(ctypes.c_int32), ctypes.POINTER(ctypes.c_int8)
        self._struct.token = self._token.ctypes.data_as(int32)
        self._struct.pos = self._position.ctypes.data_as(int32)
        self._struct.n_seq_id = self._n_sequences.ctypes.data_as(int32)
        self._struct.seq_id = ctypes.cast(self._rows.ctypes.data, ctypes.POINTER(int32))
        self._struct.logits = self._wanted.ctypes.data_as(int8)

    @property
    def struct(self) -> Any:
        self._struct.n_tokens = self.count
        return self._struct

    def add(self, tokens: Sequence[int], position: int, sequences: Sequence[int], wanted: Sequence[int]) -> int:
        first, last = self.count, self.count + len(tokens)
        if last > self.capacity:
            raise DecodeError(f"A batch of {last} tokens is larger than n_batch = {self.capacity}.")
        self._token[first:last] = tokens
        self._position[first:last] = np.arange(position, position + len(tokens))
        self._n_sequences[first:last] = len(sequences)
        self._sequence[first:last, : len(sequences)] = sequences
        self._wanted[first:last] = 0
        for offset in wanted:
            self._wanted[first + offset] = 1
        self.count = last
        return first
