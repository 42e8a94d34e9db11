"""Restricts the process that runs foreign code, from the inside and permanently."""

from __future__ import annotations

import contextlib
import math
import os
import resource
import signal
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from . import kernel
from .landlock import landlock_version, restrict_files
from .seccomp import install_filter

_FIRST_PRIVATE_UID = 2_000_000_000
_NOBODY = 65534
_MAX_OPEN_FILES = 64


def close_the_door(job: dict[str, Any], *, keep: Iterable[int]) -> None:
    """Give up rights, files, network, processes and resources beyond what the job grants.

    Raises:
        OSError: a restriction failed, so no foreign code may run.
    """
    _give_up_root([*sys.path[1:], str(Path(job["folder"]).parent)], folder=job["folder"])
    kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of user resets it
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    os.chdir(job["folder"])
    for name, text in job["files"].items():
        _write(name, bytes.fromhex(text))
    _close_files({0, 1, 2, job["report_fd"], *keep})
    _set_limits(job)
    if job["mechanism"] == "landlock" or landlock_version():
        restrict_files(readable=job["readable"], writable=[job["folder"], "/dev/null"])
    install_filter()


def _give_up_root(needed: Iterable[str], *, folder: str) -> None:
    """Become a user that owns no other process and no file."""
    if os.geteuid() != 0:
        return
    if not all(_is_open_to_all(place) for path in needed for place in _parents(path)):
        return  # this Python is in root's own folder, so stay root without capabilities
    for uid in (_FIRST_PRIVATE_UID + int.from_bytes(os.urandom(3), "big"), _NOBODY):
        try:
            os.chown(folder, uid, uid)
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            return
        except OSError:  # this user namespace lacks the number
            with contextlib.suppress(OSError):
                os.chown(folder, 0, 0)


def _parents(path: str) -> Iterator[Path]:
    place = Path(path)
    return (part for part in (place, *place.parents) if part.exists())


def _is_open_to_all(place: Path) -> bool:
    mode = place.stat().st_mode
    return bool(mode & stat.S_IXOTH if stat.S_ISDIR(mode) else mode & stat.S_IROTH)


def _write(name: str, content: bytes) -> None:
    place = Path(PurePosixPath(name))
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


def _close_files(keep: set[int]) -> None:
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, 0)
    ends = [*sorted(keep), max(*keep, resource.getrlimit(resource.RLIMIT_NOFILE)[0], 4096)]
    for before, end in zip([-1, *ends], ends, strict=False):
        if before + 1 < end:  # an empty range would close everything
            os.closerange(before + 1, end)


def _set_limits(job: dict[str, Any]) -> None:
    for kind, value in (
        (resource.RLIMIT_AS, job["memory_bytes"]),
        (resource.RLIMIT_CPU, math.ceil(job["cpu_s"])),
        (resource.RLIMIT_FSIZE, job["file_bytes"]),
        (resource.RLIMIT_NOFILE, _MAX_OPEN_FILES),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        highest = resource.getrlimit(kind)[1]
        wanted = value if highest == resource.RLIM_INFINITY else min(value, highest)
        resource.setrlimit(kind, (wanted, wanted))
