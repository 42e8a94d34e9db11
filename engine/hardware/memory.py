"""Memory that this process can use, and its bandwidth.

Bandwidth limits generation, because every token reads every weight.
"""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from . import cgroup

_ARRAY_BYTES = 256 * 2**20
_MEMORY_SHARE = 0.10
_BEST_OF = 4


class MemoryReading(msgspec.Struct, frozen=True, kw_only=True):
    """All in bytes."""

    total_bytes: int
    """Memory of the machine."""
    available_bytes: int
    """Memory that can still be used without swapping, within the cgroup limit."""
    limit_bytes: int | None
    """The cgroup limit; None without one."""
    usable_bytes: int
    """The smaller of the machine's memory and the cgroup limit."""
    swap_bytes: int = 0


def usable_memory(root: Path = cgroup.ROOT) -> MemoryReading:
    """Read memory now; ``root`` stands for ``/`` in tests."""
    import psutil

    machine = psutil.virtual_memory()
    limit, used = cgroup.memory_limit_bytes(root), cgroup.memory_used_bytes(root)
    available = int(machine.available)
    if limit is not None:
        available = min(available, max(0, limit - (used or 0)))
    return MemoryReading(
        total_bytes=int(machine.total),
        available_bytes=available,
        limit_bytes=limit,
        usable_bytes=min(int(machine.total), limit) if limit is not None else int(machine.total),
        swap_bytes=_swap_bytes(),
    )


def _swap_bytes() -> int:
    import psutil

    try:
        return int(psutil.swap_memory().total)
    except Exception:  # containers hide some of the files that it reads
        return 0


def measure_bandwidth(*, n_threads: int, available_bytes: int) -> float | None:
    """Bytes per second that ``n_threads`` copy, counting both reads and writes; None when memory is short.

    The best of a few copies of arrays far larger than the caches. numpy releases the interpreter lock while it copies.
    Takes about a second.
    """
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    size = min(_ARRAY_BYTES, int(available_bytes * _MEMORY_SHARE / 2))
    if size < 2**24:
        return None
    source = np.ones(size // 8, np.float64)
    target = np.empty_like(source)
    parts = list(zip(np.array_split(source, n_threads), np.array_split(target, n_threads), strict=True))
    best = 0.0
    with ThreadPoolExecutor(n_threads) as pool:
        for _ in range(_BEST_OF):
            start = time.perf_counter()
            list(pool.map(lambda part: np.copyto(part[1], part[0]), parts))
            best = max(best, 2 * source.nbytes / (time.perf_counter() - start))
    return best
