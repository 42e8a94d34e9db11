"""Other headers made from a sound one: the parts of a split model as one file, a model with fewer layers.

Only for headers that ``parse_header`` accepted: nothing is checked again here. Values are copied byte for byte.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from ..errors import ModelFileError
from .header import GgufHeader, HeaderError, NeedMoreError, Tensor, parse_header
from .recipe import size_bytes
from .types import GGML_TYPES

MAX_LAYERS = 512
"""``LLAMA_MAX_LAYERS`` in llama.cpp's src/llama-hparams.h."""
_NUMBERS = {name: number for number, (name, _weights, _size) in GGML_TYPES.items()}
_FIXED_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_INTEGERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 10: "Q", 11: "q"}
_UINT32, _STRING, _ARRAY = 4, 8, 9
_BLOCK = re.compile(r"^blk\.(\d+)\.(.+)$")
_FEED_FORWARD = re.compile(r"^blk\.\d+\.ffn_(gate|up|down)\.(weight|bias)$")
_ATTENTION = re.compile(r"^blk\.\d+\.attn_(q|k|v|qkv|output)\.weight$")
_PART_WEIGHTS = 16e6
"""Weights of attention in a part: more layers of small models, whose single layers take too little time to tell."""
_BOTH_KINDS = 2
_NARROW = 256
"""Width in numbers: a block of the K types."""
_VOCABULARY = re.compile(r"^(token_embd|output)\.(weight|bias)$")
_TOKENS = 2048

_PERIODS = {"gemma2": 2, "gpt-oss": 2, "olmo2": 4, "cohere2": 4, "qwen35": 4, "qwen3next": 4, "gemma3": 6}
"""After how many layers the kinds of layers repeat, where llama.cpp's source has it and not the file."""
_HYBRID = ("qwen35", "qwen3next")
_USUAL_PERIOD = 6


class _Field(msgspec.Struct, frozen=True):
    """One key with its value, as bytes of the header."""

    name: str
    kind: int
    raw: bytes
    """The value without key and type."""


def merged_header(parts: Sequence[bytes]) -> bytes:
    """The header that the split model would have in one file; a single part comes back as it is.

    Raises:
        ModelFileError: a part is unsound, or two parts hold the same tensor.
    """
    if len(parts) == 1:
        return parts[0]
    headers = [_sound(part) for part in parts]
    tensors = [tensor for header in headers for tensor in header.tensors]
    if len({tensor.name for tensor in tensors}) != len(tensors):
        raise ModelFileError("Two parts of the split model hold the same tensor.", hint="Choose another file.")
    fields = [field for field in _fields(parts[0]) if not field.name.startswith("split.")]
    return _write(headers[0], fields, tensors)


def layer_period(header: GgufHeader) -> int:
    """After how many layers the kinds of layers repeat: 1 where all are alike."""
    slides = f"{header.architecture}.attention.sliding_window" in header.metadata
    period = _PERIODS.get(header.architecture, _USUAL_PERIOD) if slides or header.architecture in _HYBRID else 1
    return min(period, layer_count(header) or 1)


def layer_count(header: GgufHeader) -> int:
    """Layers that the header names; 0 when it does not say.

    Raises:
        ModelFileError: a number that no model has.
    """
    count = header.n_layer or 0
    if not 0 <= count <= MAX_LAYERS:
        raise ModelFileError(
            f"The header names {count:,} layers; llama.cpp takes {MAX_LAYERS}.", hint="Choose another file."
        )
    return count


def layer_bytes(header: GgufHeader) -> list[int]:
    """Bytes of the tensors of every layer, in order."""
    found = [0] * layer_count(header)
    for tensor in header.tensors:
        match = _BLOCK.match(tensor.name)
        if match and int(match[1]) < len(found):
            found[int(match[1])] += tensor.size_bytes
    return found


