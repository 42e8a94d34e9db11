"""Reading small files, writing files in one step, and one hash for several files."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import stat
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

_TEMPORARY = re.compile(r"\.\d+-[0-9a-f]{8}\.part$")


def read_file(path: Path, *, max_bytes: int) -> bytes:
    """The content of a regular file.

    A pipe or a device could wait for ever, or never end, and could not be read again when a run is resumed.

    Raises:
        OSError: it cannot be read, is no regular file, or has more than ``max_bytes``; ``strerror`` says which.
    """
    # Without waiting for the other end of a pipe; what is opened is then what is looked at.
    opened = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(opened, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise OSError(errno.EFBIG, f"it has more than {max_bytes:,} bytes", str(path))
    return content


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``target`` that takes its place when the block ends without an error.

    A crash leaves the old file or the new one, never half of one. The temporary name is unique, so that two processes
    can write the same target at once: the last one wins.

    Raises:
        OSError: the folder cannot be made, or the file cannot be put in place.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.part")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def write_atomically(target: Path, content: bytes | str) -> None:
    """Write ``content`` (text as UTF-8, line ends as they are) to ``target`` in one step; makes the folder.

    Raises:
        OSError: it cannot be written; ``target`` is then as it was before.
    """
    with replacing(target) as part:
        part.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def make_private(folder: Path) -> None:
    """Make the folder, and keep it and the files in it from other users: they hold prompts and answers.

    What belongs to somebody else stays as it is.

    Raises:
        OSError: the folder cannot be made.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(OSError):
        _forbid_others(folder, 0o700)
        with os.scandir(folder) as entries:
            files = [Path(entry.path) for entry in entries if entry.is_file(follow_symlinks=False)]
        for file in files:
            with contextlib.suppress(OSError):
                _forbid_others(file, 0o600)


def _forbid_others(path: Path, mode: int) -> None:
    if path.stat().st_mode & 0o077:
        path.chmod(mode)


def create_private(path: Path) -> None:
    """Make an empty file that only its owner can read, unless there is one.

    Raises:
        OSError: it cannot be made.
    """
    # Never opens a file that is there: closing it again would drop the locks that SQLite holds on it.
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def finished_name(name: str) -> str:
    """The name that a temporary file of ``replacing`` would have got; any other name as it is."""
    return _TEMPORARY.sub("", name)


def joint_sha256(hashes: Iterable[str]) -> str:
    """One SHA-256 for files in order: the hash of a single file as it is, of several the hash of their hashes.

    ``hashes`` are hexadecimal digests. Split models, folders of data and bundles are all identified this way.
    """
    each = list(hashes)
    return each[0] if len(each) == 1 else hashlib.sha256("".join(each).encode()).hexdigest()
