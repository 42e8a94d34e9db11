"""Model files on disk: finding them, the parts of split models, and remembered hashes."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import msgspec

from .. import paths
from ..errors import ModelFileError
from ..files import joint_sha256, write_atomically
from .naming import is_model_file, part_name, split_of

_CHUNK_BYTES = 4 * 2**20


def find_models(path: Path) -> list[Path]:
    """The models at ``path``: the file itself, or every GGUF model below a folder. Split models by their first part.

    A file that the user names is taken whatever its name; in a folder, ``is_model_file`` decides.

    Raises:
        ModelFileError: ``path`` does not exist, or a folder cannot be read.
    """
    if not path.is_dir():
        if not path.exists():
            raise ModelFileError(f"There is no file or folder {path}.", hint="Check the path.")
        return [_first_part(path)]

    def failed(error: OSError) -> None:
        raise ModelFileError(
            f"The folder {error.filename} cannot be read: {error.strerror}.", hint="Check its permissions."
        )

    found = []
    for folder, _folders, names in os.walk(path, onerror=failed):
        for name in names:
            split = split_of(name)
            if is_model_file(name) and (split is None or split[1] == 1):
                found.append(Path(folder, name))
    return sorted(found)


def _first_part(path: Path) -> Path:
    split = split_of(path.name)
    if split is None or split[1] == 1:
        return path
    return path.with_name(part_name(path.name, 1))


def split_parts(path: Path, count: int) -> list[Path]:
    """All parts of the split model whose first part is ``path``.

    Raises:
        ModelFileError: the name is not the one llama.cpp expects, or a part is missing.
    """
    split = split_of(path.name)
    if split is None or split[1:] != (1, count):
        raise ModelFileError(
            f"{path} is part of a split model but is not named NAME-00001-of-{count:05}.gguf.",
            hint="Name the first part.",
        )
    parts = [path.with_name(part_name(path.name, number)) for number in range(1, count + 1)]
    missing = [part.name for part in parts if not part.exists()]
    if missing:
        raise ModelFileError(
            f"{path} is split into {count} parts, and {missing[0]} is missing.", hint="Put all parts in one folder."
        )
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
        note = paths.cache_dir() / "sha256" / hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:32]
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
