"""Limits for sandboxed code, and its possible outcomes."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["bubblewrap", "namespaces", "landlock"]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What sandboxed code may use.

    It is always one process with one thread, so that scores do not depend on how a machine confines it.
    """

    wall_s: float = 20.0
    """Far above ``cpu_s``, so that a busy machine does not change the outcome."""
    cpu_s: float = 5.0
    """Rounded up to whole seconds, the kernel's unit."""
    memory_bytes: int = 512 << 20
    """Address space, including about 30 MB for the interpreter."""
    output_bytes: int = 256 << 10
    """Maximum size of stdout and stderr together."""
    file_bytes: int = 4 << 20
    """Maximum size of one file."""
    folder_bytes: int = 16 << 20
    """Maximum size of all files in the temporary folder."""
    folder_files: int = 256


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """The code ended by itself."""

    exit_code: int
    """Negative for the signal that ended it."""
    stdout: str
    stderr: str
    elapsed_s: float


class TimedOut(msgspec.Struct, frozen=True, kw_only=True):
    """The code was killed at its time limit."""

    of: Literal["wall", "cpu"]
    elapsed_s: float


class OutOfMemory(msgspec.Struct, frozen=True, kw_only=True):
    """The code ended because it exceeded its memory limit."""

    elapsed_s: float


class TooMuchOutput(msgspec.Struct, frozen=True, kw_only=True):
    """The code was killed because it printed or stored too much."""

    of: Literal["output", "files"]
    elapsed_s: float


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """The code did not run, because it could not be confined."""

    reason: str


Outcome: TypeAlias = Finished | TimedOut | OutOfMemory | TooMuchOutput | Refused


class Passed(msgspec.Struct, frozen=True):
    """The program passed every test."""


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """The program failed a test or exceeded a limit."""

    reason: str


class BrokenTests(msgspec.Struct, frozen=True, kw_only=True):
    """The tests themselves cannot run, which says nothing about the program."""

    reason: str


Verdict: TypeAlias = Passed | Failed | BrokenTests | Refused


class Available(msgspec.Struct, frozen=True, kw_only=True):
    """This machine can confine code."""

    kind: Kind
    detail: str


class Unavailable(msgspec.Struct, frozen=True, kw_only=True):
    """This machine cannot confine code."""

    reason: str
    hint: str


Sandbox: TypeAlias = Available | Unavailable
