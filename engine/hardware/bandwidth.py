"""Memory bandwidth, which limits generation because every token reads every weight."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

_ARRAY_BYTES = 256 * 2**20
_MEMORY_SHARE = 0.10
_BEST_OF = 4


def measure_bandwidth(*, n_threads: int, available_bytes: int) -> float | None:
    """Bytes per second that ``n_threads`` copy, counting both reads and writes; None when memory is short.

    The best of a few copies of arrays far larger than the caches. numpy releases the interpreter lock while it copies.
    Takes about a second.
    """
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
