"""What llama.cpp's log means: notes about a model that was loaded, and why one could not be loaded or computed.

The patterns are those of llama.cpp's sources: llama-model-loader.cpp, llama-vocab.cpp, llama-context.cpp, gguf.cpp.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from ..errors import ModelFileError, NotEnoughMemoryError, WeighinError
from ..events.notes import (
    ContextBeyondTraining,
    ControlTokensAssumed,
    EndTokenUnusual,
    FlashAttentionUnsupported,
    LoadedWithError,
    Note,
    SpecialTokenMissing,
    TokenizerNotStated,
)
from .backend import LogLine

_CONTROL_LOOKING = re.compile(r"control-looking token:\s*\d+ '(.*)' was not control-type", re.DOTALL)
_UNUSUAL_END = re.compile(r"special_(eos|eot|eom)_id is not in special_eog_ids")
_BAD_TOKEN = re.compile(r"bad special token: 'tokenizer\.ggml\.(bos|eos|eot|eom)_token_id'")
_BEYOND_TRAINING = re.compile(r"n_ctx_seq \((\d+)\) > n_ctx_train \((\d+)\)")
_FLASH_ATTENTION_OFF = re.compile(r"Flash Attention not supported, set to disabled|flash_attn is not compatible with")


def notes_in(lines: Sequence[LogLine]) -> tuple[Note, ...]:
    """What the user must know of the warnings and errors that loading a model logged, each once.

    Warnings without a meaning here are left out: llama.cpp warns of much that changes nothing. Errors are kept.
    """
    control = tuple(dict.fromkeys(match[1] for line in lines if (match := _CONTROL_LOOKING.search(line.text))))
    found: list[Note] = [note for line in lines for note in _notes_of(line)]
    if control:
        found.append(ControlTokensAssumed(tokens=control))
    return tuple(dict.fromkeys(found))


def _notes_of(line: LogLine) -> Iterable[Note]:
    text = line.text
    if "missing pre-tokenizer type" in text:
        yield TokenizerNotStated()
    elif match := _UNUSUAL_END.search(text):
        yield EndTokenUnusual(token=match[1])
    elif match := _BAD_TOKEN.search(text):
        yield SpecialTokenMissing(token=match[1])
    elif match := _BEYOND_TRAINING.search(text):
        yield ContextBeyondTraining(n_ctx=int(match[1]), n_ctx_train=int(match[2]))
    elif _FLASH_ATTENTION_OFF.search(text):
        yield FlashAttentionUnsupported()
    elif line.is_error:
        yield LoadedWithError(text=without_function(text))


class LoggedError(WeighinError):
    """An error whose cause is in llama.cpp's log."""


class LoadError(LoggedError, ModelFileError):
    """llama.cpp could not load a file."""


class ContextError(LoggedError):
    """llama.cpp could not create a context with these settings."""


class OutOfMemoryError(LoggedError, NotEnoughMemoryError):
    """llama.cpp could not allocate memory."""


Words: TypeAlias = tuple[str, str]
"""The reason, which follows a colon and precedes a period, and what to do."""
_Meaning: TypeAlias = tuple[str, Callable[[re.Match[str]], Words]]
_UPDATE = "Update llama-cpp-python, or choose another file."
_CONVERTED = "The file is damaged, or converted for another version of llama.cpp: look for a newer conversion."
_AGAIN = "Download it again."
_F16 = "Use the KV type f16 (kv_type)."

_NAMES: dict[str, str] = {"K": "keys", "V": "values"}

_LOAD_FAILURES: tuple[_Meaning, ...] = (
    (
        r"un(?:known|supported) model architecture: '(.*)'",
        lambda m: (f"this version of llama.cpp does not know the architecture {m[1]!r}", _UPDATE),
    ),
    (
        r"CLIP cannot be used as main model",
        lambda _m: ("it is an image projector, not a language model", "Name the model that it belongs to."),
    ),
    (
        r"unknown (pre-tokenizer|tokenizer)(?: type)?: '(.*)'",
        lambda m: (f"this version of llama.cpp does not know the {m[1]} {m[2]!r}", _UPDATE),
    ),
    (
        r"tensor '(.*)' has invalid ggml type (\d+)",
        lambda m: (
            f"its tensor {m[1]!r} has the type {m[2]}, which this version of llama.cpp does not know",
            "It may be made for another program, such as ik_llama.cpp or bitnet.cpp: choose a file made for llama.cpp.",
        ),
    ),
    (
        r"missing tensor '(.*)'|tensor '(.*)' not found",
        lambda m: (f"its tensor {m[1] or m[2]!r} is missing", _CONVERTED),
    ),
    (
        r"tensor '(.*)' has wrong shape; expected (.*), got (.*)",
        lambda m: (f"its tensor {m[1]!r} has the shape {_shape(m[3])} instead of {_shape(m[2])}", _CONVERTED),
    ),
    (
        r"wrong number of tensors; expected (\d+), got (\d+)",
        lambda m: (f"it has {m[1]} tensors, but this version of llama.cpp expects {m[2]}", _UPDATE),
    ),
    (r"(?:array )?key not found in model: (\S+)", lambda m: (f"its header lacks {m[1]}", _CONVERTED)),
    (r"cannot find tokenizer (\w+) in model file", lambda m: (f"it has no {m[1]} of a tokenizer", _CONVERTED)),
    (
        r"this GGUF file is version (\d+) but this software only supports up to version",
        lambda m: (f"this version of llama.cpp cannot read version {m[1]} of GGUF", _UPDATE),
    ),
    (r"GGUFv1 is no longer supported", lambda _m: ("GGUF version 1 is no longer supported", _CONVERTED)),
    (r"invalid magic characters", lambda _m: ("it is not a GGUF file", _AGAIN)),
    (
        r"failed to load GGUF split from (.*)",
        lambda m: (f"its part {Path(m[1]).name} cannot be read", "Download all parts into one folder."),
    ),
    (
        r"not within the file bounds|unexpectedly reached end of file|failed to read (?:header|magic|key-value pairs"
        r"|tensor info|tensor data)|exceeds remaining file size",
        lambda _m: ("it is truncated or damaged", _AGAIN),
    ),
    (r"failed to open .*?:? ?\(?(No such file or directory|Permission denied)", lambda m: (m[1].lower(), "Check it.")),
)
"""The first that a line of the log matches says why a file was not loaded."""

