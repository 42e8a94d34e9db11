"""Model files on disk: what stands there at first sight, the parts of split models, and remembered hashes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path

import msgspec

from .. import paths
from ..errors import ModelFileError
from ..files import joint_sha256, write_atomically
from .naming import part_name, split_of

_CHUNK_BYTES = 4 * 2**20


_BEGINNINGS = (
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself", "Run `git lfs pull` in its folder."),
    (
        b"\x00\x05\x16\x07",
        "a companion file of macOS (AppleDouble), not a model",
        "Name the file without `._`.",
    ),
    (b"<", "a web page or XML, not a model; perhaps a sign-in page was saved", "Download it again."),
    (b"PK\x03\x04", "a ZIP archive or a PyTorch file, not a GGUF file", "Unpack or convert it first."),
    (b"\x1f\x8b", "a gzip archive, not a GGUF file", "Unpack it first."),
    (b"tjgg", "an old GGML file, which llama.cpp no longer reads", "Look for a GGUF file of the model."),
    (b"lmgg", "an old GGML file, which llama.cpp no longer reads", "Look for a GGUF file of the model."),
    (b"fmgg", "an old GGML file, which llama.cpp no longer reads", "Look for a GGUF file of the model."),
)
"""What files begin with that are often found in place of a model."""


def first_part(path: Path) -> Path:
    """The first part of the split model that ``path`` is a part of, or ``path`` itself."""
    split = split_of(path.name)
    if split is None or split[1] == 1:
        return path
    return path.with_name(part_name(path.name, 1))


def gguf_file_bytes(path: Path) -> int:
    """The size of a file that looks like a GGUF file. Reads its first bytes only.

    Raises:
        ModelFileError: nothing is there, or something else; the sentence says what.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        if path.is_symlink():
            raise ModelFileError(f"{path} is a broken link.", hint="Put back the file that it links to.") from None
        raise ModelFileError(f"There is no file {path}.", hint="Check the path.") from None
    except OSError as error:  # such as a loop of links
        raise ModelFileError(f"{path} cannot be opened: {error.strerror}.", hint="Check the path.") from None
    if stat.S_ISDIR(status.st_mode):
        raise ModelFileError(f"{path} is a folder.", hint="Name a .gguf file in it.")
    if not stat.S_ISREG(status.st_mode):  # opening a pipe or a device could wait forever
        raise ModelFileError(f"{path} is not a regular file.", hint="Name a .gguf file.")
    if status.st_size == 0:
        raise ModelFileError(f"{path} is empty.", hint="Download it again.")
    try:
        with path.open("rb") as file:
            beginning = file.read(32)
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror}.", hint="Check its permissions.") from None
    if not beginning.startswith(b"GGUF"):
        for start, what, hint in _BEGINNINGS:
            if beginning.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(start):
                raise ModelFileError(f"{path} is {what}.", hint=hint)
        raise ModelFileError(
            f"{path} is not a GGUF file: it does not begin with GGUF.", hint="Is it a llama.cpp model file?"
        )
    return status.st_size


def split_parts(path: Path, count: int) -> list[Path]:
    """All parts of the split model whose first part is ``path``.

    Raises:
        ModelFileError: the name is not the one llama.cpp expects, or a part is missing.
    """
    split = split_of(path.name)
    if split is None or split[1:] != (1, count):
        # The count in a header is anybody's claim, so nothing is made from it.
        raise ModelFileError(
            f"{path} is one of the {count:,} parts of a model, but its name does not say which.",
            hint="Name the first part, NAME-00001-of-….gguf, as it was downloaded.",
        )
    parts = []
    for number in range(1, count + 1):
        part = path.with_name(part_name(path.name, number))
        if not part.exists():
            raise ModelFileError(
                f"{path} is split into {count} parts, and {part.name} is missing.", hint="Put all parts in one folder."
            )
        parts.append(part)
    return parts


class _KnownHash(msgspec.Struct, frozen=True):
    stamp: tuple[int, int, int]
    """Size, modification time in ns, inode."""
    sha256: str


_NOTE = msgspec.json.Decoder(_KnownHash)  # made here, because msgspec cannot make one in two threads at once


def file_sha256(path: Path) -> str:
    """SHA-256 of the file, or of the parts' hashes for a split model. Remembered until the file changes.

    Raises:
        ModelFileError: the file cannot be read.
    """
    split = split_of(path.name)
    if split is not None and split[2] > 1:
        return joint_sha256(_remembered(part) for part in split_parts(path, split[2]))
    return _remembered(path)


def _remembered(path: Path) -> str:
    try:
        status = path.stat()
        stamp = (status.st_size, status.st_mtime_ns, status.st_ino)
        note = paths.cache_dir() / "sha256" / hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:32]
        known = _read_note(note)
        if known is not None and known.stamp == stamp:
            return known.sha256
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error}.", hint="Check its permissions.") from None
    _write_note(note, _KnownHash(stamp, digest.hexdigest()))
    return digest.hexdigest()


def _read_note(note: Path) -> _KnownHash | None:
    try:
        return _NOTE.decode(note.read_bytes())
    except (OSError, msgspec.DecodeError):
        return None


def _write_note(note: Path, known: _KnownHash) -> None:
    with contextlib.suppress(OSError):  # only a shortcut for next time
        write_atomically(note, msgspec.json.encode(known))
