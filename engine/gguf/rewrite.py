"""Headers made from a valid header: the parts of a split model as one file, or a model with fewer layers.

Only for headers that ``parse_header`` accepted, because nothing is checked again. Values are copied byte for byte.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from ..errors import ModelFileError
from .header import GgufHeader, HeaderError, NeedMoreError, Tensor, parse_header
from .types import GGML_TYPES

MAX_LAYERS = 512
"""``LLAMA_MAX_LAYERS`` in llama.cpp's src/llama-hparams.h."""
_NUMBERS = {name: number for number, (name, _weights, _size) in GGML_TYPES.items()}
FIXED_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_INTEGERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 10: "Q", 11: "q"}
UINT32, STRING, _ARRAY = 4, 8, 9
"""Types of values, as GGUF numbers them."""
_BLOCK = re.compile(r"^blk\.(\d+)\.(.+)$")
_PERIODS = {"gemma2": 2, "gpt-oss": 2, "olmo2": 4, "cohere2": 4, "qwen35": 4, "qwen3next": 4, "gemma3": 6}
"""Period of the layer kinds for architectures where llama.cpp has it in its source and not in the file."""
_HYBRID = ("qwen35", "qwen3next")
_USUAL_PERIOD = 6


class Field(msgspec.Struct, frozen=True):
    """One key with its value, as header bytes."""

    name: str
    kind: int
    raw: bytes
    """The value's bytes, without key and type."""


def merged_header(parts: Sequence[bytes]) -> bytes:
    """The header that the split model would have as one file. A single part is returned unchanged.

    Raises:
        ModelFileError: a part is invalid, or two parts have the same tensor.
    """
    if len(parts) == 1:
        return parts[0]
    headers = [sound_header(part) for part in parts]
    tensors = [tensor for header in headers for tensor in header.tensors]
    if len({tensor.name for tensor in tensors}) != len(tensors):
        raise ModelFileError("Two parts of the split model have the same tensor.", hint="Choose another file.")
    fields = [field for field in read_fields(parts[0]) if not field.name.startswith("split.")]
    return write_header(headers[0], fields, tensors)


def layer_period(header: GgufHeader) -> int:
    """Number of layers after which the layer kinds repeat; 1 when all are alike."""
    slides = f"{header.architecture}.attention.sliding_window" in header.metadata
    period = _PERIODS.get(header.architecture, _USUAL_PERIOD) if slides or header.architecture in _HYBRID else 1
    return min(period, layer_count(header) or 1)


def layer_count(header: GgufHeader) -> int:
    """Number of layers in the header; 0 when it does not say.

    Raises:
        ModelFileError: the number is out of range.
    """
    count = header.n_layer or 0
    if not 0 <= count <= MAX_LAYERS:
        raise ModelFileError(
            f"The header has {count:,} layers; llama.cpp supports up to {MAX_LAYERS}.", hint="Choose another file."
        )
    return count


def layer_bytes(header: GgufHeader) -> list[int]:
    """Size in bytes of each layer's tensors, in order."""
    found = [0] * layer_count(header)
    for tensor in header.tensors:
        match = _BLOCK.match(tensor.name)
        if match and int(match[1]) < len(found):
            found[int(match[1])] += tensor.size_bytes
    return found


def layer_subset(data: bytes, n_layer: int, *, start: int | None = None) -> bytes:
    """The header of the same model with only ``n_layer`` neighboring layers, from ``start``.

    Without ``start``, the layers with the most typical size are chosen: in quantized files the first and last layers
    are larger. They begin at a whole period then, so that they have the same kinds as in the model.

    Raises:
        ModelFileError: the header is invalid, or has too few layers.
    """
    header = sound_header(data)
    total = layer_count(header)
    if not 0 < n_layer < total:
        raise ModelFileError(
            f"A model with {total} layers has no {n_layer} neighboring layers.", hint="Take fewer layers."
        )
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
    for field in read_fields(data):
        if field.name == own + "block_count":
            width = FIXED_BYTES[field.kind]
            fields.append(msgspec.structs.replace(field, raw=n_layer.to_bytes(width, "little")))
        elif field.kind == _ARRAY and not field.name.startswith(("tokenizer.", "general.")):
            fields.append(msgspec.structs.replace(field, raw=_sliced(field.raw, total, start, n_layer)))
        else:
            fields.append(field)
    return write_header(header, fields, tensors)


def number_array(data: bytes, key: str) -> list[int]:
    """The integers under ``key``, such as one per layer; empty without such an array. ``data`` must be valid."""
    for field in read_fields(data):
        if field.name == key and field.kind == _ARRAY:
            element, length = struct.unpack_from("<IQ", field.raw)
            code = _INTEGERS.get(element)
            return list(struct.unpack_from(f"<{length}{code}", field.raw, 12)) if code else []
    return []


def sound_header(data: bytes) -> GgufHeader:
    """The parsed header. Raises ModelFileError if it is invalid."""
    try:
        return parse_header(data)
    except (HeaderError, NeedMoreError) as error:
        raise ModelFileError(f"The header cannot be used: {error.what}.", hint="Download it again.") from None


def _sliced(raw: bytes, total: int, start: int, count: int) -> bytes:
    """An array with one number per layer, cut to the chosen layers. Any other array is returned unchanged."""
    element, length = struct.unpack_from("<IQ", raw)
    width = FIXED_BYTES.get(element)
    if length != total or width is None:
        return raw
    return struct.pack("<IQ", element, count) + raw[12 + start * width : 12 + (start + count) * width]


def read_fields(data: bytes) -> Iterator[Field]:
    """Every key with its value, in the header's order. ``data`` must be valid."""
    _tensors, n_keys = struct.unpack_from("<QQ", data, 8)
    at = 24
    for _ in range(n_keys):
        length = struct.unpack_from("<Q", data, at)[0]
        name = data[at + 8 : at + 8 + length].decode("utf-8", "replace")
        kind = struct.unpack_from("<I", data, at + 8 + length)[0]
        start = at + 12 + length
        at = _end(data, start, kind)
        yield Field(name, kind, data[start:at])


def _end(data: bytes, at: int, kind: int) -> int:
    """The offset where the value that starts at ``at`` ends."""
    if kind in FIXED_BYTES:
        return at + FIXED_BYTES[kind]
    if kind == STRING:
        return at + 8 + int(struct.unpack_from("<Q", data, at)[0])
    element, length = struct.unpack_from("<IQ", data, at)
    at += 12
    if element in FIXED_BYTES:
        return at + int(length) * FIXED_BYTES[element]
    for _ in range(length):
        at = _end(data, at, element)
    return at


def write_header(like: GgufHeader, fields: Sequence[Field], tensors: Iterable[Tensor]) -> bytes:
    """A header with the version and alignment of ``like`` and with these fields and tensors."""
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