def layer_subset(data: bytes, n_layer: int, *, start: int | None = None) -> bytes:
    """The header of the same model with only ``n_layer`` of its layers, from ``start``: neighbours.

    Without ``start`` they are of the most typical size: layers in quantised files differ in size, the first and last
    being larger. The run begins at a whole period then, so that its layers are of the same kinds as in the model.

    Raises:
        ModelFileError: the header is unsound, or has not more layers than that.
    """
    header = _sound(data)
    total = layer_count(header)
    if not 0 < n_layer < total:
        raise ModelFileError(f"A model of {total} layers has no part of {n_layer}.", hint="Take fewer layers.")
    if start is None:
        sizes = layer_bytes(header)
        typical = sum(sizes) / total * n_layer
        starts = range(0, total - n_layer + 1, layer_period(header))
        start = min(starts, key=lambda at: abs(sum(sizes[at : at + n_layer]) - typical))
    tensors = []
    for tensor in header.tensors:
        match = _BLOCK.match(tensor.name)
        if match is None:
            tensors.append(tensor)
        elif start <= int(match[1]) < start + n_layer:
            tensors.append(msgspec.structs.replace(tensor, name=f"blk.{int(match[1]) - start}.{match[2]}"))
    own = f"{header.architecture}."
    fields = []
    for field in _fields(data):
        if field.name == own + "block_count":
            width = _FIXED_BYTES[field.kind]
            fields.append(msgspec.structs.replace(field, raw=n_layer.to_bytes(width, "little")))
        elif field.kind == _ARRAY and not field.name.startswith(("tokenizer.", "general.")):
            fields.append(msgspec.structs.replace(field, raw=_sliced(field.raw, total, start, n_layer)))
        else:
            fields.append(field)
    return _write(header, fields, tensors)


def attention_part(data: bytes) -> tuple[bytes, float]:
    """The header of a model that fills its cache quickly, and how many times its attention the whole model has.

    A few whole periods of the layers, or one that attends and its neighbour where some do not, with as good as no
    feed-forward layers and vocabulary: what a token takes more after many others is attention's alone, and beside a
    large output layer it is too little to be told. Fewer bytes pass the processor's caches between two tokens than in
    the whole model; of Llama 3.2 1B, one layer's extra was 0.9 to 1.3 times of what all of them took more.

    Raises:
        ModelFileError: the header is unsound, or names no layers.
    """
    header = _sound(data)
    total, period = layer_count(header), layer_period(header)
    heads = number_array(data, f"{header.architecture}.attention.head_count_kv")
    attending = [layer for layer, n_heads in enumerate(heads) if n_heads] if 0 in heads else []
    if attending and total > _BOTH_KINDS:
        # llama.cpp wants a layer of each kind in such a model
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
    """The header with as good as nothing but attention."""
    return _few_tokens(_narrow(data))


def _narrow(data: bytes) -> bytes:
    """The header with feed-forward layers of ``_NARROW``; as it is where they are not the plain ones."""
    header = _sound(data)
    key = f"{header.architecture}.feed_forward_length"
    width = header.metadata.get(key)
    mixed = any(tensor.name.endswith("_exps.weight") for tensor in header.tensors)  # some take experts' width from it
    if mixed or not isinstance(width, int) or width <= _NARROW:
        return data
    lengths = {width: _NARROW, 2 * width: 2 * _NARROW}  # some keep gate and up in one tensor of twice the width
    tensors = [_reshaped(tensor, lengths) if _FEED_FORWARD.search(tensor.name) else tensor for tensor in header.tensors]
    fields = [
        msgspec.structs.replace(field, raw=_NARROW.to_bytes(_FIXED_BYTES[field.kind], "little"))
        if field.name == key
        else field
        for field in _fields(data)
    ]
    return _write(header, fields, tensors)


def _reshaped(tensor: Tensor, lengths: Mapping[int, int]) -> Tensor:
    """With other lengths for those named."""
    shape = tuple(lengths.get(length, length) for length in tensor.shape)
    return msgspec.structs.replace(tensor, shape=shape, size_bytes=size_bytes(tensor.type, shape))


