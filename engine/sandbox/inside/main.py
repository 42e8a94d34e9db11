"""From a started interpreter to sandboxed code: the supervisor, the restrictions, then the role that the job names.

The job arrives as JSON on stdin. Reports leave as JSON lines on a separate pipe, which sandboxed code does not have:
``{"ready": true}`` when every restriction is in force, ``{"refused": reason}`` if one failed, and ``{"exit": code,
"cpu_s": seconds}`` at the end, after ``{"full": true}`` if the process was killed because its folder was full.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any, NoReturn

from . import kernel, namespaces
from .folder import is_too_full
from .jail import close_the_door
from .roles import ROLES

_LOOK_EVERY_S = 0.02


def main() -> NoReturn:
    """Run the job on stdin, and end this process."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    job = json.loads(sys.stdin.buffer.read())
    if job["mechanism"] == "namespaces":
        _in_namespaces(job)
    _supervise(job)


def tell(job: dict[str, Any], **facts: object) -> None:
    """Send a line to the caller. It is short enough for one atomic write to the pipe."""
    os.write(job["report_fd"], json.dumps(facts).encode() + b"\n")


def _in_namespaces(job: dict[str, Any]) -> None:
    try:
        namespaces.leave_namespaces()
        first = os.fork()
    except OSError as error:
        _refuse(job, error)
    if first:
        os.waitpid(first, 0)
        os._exit(0)
    # The first process of the namespace: when it ends, the kernel kills all others in it.
    try:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        namespaces.make_root(
            readable=job["readable"],
            folder=job["folder"],
            folder_bytes=job["folder_bytes"],
            n_files=job["folder_files"],
        )
    except OSError as error:
        _refuse(job, error)


def _supervise(job: dict[str, Any]) -> NoReturn:
    child = os.fork()
    if not child:
        _become_the_role(job)
    _, status, usage = os.wait4(child, 0) if job["mechanism"] == "namespaces" else _wait_and_look(child, job)
    tell(job, exit=os.waitstatus_to_exitcode(status), cpu_s=usage.ru_utime + usage.ru_stime)
    os._exit(0)


def _wait_and_look(child: int, job: dict[str, Any]) -> tuple[int, int, Any]:
    """Like ``os.wait4``, but kill the child when its folder is too full, which no mount limits here."""
    while True:
        ended, status, usage = os.wait4(child, os.WNOHANG)
        if ended:
            return ended, status, usage
        if is_too_full(job["folder"], n_bytes=job["folder_bytes"], n_files=job["folder_files"]):
            tell(job, full=True)
            os.kill(child, signal.SIGKILL)
            return os.wait4(child, 0)
        time.sleep(_LOOK_EVERY_S)


def _become_the_role(job: dict[str, Any]) -> NoReturn:
    role = ROLES[job["role"]]
    try:
        close_the_door(job, keep=job["keep_fds"])
    except OSError as error:
        _refuse(job, error)
    tell(job, ready=True)
    if job["report_fd"] not in job["keep_fds"]:
        os.close(job["report_fd"])
    sys.exit(role(job))


def _refuse(job: dict[str, Any], error: OSError) -> NoReturn:
    tell(job, refused=str(error)[:500])
    os._exit(1)
