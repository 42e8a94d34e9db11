"""What may be asked of the sandbox, and what may come of it."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["bubblewrap", "namespaces", "landlock"]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What sandboxed code may use. It is one process with one thread everywhere, so that scores do not depend on the
    machine's way of confining it."""

    wall_s: float = 20.0
    """Far above ``cpu_s``, so that a busy machine does not decide."""
    cpu_s: float = 5.0
    """Rounded up to whole seconds, as the kernel counts them."""
    memory_bytes: int = 512 << 20
    """Address space, of which the interpreter itself takes about 30 MB."""
    output_bytes: int = 256 << 10
    """Of stdout and stderr together."""
    file_bytes: int = 4 << 20
    """Of any one file."""
    folder_bytes: int = 16 << 20
    """Of all files in the temporary folder."""
    folder_files: int = 256


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """The code ran to an end of its own."""

    exit_code: int
    """Negative: the signal that ended it."""
    stdout: str
    stderr: str
    elapsed_s: float


class TimedOut(msgspec.Struct, frozen=True, kw_only=True):
    """It was killed at its limit of time."""

    of: Literal["wall", "cpu"]
    elapsed_s: float


class OutOfMemory(msgspec.Struct, frozen=True, kw_only=True):
    """It ended because it wanted more memory than it may have."""

    elapsed_s: float


class TooMuchOutput(msgspec.Struct, frozen=True, kw_only=True):
    """It was killed because it printed, or kept in files, more than it may."""

    of: Literal["output", "files"]
    elapsed_s: float


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """It was not run, because it could not be confined."""

    reason: str


Outcome: TypeAlias = Finished | TimedOut | OutOfMemory | TooMuchOutput | Refused


class Passed(msgspec.Struct, frozen=True):
    """The program passed every test."""


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """The program failed a test, or broke a limit."""

    reason: str


class BrokenTests(msgspec.Struct, frozen=True, kw_only=True):
    """The tests themselves cannot be run; that says nothing about the program."""

    reason: str


Verdict: TypeAlias = Passed | Failed | BrokenTests | Refused


class Available(msgspec.Struct, frozen=True, kw_only=True):
    """Code can be confined here."""

    kind: Kind
    detail: str


class Unavailable(msgspec.Struct, frozen=True, kw_only=True):
    """Code cannot be confined here."""

    reason: str
    hint: str


Sandbox: TypeAlias = Available | Unavailable
