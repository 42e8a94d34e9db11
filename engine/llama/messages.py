"""What llama.cpp's log means: notes about a model that was loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

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

# The formats are those of llama-vocab.cpp and llama-context.cpp.
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


def without_function(text: str) -> str:
    """A line of the log without the name of the C function that wrote it."""
    return re.sub(r"^\w+: ", "", text).strip()