def _few_tokens(data: bytes) -> bytes:
    """The header with ``_TOKENS`` numbers for a vocabulary; as it is where something else has a row for each token."""
    header = _sound(data)
    total = header.n_vocab
    if total is None or total <= _TOKENS:
        return data
    if any(total in tensor.shape and not _VOCABULARY.match(tensor.name) for tensor in header.tensors):
        return data
    tensors = [_reshaped(tensor, {total: _TOKENS}) for tensor in header.tensors]
    key, name = f"{header.architecture}.vocab_size", b"no_vocab"
    fields = [field for field in _fields(data) if not field.name.startswith("tokenizer.") and field.name != key]
    fields.append(_Field(key, _UINT32, struct.pack("<I", _TOKENS)))
    fields.append(_Field("tokenizer.ggml.model", _STRING, struct.pack("<Q", len(name)) + name))
    return _write(header, fields, tensors)


def number_array(data: bytes, key: str) -> list[int]:
    """The whole numbers under ``key``, such as one a layer; empty when there is no such array. ``data`` is sound."""
    for field in _fields(data):
        if field.name == key and field.kind == _ARRAY:
            element, length = struct.unpack_from("<IQ", field.raw)
            code = _INTEGERS.get(element)
            return list(struct.unpack_from(f"<{length}{code}", field.raw, 12)) if code else []
    return []


def _sound(data: bytes) -> GgufHeader:
    try:
        return parse_header(data)
    except (HeaderError, NeedMoreError) as error:
        raise ModelFileError(f"The header cannot be used: {error.what}.", hint="Fetch it again.") from None


def _sliced(raw: bytes, total: int, start: int, count: int) -> bytes:
    """An array that has one number a layer, cut to the layers taken; any other array as it is."""
    element, length = struct.unpack_from("<IQ", raw)
    width = _FIXED_BYTES.get(element)
    if length != total or width is None:
        return raw
    return struct.pack("<IQ", element, count) + raw[12 + start * width : 12 + (start + count) * width]


def _fields(data: bytes) -> Iterator[_Field]:
    _tensors, n_keys = struct.unpack_from("<QQ", data, 8)
    at = 24
    for _ in range(n_keys):
        length = struct.unpack_from("<Q", data, at)[0]
        name = data[at + 8 : at + 8 + length].decode("utf-8", "replace")
        kind = struct.unpack_from("<I", data, at + 8 + length)[0]
        start = at + 12 + length
        at = _end(data, start, kind)
        yield _Field(name, kind, data[start:at])


def _end(data: bytes, at: int, kind: int) -> int:
    """Where the value that begins at ``at`` ends."""
    if kind in _FIXED_BYTES:
        return at + _FIXED_BYTES[kind]
    if kind == _STRING:
        return at + 8 + int(struct.unpack_from("<Q", data, at)[0])
    element, length = struct.unpack_from("<IQ", data, at)
    at += 12
    if element in _FIXED_BYTES:
        return at + int(length) * _FIXED_BYTES[element]
    for _ in range(length):
        at = _end(data, at, element)
    return at


def _write(like: GgufHeader, fields: Sequence[_Field], tensors: Iterable[Tensor]) -> bytes:
    alignment = like.metadata.get("general.alignment", 32)
    step = alignment if isinstance(alignment, int) else 32
    rows, offset, count = [], 0, 0
    for tensor in tensors:
        name = tensor.name.encode()
        shape = struct.pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *tensor.shape)
        rows.append(struct.pack("<Q", len(name)) + name + shape + struct.pack("<IQ", _NUMBERS[tensor.type], offset))
        offset += -(-tensor.size_bytes // step) * step
        count += 1
    found = b"GGUF" + struct.pack("<IQQ", like.version, count, len(fields))
    for field in fields:
        name = field.name.encode()
        found += struct.pack("<Q", len(name)) + name + struct.pack("<I", field.kind) + field.raw
    found += b"".join(rows)
    return found.ljust(-(-len(found) // step) * step, b"\0")
