"""What a worker asks of its operating system: to die with its parent, and its peak memory."""

from __future__ import annotations

import ctypes
import os
import signal
import sys


def die_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent dies for any reason.

    Works on Linux; elsewhere, check ``parent_is_gone`` between steps. Exits at once if the parent has already died.
    """
    if sys.platform == "linux":
        pr_set_pdeathsig = 1  # linux/prctl.h
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGKILL, 0, 0, 0)
    if parent_is_gone(parent_pid):
        os._exit(0)


def parent_is_gone(parent_pid: int) -> bool:
    """Whether the process that started this one has died, which gives this one another parent."""
    return sys.platform != "win32" and os.getppid() != parent_pid


def peak_memory_bytes() -> int:
    """Peak resident memory of this process, including mapped file pages."""
    if sys.platform == "linux":
        # Not ru_maxrss, which starts from the parent's peak at the fork.
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    if sys.platform != "win32":
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    import psutil

    return int(psutil.Process().memory_info().peak_wset)
