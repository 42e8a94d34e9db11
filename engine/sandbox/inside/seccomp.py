"""The filter for kernel calls, as a BPF program. Calls that are not allowed fail with EPERM.

``struct sock_filter`` and ``struct seccomp_data`` are as in linux/filter.h and linux/seccomp.h.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct

from . import kernel
from .syscalls import ALLOWED, CHECKED

_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""By machine: the kernel's name for it (AUDIT_ARCH_…), and its column in the tables of numbers."""

_LOAD, _AND, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06
_ALLOW, _KILL, _NOT_PERMITTED = 0x7FFF0000, 0x80000000, 0x00050001
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_MODE_FILTER = 2


def install_filter() -> None:
    """Install the filter for this process, permanently.

    Raises:
        OSError: the kernel has no seccomp, or forbids it.
    """
    program = build_filter(platform.machine(), pid=os.getpid())
    instructions = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("@HP", len(program) // 8, ctypes.addressof(instructions))
    kernel.prctl(kernel.PR_SET_SECCOMP, _MODE_FILTER, ctypes.create_string_buffer(described, len(described)))


def build_filter(machine: str, *, pid: int) -> bytes:
    """The program for ``machine``. It allows signals to ``pid`` only."""
    architecture, column = _ARCHITECTURES[machine]
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_JUMP_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),  # other architectures use other numbers
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    for numbers in ALLOWED.values():
        number = numbers[column]
        if number is not None:
            program += [(_JUMP_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    for name, rule in _rules(pid).items():
        number = CHECKED[name][column]
        if number is not None:
            program += [(_JUMP_IF_EQUAL, 0, len(rule), number), *rule]
    program.append((_RETURN, 0, 0, _NOT_PERMITTED))
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program)


_Instruction = tuple[int, int, int, int]


def _rules(pid: int) -> dict[str, list[_Instruction]]:
    truncating = os.O_TRUNC | os.O_ACCMODE
    return {
        # Landlock before Linux 6.2 misses that opening a file for reading can truncate it.
        "open": _refuse_if(1, truncating, os.O_TRUNC | os.O_RDONLY),
        "openat": _refuse_if(2, truncating, os.O_TRUNC | os.O_RDONLY),
        # The supervisor must be able to read every folder.
        "mkdir": _allow_if(1, 0o700, mask=0o700),
        "mkdirat": _allow_if(2, 0o700, mask=0o700),
        # TCGETS (isatty), FIONREAD, FIONBIO, FIONCLEX, FIOCLEX.
        "ioctl": _allow_if(1, 0x5401, 0x541B, 0x5421, 0x5450, 0x5451),
        # All except leases, and F_SETOWN and similar, which can send signals to any process.
        "fcntl": _allow_if(1, *range(8), 36, 37, 38, 1030),
        # asyncio wakes itself through a pair of streams. Datagrams could reach sockets outside.
        "socketpair": [
            *_read_argument(0, 0xFFFFFFFF),
            (_JUMP_IF_EQUAL, 1, 0, 1),  # AF_UNIX
            (_RETURN, 0, 0, _NOT_PERMITTED),
            *_allow_if(1, 1, mask=0xF),  # SOCK_STREAM
        ],
        "kill": _allow_if(0, pid),
        "tgkill": _allow_if(0, pid),
        "prlimit64": _allow_if(0, 0, pid),
    }


def _read_argument(index: int, mask: int) -> list[_Instruction]:
    # The low half of a 64-bit argument; the kernel reads these as 32-bit numbers.
    return [(_LOAD, 0, 0, _ARGUMENTS_AT + 8 * index), (_AND, 0, 0, mask)]


def _allow_if(index: int, *values: int, mask: int = 0xFFFFFFFF) -> list[_Instruction]:
    rule = _read_argument(index, mask)
    for value in values:
        rule += [(_JUMP_IF_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]
    return [*rule, (_RETURN, 0, 0, _NOT_PERMITTED)]


def _refuse_if(index: int, mask: int, value: int) -> list[_Instruction]:
    return [
        *_read_argument(index, mask),
        (_JUMP_IF_EQUAL, 0, 1, value),
        (_RETURN, 0, 0, _NOT_PERMITTED),
        (_RETURN, 0, 0, _ALLOW),
    ]