_CONTEXT_FAILURES: tuple[_Meaning, ...] = (
    (
        r"([KV]) cache type (\w+) with block size (\d+) does not divide n_embd_head_[kv]=(\d+)",
        lambda m: (
            f"KV type {m[2]} stores {m[3]} values together, and the model's {_NAMES[m[1]]} have {m[4]} per head, which"
            f" {m[3]} does not divide",
            _F16,
        ),
    ),
    (
        r"quantized V cache requires flash_attn to be enabled",
        lambda _m: (
            "a quantized KV type needs flash attention, which is off",
            "Set flash_attention to auto, or use the KV type f16 (kv_type).",
        ),
    ),
    (
        r"quantized V cache was requested, but this requires Flash Attention",
        lambda _m: (
            "a quantized KV type needs flash attention, which llama.cpp cannot use for this model here",
            _F16,
        ),
    ),
    (
        r"requires ctx_other to be set",
        lambda _m: ("it is a draft head that works only together with its model", "Choose the model itself."),
    ),
    (r"n_ctx_seq == 0", lambda _m: ("it has no room for its sequences", "Use a longer context (n_ctx).")),
)
_MEMORY = re.compile(
    r"out of memory|bad_alloc|unable to allocate \S+ buffer|failed to allocate (?:\S+ )?(?:buffer|pp|tg)"
    r"|failed to reserve (?:initial output buffer|graph buffers)|(?:cuda|hip)Malloc failed",
    re.IGNORECASE,
)
_LAST_WORDS = re.compile(
    r"(?:error loading model|failed to initialize the context): (?:error loading model \w+: )?(.*)", re.DOTALL
)


def load_failure(path: Path, lines: Sequence[LogLine]) -> LoggedError:
    """Why llama.cpp could not load ``path``, with what to do; ``lines`` is what it logged meanwhile."""
    what = f"llama.cpp could not load {path}"
    if (words := _meaning(_LOAD_FAILURES, lines)) is not None:
        return LoadError(f"{what}: {words[0]}.", hint=words[1])
    if _short_of_memory(lines):
        hint = "Choose a smaller file, or put fewer layers on the GPU (n_gpu_layers)."
        return OutOfMemoryError(f"There is not enough free memory to load {path}.", hint=hint)
    return LoadError(f"{what}: {_last_words(lines)}.")


def context_failure(model: str, n_ctx: int, lines: Sequence[LogLine]) -> LoggedError:
    """Why llama.cpp could not create a context for ``model``, with what to do."""
    what = f"llama.cpp could not create a context of {n_ctx} tokens for {model}"
    if (words := _meaning(_CONTEXT_FAILURES, lines)) is not None:
        return ContextError(f"{what}: {words[0]}.", hint=words[1])
    if _short_of_memory(lines):
        hint = "Use a shorter context (n_ctx) or a smaller KV type (kv_type)."
        return OutOfMemoryError(
            f"There is not enough free memory for a context of {n_ctx} tokens of {model}.", hint=hint
        )
    return ContextError(f"{what}: {_last_words(lines)}.")


def _meaning(table: Iterable[_Meaning], lines: Sequence[LogLine]) -> Words | None:
    for pattern, words in table:
        for line in lines:
            if match := re.search(pattern, line.text):
                return words(match)
    return None


def _short_of_memory(lines: Sequence[LogLine]) -> bool:
    return any(_MEMORY.search(line.text) for line in lines)


def _last_words(lines: Sequence[LogLine]) -> str:
    """llama.cpp's own words where nothing is known about them."""
    errors = [line.text for line in lines if line.is_error and not line.text.endswith("failed to load model")]
    told = [match[1] for text in errors if (match := _LAST_WORDS.search(text))]
    words = (told or errors or ["it gave no reason"])[0]  # those that follow are consequences
    return " ".join(without_function(words).split()).rstrip(".:")


def _shape(text: str) -> str:
    """``[    64,   128,     1,     1]`` as ``64 × 128``."""
    sizes = re.findall(r"\d+", text)
    while len(sizes) > 1 and sizes[-1] == "1":
        sizes.pop()
    return " × ".join(sizes)


def without_function(text: str) -> str:
    """A line of the log without the name of the C function that wrote it."""
    return re.sub(r"^\w+: ", "", text).strip()
