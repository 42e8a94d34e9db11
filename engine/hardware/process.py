"""What a worker asks of its operating system: to die with its parent, and how much memory it took."""

from __future__ import annotations

import os
import signal
import sys


def die_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent dies, however the parent dies.

    Linux only; elsewhere ``parent_is_gone`` must be asked between steps. Exits at once when the parent is gone already.
    """
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1  # linux/prctl.h
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGKILL, 0, 0, 0)
    if parent_is_gone(parent_pid):
        os._exit(0)


def parent_is_gone(parent_pid: int) -> bool:
    """Whether the process that started this one has died (its children get another parent)."""
    return sys.platform != "win32" and os.getppid() != parent_pid


def peak_memory_bytes() -> int:
    """Most resident memory this process ever had, mapped file pages included."""
    if sys.platform == "linux":
        # Not ru_maxrss: that one starts from what the parent had when it forked.
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
