"""Landlock: limits the files that a process can reach, without root. Numbers are from linux/landlock.h."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterable

from . import kernel

_CREATE, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_READ_FILE, _READ_DIR, _WRITE_FILE, _TRUNCATE = 1 << 2, 1 << 3, 1 << 1, 1 << 14
_ON_FILES = 1 << 0 | _WRITE_FILE | _READ_FILE | _TRUNCATE | 1 << 15
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""Number of file rights by version, counted from the lowest bit; 16 since version 5."""


def landlock_version() -> int:
    """The version of Landlock in this kernel; 0 if it is missing or disabled."""
    try:
        return kernel.syscall(_CREATE, None, 0, 1)
    except OSError:
        return 0


def restrict_files(*, readable: Iterable[str], writable: Iterable[str]) -> None:
    """Close all files to this process except these paths and everything below them.

    Running programs is forbidden everywhere. Paths that do not exist are skipped. Versions 4 and 6 of Landlock also
    forbid TCP, abstract sockets, and signals to processes outside.

    Raises:
        OSError: there is no Landlock.
    """
    version = landlock_version()
    if version < 1:
        raise OSError(errno.ENOSYS, "this kernel has no Landlock")
    every = (1 << _RIGHTS.get(version, 16)) - 1
    attributes = struct.pack("@QQQ", every, 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = kernel.syscall(_CREATE, ctypes.create_string_buffer(attributes, 24), size, 0)
    for path in readable:
        _allow(rules, path, _READ_FILE | _READ_DIR)
    for path in writable:
        _allow(rules, path, every & ~1)
    kernel.syscall(_RESTRICT_SELF, rules, 0)
    os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(os.fstat(place).st_mode):
        rights &= _ON_FILES
    rule = struct.pack("=Qi", rights, place)
    kernel.syscall(_ADD_RULE, rules, 1, ctypes.create_string_buffer(rule, len(rule)), 0)
    os.close(place)
