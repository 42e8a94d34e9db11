"""Limits on the time and memory that this process may spend on foreign input: patterns, schemas, templates.

Linux and macOS count processor time, so a busy machine does not change an outcome. Where a limit does not exist,
nothing is limited here: Windows has no timers of this kind, and only Linux limits memory reliably.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn

ENDED_BY_TIME = "SIGVTALRM"
"""The signal that ends a process whose code did not stop at ``TimeLimitError``."""


class TimeLimitError(BaseException):
    """The limit of ``time_limit`` is reached. No ``Exception``, so that the code it interrupts does not handle it."""


def counts_time() -> bool:
    """Whether ``time_limit`` works on this system."""
    return hasattr(signal, "setitimer")


Restart = Callable[[float], None]
"""Starts the time anew, with another limit in seconds of processor time."""


@contextlib.contextmanager
def time_limit(cpu_s: float) -> Iterator[Restart]:
    """Let the block use ``cpu_s`` seconds of processor time. Only in the main thread; elsewhere nothing is limited.

    Native code that never returns to Python ends the process by ``ENDED_BY_TIME`` some seconds later.

    Raises:
        TimeLimitError: the time is over.
    """
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield lambda _cpu_s: None
        return
    previous = signal.signal(signal.SIGPROF, _stop)
    _start(cpu_s)
    try:
        yield _start
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGPROF, previous)


def _start(cpu_s: float) -> None:
    signal.setitimer(signal.ITIMER_VIRTUAL, 1.5 * cpu_s + 0.5)
    signal.setitimer(signal.ITIMER_PROF, cpu_s)


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise TimeLimitError


@contextlib.contextmanager
def memory_limit(extra_bytes: int) -> Iterator[None]:
    """Let the block allocate ``extra_bytes`` of address space more than the process has.

    Raises:
        MemoryError: by the code that allocates more.
    """
    if not sys.platform.startswith("linux"):
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = _address_space_bytes() + extra_bytes
    limits = [limit for limit in (wanted, soft, hard) if limit != resource.RLIM_INFINITY]
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))
    try:
        yield
    finally:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _address_space_bytes() -> int:
    import resource

    with open("/proc/self/statm", encoding="ascii") as table:  # noqa: PTH123
        return int(table.read().split()[0]) * resource.getpagesize()
