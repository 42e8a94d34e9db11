"""A part of a model that fills its cache quickly: attention, and almost nothing else.

It shows how much longer a token takes with a full context, in seconds instead of the minutes that a whole model needs.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping

import msgspec

from ..gguf.header import Tensor
from ..gguf.recipe import size_bytes as tensor_bytes
from ..gguf.rewrite import (
    FIXED_BYTES,
    STRING,
    UINT32,
    Field,
    layer_count,
    layer_period,
    layer_subset,
    number_array,
    read_fields,
    sound_header,
    write_header,
)

_FEED_FORWARD = re.compile(r"^blk\.\d+\.ffn_(gate|up|down)\.(weight|bias)$")
_ATTENTION = re.compile(r"^blk\.\d+\.attn_(q|k|v|qkv|output)\.weight$")
_PART_WEIGHTS = 16e6
"""Attention weights in a part. Small models get more layers, because one of theirs takes too little time to measure."""
_BOTH_KINDS = 2
_NARROW = 256
"""Width in numbers: one block of the K types."""
_VOCABULARY = re.compile(r"^(token_embd|output)\.(weight|bias)$")
_TOKENS = 2048


def attention_part(data: bytes) -> tuple[bytes, float]:
    """The part's header, and how many times the part's attention the whole model has.

    The part holds a few whole periods of layers, or one layer with attention and its neighbor in models that mix kinds.
    Feed-forward layers and vocabulary shrink to almost nothing, because the extra time with a full context is spent in
    attention and would drown beside a large output layer. Between two tokens fewer bytes pass the processor's caches
    than in the whole model: on Llama 3.2 1B, scaling up one layer gave 0.9 to 1.3 times the extra time of all layers.

    Raises:
        ModelFileError: the header is unsound, or names no layers.
    """
    header = sound_header(data)
    total, period = layer_count(header), layer_period(header)
    heads = number_array(data, f"{header.architecture}.attention.head_count_kv")
    attending = [layer for layer, n_heads in enumerate(heads) if n_heads] if 0 in heads else []
    if attending and total > _BOTH_KINDS:
        # llama.cpp requires a layer of each kind in such a model
        start = max(0, min(attending[0] - 1, total - _BOTH_KINDS))
        part = sum(start <= layer < start + _BOTH_KINDS for layer in attending)
        return _bare(layer_subset(data, _BOTH_KINDS, start=start)), len(attending) / part
    weights = sum(math.prod(tensor.shape) for tensor in header.tensors if _ATTENTION.search(tensor.name))
    periods = int(_PART_WEIGHTS / max(1, weights) * total / period)
    count = max(1, periods) * period
    if count >= total:
        return _bare(data), 1.0
    return _bare(layer_subset(data, count)), total / count


def _bare(data: bytes) -> bytes:
    """The header with almost nothing but attention."""
    return _few_tokens(_narrow(data))


def _narrow(data: bytes) -> bytes:
    """The header with feed-forward layers of width ``_NARROW``; unchanged when they are not the plain kind."""
    header = sound_header(data)
    key = f"{header.architecture}.feed_forward_length"
    width = header.metadata.get(key)
    # Some architectures take the width of their experts from the same key.
    mixed = any(tensor.name.endswith("_exps.weight") for tensor in header.tensors)
    if mixed or not isinstance(width, int) or width <= _NARROW:
        return data
    lengths = {width: _NARROW, 2 * width: 2 * _NARROW}  # gate and up may share a tensor of twice the width
    tensors = [_reshaped(tensor, lengths) if _FEED_FORWARD.search(tensor.name) else tensor for tensor in header.tensors]
    fields = [
        msgspec.structs.replace(field, raw=_NARROW.to_bytes(FIXED_BYTES[field.kind], "little"))
        if field.name == key
        else field
        for field in read_fields(data)
    ]
    return write_header(header, fields, tensors)


def _reshaped(tensor: Tensor, lengths: Mapping[int, int]) -> Tensor:
    shape = tuple(lengths.get(length, length) for length in tensor.shape)
    return msgspec.structs.replace(tensor, shape=shape, size_bytes=tensor_bytes(tensor.type, shape))


def _few_tokens(data: bytes) -> bytes:
    """The header with a vocabulary of ``_TOKENS`` numbers; unchanged when another tensor has a row for each token."""
    header = sound_header(data)
    total = header.n_vocab
    if total is None or total <= _TOKENS:
        return data
    if any(total in tensor.shape and not _VOCABULARY.match(tensor.name) for tensor in header.tensors):
        return data
    tensors = [_reshaped(tensor, {total: _TOKENS}) for tensor in header.tensors]
    key, name = f"{header.architecture}.vocab_size", b"no_vocab"
    fields = [field for field in read_fields(data) if not field.name.startswith("tokenizer.") and field.name != key]
    fields.append(Field(key, UINT32, struct.pack("<I", _TOKENS)))
    fields.append(Field("tokenizer.ggml.model", STRING, struct.pack("<Q", len(name)) + name))
    return write_header(header, fields, tensors)
