"""Runs code that a model wrote. Both functions block until it has ended, and can be called from any thread."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Mapping
from pathlib import PurePosixPath

from .outcomes import (
    BrokenTests,
    Failed,
    Finished,
    Kind,
    Limits,
    Outcome,
    OutOfMemory,
    Passed,
    Refused,
    TimedOut,
    TooMuchOutput,
    Unavailable,
    Verdict,
)
from .probe import probe
from .processes import Report, SandboxedProcess, watch


def run_python(
    source: str, *, limits: Limits | None = None, files: Mapping[str, bytes] | None = None, kind: Kind | None = None
) -> Outcome:
    """Run ``source`` as a program with ``files`` in its folder.

    ``kind`` selects a mechanism; the default is the machine's best. File names are relative, with ``/``.

    Raises:
        ValueError: a file name points outside the folder.
    """
    for name in files or ():
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\0" in name:
            raise ValueError(f"{name!r} is not a file name inside the folder")
    chosen = _choose(kind)
    if isinstance(chosen, Refused):
        return chosen
    job = {
        "role": "program",
        "source": source,
        "files": {name: content.hex() for name, content in (files or {}).items()},
    }
    try:
        (outcome,) = watch([SandboxedProcess(chosen, limits or Limits(), job=job)])
    except OSError as error:
        return Refused(reason=f"The sandbox cannot be started: {error}.")
    return outcome


def run_tests(
    program: str,
    *,
    tests: str,
    entry_point: str = "",
    prompt: str = "",
    limits: Limits | None = None,
    kind: Kind | None = None,
) -> Verdict:
    """Whether ``prompt + program`` passes ``tests``, in the sense of HumanEval and MBPP.

    Program and tests run in two sandboxes. The tests' process sends every call to the program's process and gets plain
    values back, so the program cannot forge a verdict by printing, patching, searching memory or exiting. It can still
    notice from its arguments that it is being tested. See ``inside.judge`` for what the tests see.
    """
    chosen = _choose(kind)
    if isinstance(chosen, Refused):
        return chosen
    limits = limits or Limits()
    token = secrets.token_hex(16)
    ours, theirs = socket.socketpair()
    processes: list[SandboxedProcess] = []
    try:
        with ours, theirs:
            for role, end, source in (("judge", ours, tests), ("answer", theirs, prompt + program)):
                job: dict[str, object] = {"role": role, "source": source, "files": {}, "link_fd": end.fileno()}
                if role == "judge":
                    job |= {"token": token, "entry_point": entry_point, "prompt": prompt}
                processes.append(SandboxedProcess(chosen, limits, job=job, links=(end.fileno(),)))
    except OSError as error:
        for process in processes:
            process.end()
        return Refused(reason=f"The sandbox cannot be started: {error}.")
    judged, answered = watch(processes)
    return _verdict(judged, answered, processes[0].verdict, token)


def _choose(kind: Kind | None) -> Kind | Refused:
    if kind is not None:
        return kind
    found = probe()
    return Refused(reason=f"{found.reason} {found.hint}") if isinstance(found, Unavailable) else found.kind


def _verdict(judged: Outcome, answered: Outcome, said: Report, token: str) -> Verdict:
    if said.token == token and isinstance(judged, Finished):
        if said.verdict == "passed":
            return Passed()
        if said.verdict == "broken":
            return BrokenTests(reason=said.reason)
    for outcome in (answered, judged):
        if isinstance(outcome, Refused):
            return outcome
    for outcome in (answered, judged):
        match outcome:
            case TimedOut(of=of):
                return Failed(reason=f"It exceeded its {'CPU' if of == 'cpu' else 'wall-clock'} time limit.")
            case OutOfMemory():
                return Failed(reason="It exceeded its memory limit.")
            case TooMuchOutput(of=of):
                return Failed(reason=f"Too much {of}.")
    if isinstance(answered, Finished) and answered.exit_code > 0 and answered.stderr:
        return Failed(reason=answered.stderr.strip().rpartition("\n")[2][:500])
    return Failed(reason=said.reason or "The tests ended without a verdict.")
