"""The processor, and how much of it this process can use."""

from __future__ import annotations

import math
import os
import platform
import subprocess
import sys
from pathlib import Path

import msgspec

from . import cgroup

_INSTRUCTION_SETS = (
    "sse4_2", "avx", "f16c", "fma", "avx2", "avx_vnni", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16",
    "avx512_fp16", "amx_int8", "amx_bf16", "asimd", "asimddp", "i8mm", "bf16", "sve", "sve2", "sme",
)  # fmt: skip
"""Flags in /proc/cpuinfo that decide which llama.cpp kernels run, x86 first."""


class CpuReading(msgspec.Struct, frozen=True, kw_only=True):
    """The processor's properties. None means unknown."""

    name: str
    architecture: str
    physical_cores: int | None
    logical_cores: int
    usable_cores: float
    """Logical cores this process can run on, within the CPU quota."""
    quota_cores: float | None
    performance_cores: int | None
    efficiency_cores: int | None
    instruction_sets: tuple[str, ...]
    l2_bytes: int | None
    l3_bytes: int | None
    numa_nodes: int | None


def read_cpu(root: Path = cgroup.ROOT) -> CpuReading:
    """Read the processor; ``root`` stands for ``/`` in tests."""
    import psutil

    info = _cpuinfo(root)
    flags = set((info.get("flags") or info.get("Features") or "").split())
    quota = cgroup.cpu_limit_cores(root)
    logical = psutil.cpu_count(logical=True) or 1
    fast, slow = _core_kinds(root)
    return CpuReading(
        name=info.get("model name") or _sysctl("machdep.cpu.brand_string") or platform.processor() or "unknown CPU",
        architecture=platform.machine(),
        physical_cores=psutil.cpu_count(logical=False),
        logical_cores=logical,
        usable_cores=min(float(len(_allowed(logical))), quota or math.inf),
        quota_cores=quota,
        performance_cores=fast,
        efficiency_cores=slow,
        instruction_sets=tuple(name for name in _INSTRUCTION_SETS if name in flags),
        l2_bytes=_cache_bytes(root, 2),
        l3_bytes=_cache_bytes(root, 3),
        numa_nodes=len(list((root / "sys/devices/system/node").glob("node[0-9]*"))) or None,
    )


def usable_physical_cores(root: Path = cgroup.ROOT) -> int:
    """Physical cores this process can use within its CPU affinity and quota, at least 1.

    llama.cpp is fastest with one thread per physical core, because SMT siblings share the vector units.
    """
    import psutil

    allowed = _allowed(psutil.cpu_count(logical=True) or 1)
    cores: set[str] = set()
    for cpu in allowed:
        siblings = root / f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list"
        try:
            cores.add(siblings.read_text(encoding="ascii").strip())
        except OSError:
            cores.add(f"cpu{cpu}")
    count = min(len(cores), psutil.cpu_count(logical=False) or len(cores))
    quota = cgroup.cpu_limit_cores(root)
    return max(1, min(count, int(quota) if quota is not None else count))


def _allowed(logical: int) -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return set(os.sched_getaffinity(0))
    return set(range(logical))


def _cpuinfo(root: Path) -> dict[str, str]:
    try:
        text = (root / "proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    pairs: dict[str, str] = {}
    for line in text.split("\n\n")[0].splitlines():
        key, _colon, value = line.partition(":")
        pairs[key.strip()] = value.strip()
    return pairs


def _core_kinds(root: Path) -> tuple[int | None, int | None]:
    """Performance and efficiency cores, if the system distinguishes them."""
    fast, slow = root / "sys/devices/cpu_core/cpus", root / "sys/devices/cpu_atom/cpus"
    if fast.exists() and slow.exists():
        return _count_list(fast.read_text()), _count_list(slow.read_text())
    p, e = _sysctl("hw.perflevel0.physicalcpu"), _sysctl("hw.perflevel1.physicalcpu")
    return (int(p), int(e)) if p.isdigit() and e.isdigit() else (None, None)


def _count_list(text: str) -> int:
    total = 0
    for part in text.strip().split(","):
        first, dash, last = part.partition("-")
        if first.isdigit():
            total += int(last) - int(first) + 1 if dash and last.isdigit() else 1
    return total


def _cache_bytes(root: Path, level: int) -> int | None:
    for index in sorted((root / "sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            if int((index / "level").read_text()) == level:
                text = (index / "size").read_text().strip()
                return int(text.rstrip("KMG")) * {"K": 2**10, "M": 2**20, "G": 2**30}.get(text[-1], 1)
        except (OSError, ValueError):
            continue
    return None


def _sysctl(name: str) -> str:
    """A macOS kernel value; empty on other systems."""
    if sys.platform != "darwin":
        return ""
    try:
        return subprocess.run(
            ["sysctl", "-n", name], capture_output=True, text=True, timeout=2, check=True
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
