"""GGUF headers, read without trusting a single number in them.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Every count and length is checked against the bytes
present before anything is allocated or skipped, so a hostile file costs no more time or memory than its own size.
Arrays such as vocabularies are skipped, not kept.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import msgspec

from ..errors import ModelFileError, WeighinError
from .files import gguf_file_bytes, split_parts
from .kinds import other_than_text
from .types import FILE_TYPES, GGML_TYPES, foreign_type

MAX_HEADER_BYTES = 64 * 2**20
"""The largest known headers, with vocabularies of 262 144 tokens, have under 20 MiB."""
_MAX_STRINGS = 2**21
"""Maximum number of strings in all arrays together, which bounds the loop over them."""
_MAX_KEYS = 65_536
_MAX_TENSORS = 65_536
_MAX_KEY_BYTES = 65_535
_MAX_KEPT_STRING = 2**20
_MAX_NESTING = 4
_MAX_DIMENSIONS = 4
_GUESSED = 1024
"""``LLAMA_FTYPE_GUESSED``"""

Scalar: TypeAlias = int | float | bool | str
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9


class ArrayValue(msgspec.Struct, frozen=True):
    """A metadata array. Only its length is kept."""

    type: int
    length: int


class Tensor(msgspec.Struct, frozen=True):
    """One row of the tensor table."""

    name: str
    shape: tuple[int, ...]
    """In GGUF's order, with the row length first."""
    type: str
    offset: int
    """Bytes from the start of the tensor data."""
    size_bytes: int


class GgufHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The facts in a GGUF header, checked for consistency."""

    version: int
    metadata: Mapping[str, Scalar | ArrayValue]
    tensors: tuple[Tensor, ...]
    data_offset: int
    """Where the tensor data begins: the size of the header, padding included."""
    size_bytes: int
    """Size of the file, or of all parts of a split model."""

    @property
    def architecture(self) -> str:
        return str(self.metadata.get("general.architecture", ""))

    @property
    def name(self) -> str:
        """``general.name``, empty when the file has none."""
        return str(self.metadata.get("general.name", ""))

    @property
    def quant(self) -> str:
        """The usual name of the quant. Without ``general.file_type``, the type of most weights."""
        number = self.metadata.get("general.file_type")
        # llama.cpp sets a bit when it guessed the type.
        if isinstance(number, int) and number & ~_GUESSED in FILE_TYPES:
            return FILE_TYPES[number & ~_GUESSED]
        sizes: dict[str, int] = {}
        for tensor in self.tensors:
            sizes[tensor.type] = sizes.get(tensor.type, 0) + tensor.size_bytes
        return max(sizes, key=lambda name: sizes[name], default="")

    @property
    def license(self) -> str:
        """``general.license``, empty when the file has none or a list."""
        value = self.metadata.get("general.license", "")
        return value if isinstance(value, str) else ""

    @property
    def n_ctx_train(self) -> int | None:
        """Context that the model was trained for, in tokens."""
        return self._architecture_number("context_length")

    @property
    def n_layer(self) -> int | None:
        """Number of transformer blocks."""
        return self._architecture_number("block_count")

    @property
    def n_vocab(self) -> int | None:
        """Number of tokens in the vocabulary."""
        tokens = self.metadata.get("tokenizer.ggml.tokens")
        return tokens.length if isinstance(tokens, ArrayValue) else self._architecture_number("vocab_size")

    @property
    def split_count(self) -> int:
        """Parts the model is split into, 1 for a whole one."""
        value = self.metadata.get("split.count")
        return value if isinstance(value, int) and value > 1 else 1

    def _architecture_number(self, key: str) -> int | None:
        value = self.metadata.get(f"{self.architecture}.{key}")
        return value if isinstance(value, int) else None


class NeedMoreError(WeighinError):
    """The bytes end before the header does. A remote reader should request at least ``wanted_bytes`` in total."""

    def __init__(self, wanted_bytes: int) -> None:
        super().__init__(f"The header continues beyond byte {wanted_bytes}.")
        self.wanted_bytes = wanted_bytes


class HeaderError(WeighinError):
    """The bytes are not a valid GGUF header; ``what`` says why."""


def parse_header(data: bytes | memoryview, *, file_bytes: int | None = None) -> GgufHeader:
    """Parse the beginning of a GGUF file.

    Args:
        data: the first bytes, at least the whole header.
        file_bytes: size of the whole file, to check offsets against; None when unknown.

    Raises:
        NeedMoreError: ``data`` ends inside the header.
        HeaderError: the data is not a GGUF header, or is inconsistent.
    """
    reader = _Reader(memoryview(data), file_bytes)
    magic = bytes(reader.take(4))
    if magic != b"GGUF":
        raise HeaderError("it is not a GGUF file (it does not begin with GGUF)")
    version = reader.number("I")
    if version not in (2, 3):
        swapped = int.from_bytes(version.to_bytes(4, "little"), "big")
        if swapped in (2, 3):
            raise HeaderError("it is a big-endian GGUF, which llama.cpp cannot read here")
        raise HeaderError(f"it has GGUF version {version}; versions 2 and 3 are known")
    n_tensors, n_keys = reader.number("Q"), reader.number("Q")
    if n_tensors > _MAX_TENSORS or n_keys > _MAX_KEYS:
        raise HeaderError(f"its header claims {n_tensors} tensors and {n_keys} keys, which is impossible")
    metadata: dict[str, Scalar | ArrayValue] = {}
    for _ in range(n_keys):
        key = reader.text(_MAX_KEY_BYTES, "a key")
        if key in metadata:
            raise HeaderError(f"its header has the key {key[:60]!r} twice")
        metadata[key] = reader.value(reader.number("I"))
    alignment = metadata.get("general.alignment", 32)
    if (
        not isinstance(alignment, int)
        or isinstance(alignment, bool)
        or not 1 <= alignment <= 65_536
        or alignment & (alignment - 1)
    ):
        raise HeaderError(f"its alignment {alignment!r} is not a power of two")
    tensors = tuple(_tensor(reader) for _ in range(n_tensors))
    if len({tensor.name for tensor in tensors}) != len(tensors):
        raise HeaderError("its header has two tensors with the same name")
    data_offset = -(-reader.position // alignment) * alignment
    end = 0
    for tensor in tensors:
        if tensor.offset % alignment:
            raise HeaderError(f"its tensor {tensor.name[:60]!r} is not aligned")
        end = max(end, tensor.offset + tensor.size_bytes)
    # Without tensors nothing is missing: vocabularies end at the last key.
    if file_bytes is not None and tensors and data_offset + end > file_bytes:
        missing = data_offset + end - file_bytes
        raise HeaderError(f"it is truncated: {missing:,} of {data_offset + end:,} bytes are missing")
    return GgufHeader(
        version=version,
        metadata=metadata,
        tensors=tensors,
        data_offset=data_offset,
        size_bytes=file_bytes if file_bytes is not None else data_offset + end,
    )


def check_file(path: Path) -> GgufHeader:
    """Read and check a model file, with all parts of a split model, before llama.cpp opens it.

    Raises:
        ModelFileError: the file cannot be used, or is no model that writes text.
    """
    header = read_model_file(path)
    check_writes_text(header, str(path))
    return header


def check_writes_text(header: GgufHeader, name: str) -> None:
    """Check that a header is that of a model that writes text; ``name`` is what the error calls the file.

    Raises:
        ModelFileError: it is something else; the sentence says what.
    """
    other = other_than_text(header.metadata, [tensor.name for tensor in header.tensors])
    if other is not None:
        raise ModelFileError(f"{name} is {other.what}.", hint=other.hint)


def read_model_file(path: Path) -> GgufHeader:
    """Read the header of a model file of any kind; of a split model, one header for all its parts.

    Raises:
        ModelFileError: the file cannot be read, or a part is missing.
    """
    header = read_one_file(path)
    if header.split_count > 1:
        headers = [header, *(read_one_file(part) for part in split_parts(path, header.split_count)[1:])]
        total = sum(part.size_bytes for part in headers)
        tensors = tuple(tensor for part in headers for tensor in part.tensors)
        header = msgspec.structs.replace(header, size_bytes=total, tensors=tensors)
    return header


def read_one_file(path: Path) -> GgufHeader:
    """Read the header of one file or of one part, without checking what it describes.

    Raises:
        ModelFileError: the file cannot be read, or has no usable header.
    """
    try:
        size = gguf_file_bytes(path)
        with path.open("rb") as file:
            return _grow(file, size)
    except NeedMoreError:
        raise ModelFileError(f"{path} is truncated: it ends inside its header.", hint="Download it again.") from None
    except HeaderError as error:
        again = "Download it again." if "truncated" in error.what else "Is it a llama.cpp model file?"
        raise ModelFileError(f"{path} cannot be used: {error.what}.", hint=again) from None
    except (OSError, ValueError) as error:
        raise ModelFileError(f"{path} cannot be read: {error}.", hint="Check its permissions.") from None


def _grow(file: object, size: int) -> GgufHeader:
    """Parse with growing reads, because headers have megabytes and files gigabytes."""
    wanted = 2**20
    while True:
        file.seek(0)  # type: ignore[attr-defined]
        data = file.read(min(wanted, size))  # type: ignore[attr-defined]
        try:
            return parse_header(data, file_bytes=size)
        except NeedMoreError as error:
            if len(data) >= size or error.wanted_bytes > size:
                raise
            if len(data) >= MAX_HEADER_BYTES:
                raise HeaderError("its header is larger than 64 MiB, which is impossible") from None
            wanted = min(max(4 * wanted, error.wanted_bytes), MAX_HEADER_BYTES)


def _tensor(reader: _Reader) -> Tensor:
    name = reader.text(_MAX_KEY_BYTES, "a tensor name")
    n_dimensions = reader.number("I")
    if not 1 <= n_dimensions <= _MAX_DIMENSIONS:
        raise HeaderError(f"its tensor {name[:60]!r} claims {n_dimensions} dimensions")
    shape = tuple(reader.number("Q") for _ in range(n_dimensions))
    number, offset = reader.number("I"), reader.number("Q")
    if number not in GGML_TYPES:
        whose = foreign_type(number)
        raise HeaderError(
            f"its tensor {name[:60]!r} has the unknown type {number}"
            + (f", {whose}, which llama.cpp cannot read" if whose else "")
        )
    type_name, block, block_bytes = GGML_TYPES[number]
    count = 1
    for size in shape:
        count *= size
        if size == 0 or count >= 1 << 62:
            raise HeaderError(f"its tensor {name[:60]!r} has the impossible shape {shape}")
    if shape[0] % block:
        raise HeaderError(
            f"its tensor {name[:60]!r} has rows of {shape[0]}, no multiple of {block} as {type_name} needs"
        )
    return Tensor(name, shape, type_name, offset, count // block * block_bytes)


class _Reader:
    """A cursor over the bytes read so far."""

    def __init__(self, data: memoryview, file_bytes: int | None) -> None:
        self._data = data
        self._limit = MAX_HEADER_BYTES if file_bytes is None else min(file_bytes, MAX_HEADER_BYTES)
        self._strings = 0
        self.position = 0

    def take(self, count: int) -> memoryview:
        end = self.position + count
        if end > self._limit:
            raise HeaderError(f"it is truncated or damaged: its header points to byte {end:,} of {self._limit:,}")
        if end > len(self._data):
            raise NeedMoreError(end)
        taken = self._data[self.position : end]
        self.position = end
        return taken

    def number(self, code: str) -> int:
        value = struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]
        return int(value)

    def text(self, longest: int, what: str) -> str:
        length = self.number("Q")
        if length > longest:
            raise HeaderError(f"its header has {what} of {length:,} bytes, which is impossible")
        return bytes(self.take(length)).decode("utf-8", "replace")

    def value(self, kind: int) -> Scalar | ArrayValue:
        if kind == _STRING:
            length = self.number("Q")
            raw = self.take(length)
            return bytes(raw[:_MAX_KEPT_STRING]).decode("utf-8", "replace")
        if kind == _ARRAY:
            element, length = self.number("I"), self.number("Q")
            self._skip_array(element, length, 1)
            return ArrayValue(element, length)
        code = _SCALARS.get(kind)
        if code is None:
            raise HeaderError(f"its header has a value of the unknown type {kind}")
        found: Scalar = struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]
        return found

    def _skip_array(self, element: int, length: int, depth: int) -> None:
        if depth > _MAX_NESTING:
            raise HeaderError("its header nests arrays deeper than any model does")
        if element in _SCALARS:
            self.take(length * struct.calcsize("<" + _SCALARS[element]))
        elif element == _STRING:
            self._room(length, 8)
            self._count(length)
            self._skip_strings(length)
        elif element == _ARRAY:
            self._room(length, 12)
            self._count(length)
            for _ in range(length):
                inner, count = self.number("I"), self.number("Q")
                self._skip_array(inner, count, depth + 1)
        else:
            raise HeaderError(f"its header has an array of the unknown type {element}")

    def _skip_strings(self, count: int) -> None:
        """Skip ``count`` strings: vocabularies have hundreds of thousands, and every model in a list is read."""
        data, end, at = self._data, min(len(self._data), self._limit), self.position
        length_at = struct.Struct("<Q").unpack_from
        for _ in range(count):
            after = at + 8 + length_at(data, at)[0] if at + 8 <= end else end + 1
            if after > end:
                self.position = at
                self.take(self.number("Q"))  # raises, with the reason
            at = after
        self.position = at

    def _count(self, elements: int) -> None:
        self._strings += elements
        if self._strings > _MAX_STRINGS:
            raise HeaderError(f"its header has arrays of {self._strings:,} strings, more than any vocabulary has")

    def _room(self, count: int, least_bytes: int) -> None:
        """Reject a count that exceeds the rest of the file, before looping over it."""
        if self.position + count * least_bytes > self._limit:
            raise HeaderError(f"it is truncated or damaged: its header claims an array of {count:,}")
