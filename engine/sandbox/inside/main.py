"""From a started interpreter to sandboxed code: supervisor, restrictions, then the role that the job names.

The job comes as JSON on stdin; what happens goes out as JSON lines on a pipe of its own, which sandboxed code lacks:
``{"ready": true}`` when every restriction is in force, ``{"refused": reason}`` when one cannot be, ``{"exit": code,
"cpu_s": seconds}`` at the end; before it ``{"full": true}`` when it was ended for what its folder held.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any, NoReturn

from . import kernel
from .folder import is_too_full
from .jail import close_the_door
from .roles import ROLES

_LOOK_EVERY_S = 0.02


def main() -> NoReturn:
    """Runs the job on stdin and ends this process."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    job = json.loads(sys.stdin.buffer.read())
    if job["mechanism"] == "namespaces":
        _in_namespaces(job)
    _supervise(job)


def tell(job: dict[str, Any], **facts: object) -> None:
    """One line to the caller; short enough that the pipe takes it in one piece."""
    os.write(job["report_fd"], json.dumps(facts).encode() + b"\n")


def _in_namespaces(job: dict[str, Any]) -> None:
    from . import namespaces

    try:
        namespaces.leave_namespaces()
        first = os.fork()
    except OSError as error:
        _refuse(job, error)
    if first:
        os.waitpid(first, 0)
        os._exit(0)
    # The first process of the namespace: when it ends, the kernel ends all others in it.
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
    """As ``os.wait4``, ending the child when its folder is too full, where no mount sees to that."""
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
