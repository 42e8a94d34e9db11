"""Hollow models: a real header and no weights, which llama.cpp runs at the speed of the real file.

The tensor data is a hole in a sparse file: it reads as zeros and takes no disk space. The norms get values, because
zero activations would make some kernels skip work.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from ..errors import ModelFileError
from .header import GgufHeader, Tensor, check_file
from .rewrite import sound_header

_PROBE_BYTES = 16 * 2**20
_READ_BYTES = 2**30
_FREE_DISK_BYTES = 2**30
"""Bytes left free when the file needs its full length on disk."""


class HollowModel(msgspec.Struct, frozen=True, kw_only=True):
    """A hollow file on disk."""

    path: Path
    header: GgufHeader
    size_bytes: int
    """Length of the file, the same as the real one."""
    sparse: bool
    """False when the file system has no sparse files, so that the file takes its full length on disk."""
    real_norms: bool
    """The norms are the model's, or one layer's for all layers. Otherwise they are 1.0, or zero if not filled."""

    def delete(self) -> None:
        """Remove the file; no error if it is gone."""
        self.path.unlink(missing_ok=True)


def build_hollow(
    source: bytes | Path, to: Path, *, fill_norms: bool = True, norms: Mapping[str, bytes] | None = None
) -> HollowModel:
    """Write the hollow file of a header (``bytes``, at least up to the tensor data) or of a real model file.

    ``norms`` are real values for a header, by tensor name without its layer (``attn_norm.weight``).

    Raises:
        ModelFileError: the header is invalid, the model is split, or ``to`` cannot be written.
    """
    header, start = _header_of(source)
    if header.split_count > 1:
        raise ModelFileError(
            f"{to.name} is split; a hollow model needs one header.", hint="Choose a file in one piece."
        )
    size = header.data_offset + max((t.offset + t.size_bytes for t in header.tensors), default=0)
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        sparse = _makes_holes(to)
        free = shutil.disk_usage(to.parent).free
        needed = header.data_offset if sparse else size + _FREE_DISK_BYTES
        if free < needed:
            raise ModelFileError(
                f"{to.parent} has {free:,} bytes free, and the hollow model takes {needed:,} there.",
                hint="Its file system has no sparse files; set WEIGHIN_HOME to a folder on another one."
                if not sparse
                else "Free some disk space.",
            )
        with to.open("wb") as file:
            file.write(start[: header.data_offset])
            file.truncate(size)
            if fill_norms:
                for tensor, values in _norms(header, source, norms or {}):
                    file.seek(header.data_offset + tensor.offset)
                    file.write(values)
    except (OSError, OverflowError) as error:
        to.unlink(missing_ok=True)
        raise ModelFileError(f"The hollow model {to} cannot be written: {error}.", hint="Check the folder.") from None
    return HollowModel(
        path=to,
        header=header,
        size_bytes=size,
        sparse=sparse,
        real_norms=fill_norms and (isinstance(source, Path) or bool(norms)),
    )


@contextmanager
def hollow_model(
    source: bytes | Path, to: Path, *, fill_norms: bool = True, norms: Mapping[str, bytes] | None = None
) -> Iterator[HollowModel]:
    """Like ``build_hollow``, and deletes the file at the end of the block."""
    try:
        yield build_hollow(source, to, fill_norms=fill_norms, norms=norms)
    finally:
        to.unlink(missing_ok=True)


def read_in(path: Path) -> None:
    """Load the file into memory before llama.cpp maps it, on systems that can do so without copying.

    Faulted in by the loader page by page, the holes of an 8B model took about 5 s, this way less than one.
    """
    if sys.platform != "linux":
        return
    # loading reports what goes wrong here
    with suppress(OSError), path.open("rb") as file, Path(os.devnull).open("wb") as nowhere:
        while os.sendfile(nowhere.fileno(), file.fileno(), None, _READ_BYTES):
            pass


def _header_of(source: bytes | Path) -> tuple[GgufHeader, bytes]:
    if isinstance(source, Path):
        header = check_file(source)
        with source.open("rb") as file:
            return header, file.read(header.data_offset)
    header = sound_header(source)
    # a header written without its data may end before the padding
    return header, source[: header.data_offset].ljust(header.data_offset, b"\0")


def _makes_holes(to: Path) -> bool:
    """Whether the file system at ``to`` has sparse files. False if that is unknown, as on Windows."""
    probe = to.with_name(to.name + ".probe")
    try:
        with probe.open("wb") as file:
            file.truncate(_PROBE_BYTES)
        blocks = getattr(probe.stat(), "st_blocks", None)
    finally:
        probe.unlink(missing_ok=True)
    return blocks is not None and blocks * 512 < _PROBE_BYTES // 4


def is_norm(tensor: Tensor) -> bool:
    """Whether a tensor is one of the small ones that get values."""
    # rotary factors are divisors, so zeros would give NaN
    return len(tensor.shape) == 1 and (tensor.name.endswith("norm.weight") or tensor.name.startswith("rope_f"))


def without_layer(name: str) -> str:
    """``blk.7.attn_norm.weight`` -> ``attn_norm.weight``."""
    return re.sub(r"^blk\.\d+\.", "", name)


def _norms(header: GgufHeader, source: bytes | Path, norms: Mapping[str, bytes]) -> Iterator[tuple[Tensor, bytes]]:
    for tensor in header.tensors:
        if not is_norm(tensor):
            continue
        known = norms.get(without_layer(tensor.name), b"")
        if isinstance(source, Path):
            with source.open("rb") as file:
                file.seek(header.data_offset + tensor.offset)
                yield tensor, file.read(tensor.size_bytes)
        elif len(known) == tensor.size_bytes:
            yield tensor, known
        elif tensor.type == "F32":
            yield tensor, struct.pack("<f", 1.0) * tensor.shape[0]
