"""The filter for kernel calls, run for both architectures by a small BPF interpreter."""

from __future__ import annotations

import os
import struct
import sys
from typing import Any

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("the sandbox is for Linux", allow_module_level=True)

from weighin.engine.sandbox.inside.seccomp import build_filter
from weighin.engine.sandbox.inside.syscalls import ALLOWED, CHECKED

ALLOW, DENY, KILL = 0x7FFF0000, 0x00050001, 0x80000000
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
PID = 4321


def decide(program: bytes, architecture: int, number: int, *arguments: int) -> int:
    """Do what the kernel does: load a word, mask it, jump if equal, return."""
    words = [value & 0xFFFFFFFFFFFFFFFF for value in (*arguments, 0, 0, 0, 0, 0, 0)][:6]
    data = struct.pack("<IIQ6Q", number, architecture, 0, *words)
    accumulator = place = 0
    while True:
        code, if_true, if_false, value = struct.unpack_from("<HBBI", program, 8 * place)
        place += 1
        if code == 0x20:
            accumulator = struct.unpack_from("<I", data, value)[0]
        elif code == 0x54:
            accumulator &= value
        elif code == 0x15:
            place += if_true if accumulator == value else if_false
        elif code == 0x06:
            return int(value)
        else:
            raise AssertionError(f"unknown instruction {code:#x}")


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_only_listed_calls_are_allowed(machine: str) -> None:
    column = list(ARCHITECTURES).index(machine)
    program, architecture = build_filter(machine, pid=PID), ARCHITECTURES[machine]
    allowed = {numbers[column] for numbers in ALLOWED.values()}
    checked = {numbers[column] for numbers in CHECKED.values()}
    assert not (allowed & checked) - {None}
    for number in [*range(600), 0x40000000, 0x40000027, 0xFFFFFFFF]:
        if number not in checked:
            assert decide(program, architecture, number) == (ALLOW if number in allowed else DENY), number
    assert len(program) // 8 <= 4096  # the kernel's limit


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_a_call_of_another_architecture_kills_the_process(machine: str) -> None:
    other = next(value for name, value in ARCHITECTURES.items() if name != machine)
    for architecture in (other, 0x40000003):  # 32-bit x86, where 11 is execve
        assert decide(build_filter(machine, pid=PID), architecture, 0) == KILL


BY_NAME: dict[str, Any] = {
    "ioctl": ([(1, 0x5401), (1, 0x541B)], [(0, 0x5412), (0, 0x5413), (1, 0xAE01)]),  # not TIOCSTI
    "fcntl": ([(1, 1), (1, 4), (1, 1030)], [(1, 8, 77), (1, 10, 9), (1, 15), (1, 1024), (1, 1033)]),
    "socketpair": ([(1, 1), (1, 1 | 0o2004000)], [(1, 2), (1, 5), (2, 1), (10, 1), (16, 3)]),
    "kill": ([(PID, 9)], [(0, 9), (-1, 9), (-PID, 9), (1, 9), (PID + 1, 0)]),
    "tgkill": ([(PID, PID, 6)], [(1, 1, 6), (-1, PID, 6)]),
    "prlimit64": ([(0, 7), (PID, 7)], [(1, 7), (PID + 1, 7)]),
    "openat": (
        [(-100, 0, os.O_RDONLY), (-100, 0, os.O_WRONLY | os.O_TRUNC | os.O_CREAT), (-100, 0, os.O_RDWR | os.O_TRUNC)],
        [(-100, 0, os.O_TRUNC), (-100, 0, os.O_TRUNC | os.O_CREAT | os.O_CLOEXEC)],
    ),
    "mkdir": ([(0, 0o777), (0, 0o700)], [(0, 0), (0, 0o300), (0, 0o077)]),
    "mkdirat": ([(-100, 0, 0o777)], [(-100, 0, 0o300)]),
    "open": ([(0, os.O_RDONLY)], [(0, os.O_TRUNC)]),
}


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize("name", BY_NAME)
def test_checked_calls_depend_on_their_arguments(machine: str, name: str) -> None:
    number = CHECKED[name][list(ARCHITECTURES).index(machine)]
    if number is None:
        assert machine == "aarch64"
        assert name in ("open", "mkdir")
        return
    program, architecture = build_filter(machine, pid=PID), ARCHITECTURES[machine]
    allowed, refused = BY_NAME[name]
    assert {decide(program, architecture, number, *arguments) for arguments in allowed} == {ALLOW}
    assert {decide(program, architecture, number, *arguments) for arguments in refused} == {DENY}


def test_every_checked_call_is_tested() -> None:
    assert set(BY_NAME) == set(CHECKED)


def test_some_call_numbers_match_the_kernel_tables() -> None:
    # As the kernel's own tables have them (arch/x86/entry/syscalls/syscall_64.tbl, asm-generic/unistd.h).
    assert ALLOWED["exit_group"] == (231, 94)
    assert ALLOWED["getrandom"] == (318, 278)
    assert ALLOWED["mmap"] == (9, 222)
    assert CHECKED["openat"] == (257, 56)
    assert CHECKED["kill"] == (62, 129)
