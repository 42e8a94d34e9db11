"""A loaded model: weights, vocabulary, metadata."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..events.notes import Note
from .backend import Closing, listening, load_library
from .messages import load_failure, notes_in

Tokens = list[int]
_KV_BYTES = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
"""Bytes of one number in the cache."""
LoadProgress = Callable[[float], bool]
"""Called with 0 to 1 during loading; returning False cancels."""


class Model(Closing):
    """Weights and vocabulary of one GGUF file. Close it, or use it in a ``with`` block."""

    def __init__(
        self,
        path: Path,
        *,
        n_gpu_layers: int = -1,
        use_mmap: bool = True,
        vocab_only: bool = False,
        progress: LoadProgress | None = None,
    ) -> None:
        """Load ``path``.

        Raises:
            LoadError: llama.cpp could not load the file.
            OutOfMemoryError: memory is short.
        """
        self._lib = load_library()
        params = self._lib.llama_model_default_params()
        params.n_gpu_layers = n_gpu_layers
        params.load_mode = self._lib.LLAMA_LOAD_MODE_MMAP if use_mmap else self._lib.LLAMA_LOAD_MODE_NONE
        params.vocab_only = vocab_only
        if progress is not None:
            report = progress  # bound for the closure; C calls it with a float and an unused pointer
            callback = self._lib.llama_progress_callback(lambda share, _data: report(share))
            params.progress_callback = callback
        with listening() as log:
            pointer = self._lib.llama_model_load_from_file(str(path).encode(), params)
        if not pointer:
            raise load_failure(path, log)
        self._pointer: Any = pointer
        self._vocab: Any = self._lib.llama_model_get_vocab(pointer)
        self.path = path
        self._n_gpu_layers = n_gpu_layers
        self.n_vocab = int(self._lib.llama_vocab_n_tokens(self._vocab))
        self._pieces: dict[int, bytes] = {}
        self.notes: tuple[Note, ...] = notes_in(log)
        """What the log says about the file that its user must know."""

    @property
    def pointer(self) -> Any:
        """The ``llama_model *``, for other modules of this package."""
        return self._pointer

    def close(self) -> None:
        """Free the weights. Close every context first."""
        if self._pointer:
            self._lib.llama_model_free(self._pointer)
            self._pointer = None

    # Facts

    @property
    def size_bytes(self) -> int:
        """Size of all tensors."""
        return int(self._lib.llama_model_size(self._pointer))

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return int(self._lib.llama_model_n_params(self._pointer))

    @property
    def n_ctx_train(self) -> int:
        """Context length the model was trained for, in tokens."""
        return int(self._lib.llama_model_n_ctx_train(self._pointer))

    @property
    def shares_sequences(self) -> bool:
        """Whether a cached token can belong to several sequences, as it cannot in recurrent and hybrid models."""
        return not (self._lib.llama_model_is_recurrent(self._pointer) or self._lib.llama_model_is_hybrid(self._pointer))

    @property
    def may_offload(self) -> bool:
        """Whether layers can be on a GPU."""
        return self._n_gpu_layers != 0 and bool(self._lib.llama_supports_gpu_offload())

    @property
    def has_decoder(self) -> bool:
        """False for pure encoders such as embedding models, which cannot answer."""
        return bool(self._lib.llama_model_has_decoder(self._pointer))

    def kv_bytes_a_token(self, kv_type: str) -> float:
        """Upper bound on the cache for one token; recurrent layers and shared heads need less."""
        heads = int(self._lib.llama_model_n_head(self._pointer)) or 1
        kv_heads = int(self._lib.llama_model_n_head_kv(self._pointer)) or heads
        usual = int(self._lib.llama_model_n_embd(self._pointer)) // heads
        widths = [self.metadata(f"{self.architecture}.attention.{key}_length") for key in ("key", "value")]
        width = sum(int(text) if text and text.isdigit() else usual for text in widths)
        return int(self._lib.llama_model_n_layer(self._pointer)) * kv_heads * width * _KV_BYTES[kv_type]

    def metadata(self, key: str) -> str | None:
        """The GGUF value under ``key`` as text, or None."""
        size = 1 << 12
        while True:
            buffer = ctypes.create_string_buffer(size)
            length = self._lib.llama_model_meta_val_str(self._pointer, key.encode(), buffer, size)
            if length < 0:
                return None
            if length < size:
                return buffer.value.decode("utf-8", "replace")
            size = length + 1

    @property
    def architecture(self) -> str:
        return self.metadata("general.architecture") or "unknown"

    @property
    def chat_template(self) -> str | None:
        """The model's own Jinja template, or None for a base model."""
        return self.metadata("tokenizer.chat_template")

    # Tokens

    @property
    def bos(self) -> int:
        """Beginning-of-text token, -1 when there is none."""
        return int(self._lib.llama_vocab_bos(self._vocab))

    @property
    def eos(self) -> int:
        """End-of-text token, -1 when there is none."""
        return int(self._lib.llama_vocab_eos(self._vocab))

    @property
    def adds_bos(self) -> bool:
        """Whether the tokenizer adds BOS itself."""
        return bool(self._lib.llama_vocab_get_add_bos(self._vocab))

    def is_end(self, token: int) -> bool:
        """Whether ``token`` ends a generation (end of text, end of turn)."""
        return bool(self._lib.llama_vocab_is_eog(self._vocab, token))

    def tokenize(self, text: str, *, add_bos: bool = True, parse_special: bool = False) -> Tokens:
        """Tokens of ``text``.

        ``add_bos`` puts the beginning-of-text token first if the model expects it. Nothing is ever put at the end:
        ``add_eos_token`` in a header is a setting for training, and what follows an end-of-text token is another text.
        ``parse_special`` reads control tokens written out in the text, which only a rendered chat template should
        contain.
        """
        raw = text.encode()
        size = len(raw) + 8
        buffer = (ctypes.c_int32 * size)()
        # llama.cpp's own add_special would append EOS or SEP where the header says so, so it is always off.
        count = self._lib.llama_tokenize(self._vocab, raw, len(raw), buffer, size, False, parse_special)
        if count < 0:
            size = -count
            buffer = (ctypes.c_int32 * size)()
            count = self._lib.llama_tokenize(self._vocab, raw, len(raw), buffer, size, False, parse_special)
        start = [self.bos] if add_bos and self.adds_bos and self.bos >= 0 else []
        return start + list(buffer[:count])

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """The bytes of ``token``; empty for control tokens unless ``special``."""
        if not special and token in self._pieces:
            return self._pieces[token]
        size = 64
        buffer = ctypes.create_string_buffer(size)
        length = self._lib.llama_token_to_piece(self._vocab, token, buffer, size, 0, special)
        if length < 0:
            size = -length
            buffer = ctypes.create_string_buffer(size)
            length = self._lib.llama_token_to_piece(self._vocab, token, buffer, size, 0, special)
        piece = buffer.raw[: max(length, 0)]
        if not special:
            self._pieces[token] = piece
        return piece

    def text(self, tokens: Sequence[int], *, special: bool = False) -> str:
        """Detokenized text; invalid UTF-8 becomes U+FFFD. Control tokens are left out unless ``special``."""
        return b"".join(self.piece(token, special=special) for token in tokens).decode("utf-8", "replace")

    def special_text(self, token: int) -> str:
        """The text of a control token; empty for -1."""
        return self.text([token], special=True) if token >= 0 else ""

    def added_start(self, tokens: Sequence[int]) -> str:
        """The text of the start token that ``tokenize`` put first; empty if it put none."""
        return self.special_text(self.bos) if self.adds_bos and tokens and tokens[0] == self.bos else ""

    def random_tokens(self, count: int, generator: np.random.Generator) -> npt.NDArray[np.int32]:
        """``count`` tokens drawn uniformly as in llama-bench; the first is BOS if the tokenizer adds it."""
        tokens = generator.integers(0, self.n_vocab, count, dtype=np.int32)
        if self.adds_bos and count:
            tokens[0] = self.bos
        return tokens
