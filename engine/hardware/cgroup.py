"""Limits that a container or service manager sets for this process, in cgroup v1 and v2.

A limit on any parent group applies too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

ROOT = Path("/")
_UNLIMITED_BYTES = 1 << 60
"""cgroup v1 writes a page-rounded value near 2^63 for no limit."""


def memory_limit_bytes(root: Path = ROOT) -> int | None:
    """The lowest memory limit (``max`` or ``high``) of this group and its parents, or None."""
    limits = [
        value
        for folder in _folders(root, "memory")
        for name in ("memory.max", "memory.high", "memory.limit_in_bytes")
        if (value := _number(folder / name)) is not None and 0 < value < _UNLIMITED_BYTES
    ]
    return min(limits, default=None)


def memory_used_bytes(root: Path = ROOT) -> int | None:
    """Memory that counts against the innermost limit, without reclaimable page cache."""
    for folder in _folders(root, "memory"):
        for name in ("memory.current", "memory.usage_in_bytes"):
            used = _number(folder / name)
            if used is not None:
                return max(0, used - _inactive_file_bytes(folder))
    return None


def cpu_limit_cores(root: Path = ROOT) -> float | None:
    """CPU seconds per second that the quota allows, or None."""
    limits: list[float] = []
    for folder in _folders(root, "cpu"):
        both = _text(folder / "cpu.max").split()
        if len(both) == 2 and both[0].isdigit() and both[1].isdigit() and int(both[1]):
            limits.append(int(both[0]) / int(both[1]))
        quota, period = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
        if quota is not None and period and quota > 0:
            limits.append(quota / period)
    return min(limits, default=None)


def _folders(root: Path, controller: str) -> Iterator[Path]:
    """Folders of this process's cgroup and its parents, in every hierarchy that may hold ``controller``."""
    base = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        controllers, _colon, path = line.partition(":")[2].partition(":")
        if controllers and controller not in controllers.split(","):
            continue
        tops = [base / controllers, base / controller] if controllers else [base, base / "unified"]
        inner = PurePosixPath(path.lstrip("/"))
        if ".." in inner.parts:
            inner = PurePosixPath()
        for top in tops:
            if top.is_dir():
                for part in [inner, *inner.parents]:
                    yield top / part


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.lstrip("-").isdigit() else None


def _inactive_file_bytes(folder: Path) -> int:
    for line in _text(folder / "memory.stat").splitlines():
        name, _space, value = line.partition(" ")
        if name in {"inactive_file", "total_inactive_file"} and value.isdigit():
            return int(value)
    return 0
