"""Memory that this process can use."""

from __future__ import annotations

from pathlib import Path

import msgspec

from . import cgroup


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
        swap_bytes=int(psutil.swap_memory().total),
    )
