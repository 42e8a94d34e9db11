"""Model files on disk: which there are, which belong together, and their hashes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from pathlib import Path

import msgspec

from .. import paths
from ..errors import ModelFileError
from ..files import joint_sha256, write_atomically

_SPLIT = re.compile(r"^(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf$")
_CHUNK_BYTES = 4 * 2**20


def find_models(path: Path) -> list[Path]:
    """``path`` itself when it is a file; every GGUF model below when it is a folder, a split one by its first part.

    Raises:
        ModelFileError: there is nothing at ``path``, or a folder cannot be read.
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
            split = _SPLIT.match(name)
            if name.endswith(".gguf") and not (split and int(split["number"]) != 1) and "mmproj" not in name.lower():
                found.append(Path(folder, name))
    return sorted(found)


def _first_part(path: Path) -> Path:
    split = _SPLIT.match(path.name)
    if not split or int(split["number"]) == 1:
        return path
    return path.with_name(f"{split['stem']}-00001-of-{split['count']}.gguf")


def split_parts(path: Path, count: int) -> list[Path]:
    """All parts of the split model whose first is ``path``.

    Raises:
        ModelFileError: it is not named as llama.cpp wants, or a part is missing.
    """
    split = _SPLIT.match(path.name)
    if split is None or int(split["number"]) != 1:
        raise ModelFileError(
            f"{path} is part of a split model but not named NAME-00001-of-{count:05}.gguf.", hint="Name its first part."
        )
    parts = [path.with_name(f"{split['stem']}-{n:05}-of-{count:05}.gguf") for n in range(1, count + 1)]
    missing = [part.name for part in parts if not part.exists()]
    if missing:
        raise ModelFileError(
            f"{path} is split into {count} parts, and {missing[0]} is not beside it.",
            hint="Put all parts in one folder.",
        )
    return parts


class _KnownHash(msgspec.Struct, frozen=True):
    stamp: tuple[int, int, int]
    """Size, modification time in ns, inode."""
    sha256: str


_NOTE = msgspec.json.Decoder(_KnownHash)  # made here, because msgspec cannot make one in two threads at once


def file_sha256(path: Path) -> str:
    """SHA-256 of the file, of the parts' hashes joined for a split model; remembered as long as the file is untouched.

    Raises:
        ModelFileError: the file cannot be read.
    """
    split = _SPLIT.match(path.name)
    if split and int(split["count"]) > 1:
        return joint_sha256(_remembered(part) for part in split_parts(path, int(split["count"])))
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
