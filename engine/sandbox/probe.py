"""Finds out, by trying once, whether and how this machine can confine code."""

from __future__ import annotations

import functools
import shutil
import sys

from ..errors import SandboxError
from .outcomes import Available, Finished, Kind, Limits, Refused, Sandbox, Unavailable
from .processes import SandboxedProcess, watch

KINDS: tuple[Kind, ...] = ("bubblewrap", "namespaces", "landlock")
"""Strongest and most widely tested first."""

_DETAILS: dict[Kind, str] = {
    "bubblewrap": "bubblewrap with a seccomp filter",
    "namespaces": "Linux namespaces with a seccomp filter",
    "landlock": "Landlock with a seccomp filter; code can see names and sizes of files outside, but not contents",
}
_HINT = (
    "Install bubblewrap (Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap), or use Linux 5.13 "
    "or newer with Landlock enabled."
)
# Imports that need compiled modules, and calls that must fail.
_TRIAL = """
import decimal, math, os, socket
for attempt in (lambda: os.listdir("/etc"), socket.socket, os.fork, lambda: open("/etc/passwd")):
    try:
        attempt()
    except OSError:
        continue
    raise SystemExit("not confined")
open("file", "w").write("x")
print("confined")
"""


@functools.cache
def probe() -> Sandbox:
    """The mechanism that this machine uses. Tried once per process, which takes about 0.2 s."""
    if not sys.platform.startswith("linux"):
        return Unavailable(
            reason="Code that a model wrote runs only on Linux, where it can be confined.",
            hint="Leave out code suites, or run them on Linux, such as in a virtual machine or WSL 2.",
        )
    reasons = []
    for kind in KINDS:
        found = probe_kind(kind)
        if isinstance(found, Available):
            return found
        reasons.append(found.reason)
    return Unavailable(reason="This machine cannot confine code: " + "; ".join(reasons) + ".", hint=_HINT)


@functools.cache
def probe_kind(kind: Kind) -> Sandbox:
    """Try one mechanism by running a small program in it."""
    if not sys.platform.startswith("linux"):
        return Unavailable(reason=f"{kind} works only on Linux", hint=_HINT)
    if kind == "bubblewrap" and not shutil.which("bwrap"):
        return Unavailable(reason="bubblewrap: not installed", hint=_HINT)
    try:
        (outcome,) = watch([SandboxedProcess(kind, Limits(), job={"role": "program", "source": _TRIAL, "files": {}})])
    except OSError as error:
        return Unavailable(reason=f"{kind}: {error}", hint=_HINT)
    if isinstance(outcome, Finished) and outcome.exit_code == 0 and outcome.stdout == "confined\n":
        return Available(kind=kind, detail=_DETAILS[kind])
    if isinstance(outcome, Refused):
        return Unavailable(reason=f"{kind}: {outcome.reason.rstrip('.')}", hint=_HINT)
    said = outcome.stderr.strip()[-200:] if isinstance(outcome, Finished) else type(outcome).__name__
    return Unavailable(reason=f"{kind}: the trial program failed ({said})", hint=_HINT)


def require_sandbox() -> Available:
    """The mechanism that this machine uses.

    Raises:
        SandboxError: none works; the hint says what to install.
    """
    found = probe()
    if isinstance(found, Unavailable):
        raise SandboxError(found.reason, hint=found.hint)
    return found
