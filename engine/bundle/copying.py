"""Copy large files so that an interrupted copy resumes, and a file with its final name is complete."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ..hub.cache import CHUNK_BYTES, storage_errors
from ..hub.client import cancelled_error, ignore_bytes, never
from ..hub.errors import LocalStoreError

if TYPE_CHECKING:
    from hashlib import _Hash


def copy_file(
    source: Path,
    target: Path,
    *,
    expected_sha256: str = "",
    cancelled: Callable[[], bool] = never,
    copied: Callable[[int], None] = ignore_bytes,
) -> str:
    """Copy a file, or resume copying it, and return the SHA-256 of ``source``.

    A finished ``target`` or an earlier ``target.part`` is compared with ``source`` and kept if it matches.
    ``copied`` is called with the number of new bytes, including those that were copied earlier. With
    ``expected_sha256``, only a file with that hash gets the name ``target``.

    Raises:
        LocalStoreError, DiskFullError: a side cannot be read or written, and the finished part stays. Or ``source``
            does not have the expected hash, and nothing stays.
        UserCancelledError: cancelled. The finished part stays.
    """
    part = target.with_name(target.name + ".part")
    try:
        original = source.open("rb", buffering=0)
    except OSError as error:
        raise LocalStoreError(
            f"{source} cannot be read: {error.strerror}.", hint="Check that it still exists."
        ) from None
    with original:
        with storage_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                same = _same_start(original, target, cancelled, whole=True)
                if same is not None and same.hexdigest() == (expected_sha256 or same.hexdigest()):
                    copied(original.tell())
                    return same.hexdigest()
                original.seek(0)
                target.unlink()
            same = _same_start(original, part, cancelled, whole=False)
            digest = hashlib.sha256() if same is None else same
            if same is None:
                part.unlink(missing_ok=True)
            copied(original.tell())
            copy = part.open("ab", buffering=0)
        with copy:
            while True:
                if cancelled():
                    raise cancelled_error("Copying")
                try:
                    chunk = original.read(CHUNK_BYTES)
                except OSError as error:
                    raise LocalStoreError(f"{source} cannot be read: {error.strerror}.") from None
                if not chunk:
                    break
                digest.update(chunk)
                with storage_errors(target):
                    view = memoryview(chunk)
                    while view:
                        view = view[copy.write(view) :]
                copied(len(chunk))
            with storage_errors(target):
                os.fsync(copy.fileno())
        if expected_sha256 and digest.hexdigest() != expected_sha256:
            part.unlink(missing_ok=True)
            raise LocalStoreError(f"{source} changed while it was copied.", hint="Start again.")
        with storage_errors(target):
            part.replace(target)
    return digest.hexdigest()


def _same_start(original: IO[bytes], copy: Path, cancelled: Callable[[], bool], *, whole: bool) -> _Hash | None:
    """The hash of ``copy`` if ``original`` starts with it (with ``whole``: equals it), else None.

    ``original`` is left after the common bytes, or at its start if there are none.
    """
    digest = hashlib.sha256()
    with contextlib.suppress(FileNotFoundError), copy.open("rb", buffering=0) as file:
        while True:
            if cancelled():
                raise cancelled_error("Copying")
            chunk = file.read(CHUNK_BYTES)
            if not chunk:
                if whole and original.read(1):
                    break
                return digest
            if original.read(len(chunk)) != chunk:
                break
            digest.update(chunk)
    original.seek(0)
    return None
