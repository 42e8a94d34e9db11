"""The processor, and how much of it this process can use."""

from __future__ import annotations

import math
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from . import cgroup
from .arm_cores import arm_name

_INSTRUCTION_SETS = (
    "sse4_2", "avx", "f16c", "fma", "avx2", "avx_vnni", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16",
    "avx512_fp16", "amx_int8", "amx_bf16", "asimd", "asimddp", "i8mm", "bf16", "sve", "sve2", "sme",
)  # fmt: skip
"""Flags in /proc/cpuinfo that decide which llama.cpp kernels run, x86 first."""


_EFFICIENT_BELOW = 0.6
"""A core with less than this share of the fastest one's speed is an efficiency core."""


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
    flags = {flag for core in info for key in ("flags", "Features") for flag in core.get(key, "").split()}
    quota = cgroup.cpu_limit_cores(root)
    logical = psutil.cpu_count(logical=True) or 1
    fast, slow = _core_kinds(root)
    return CpuReading(
        name=_name(root, info),
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

    llama.cpp is fastest with one thread per physical core, because SMT siblings share the vector units. Efficiency
    cores do not count where there are others: all threads wait for the slowest one after each operation.
    """
    import psutil

    allowed = _allowed(psutil.cpu_count(logical=True) or 1)
    fast, _slow = _core_sets(root)
    physical = psutil.cpu_count(logical=False)
    count = _physical(root, (allowed & fast) or allowed)
    count = min(count, physical or count)
    if sys.platform == "darwin":
        count = min(count, _core_kinds(root)[0] or count)
    quota = cgroup.cpu_limit_cores(root)
    return max(1, min(count, int(quota) if quota is not None else count))


def _allowed(logical: int) -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return set(os.sched_getaffinity(0))
    return set(range(logical))


def _physical(root: Path, cpus: Iterable[int]) -> int:
    """How many physical cores these logical ones belong to."""
    return len({_line(_cpu(root, cpu) / "topology/thread_siblings_list") or f"cpu{cpu}" for cpu in cpus})


def _cpu(root: Path, number: int) -> Path:
    return root / f"sys/devices/system/cpu/cpu{number}"


def _name(root: Path, cores: Sequence[Mapping[str, str]]) -> str:
    """The processor's name; on boards without one, its cores' types and the board."""
    named = _first(cores, "model name", "Model Name", "cpu model")
    arm = arm_name(cores)
    # 32-bit ARM states something like "ARMv7 Processor rev 3 (v7l)", which tells less than the type.
    name = (arm if named.startswith("ARM") and arm else named or arm) or _first(cores, "uarch", "cpu")
    if not name:
        name = _sysctl("machdep.cpu.brand_string") or _registry_name() or platform.processor()
    board = _line(root / "proc/device-tree/model") or _first(cores, "Model")
    return f"{name or 'unknown CPU'} ({board})" if board and board != name else name or "unknown CPU"


def _first(cores: Sequence[Mapping[str, str]], *keys: str) -> str:
    return next((core[key] for key in keys for core in cores if core.get(key)), "")


def _cpuinfo(root: Path) -> list[dict[str, str]]:
    """The paragraphs of /proc/cpuinfo, one a core; boards add one about themselves."""
    paragraphs = []
    for text in _text(root / "proc/cpuinfo").split("\n\n"):
        pairs = (line.partition(":") for line in text.splitlines())
        paragraphs.append({key.strip(): value.strip() for key, _colon, value in pairs})
    return paragraphs


def _core_sets(root: Path) -> tuple[set[int], set[int]]:
    """The logical CPUs that are performance and efficiency cores; both empty where all cores are alike."""
    devices = root / "sys/devices"
    fast, slow = _listed(_line(devices / "cpu_core/cpus")), _listed(_line(devices / "cpu_atom/cpus"))
    if fast and slow:
        return fast, slow
    # The kernel's estimate of each core's speed, the fastest being 1024, on ARM and some others.
    speeds: dict[int, int] = {}
    for path in (devices / "system/cpu").glob("cpu[0-9]*/cpu_capacity"):
        speed = _line(path)
        if speed.isdigit():
            speeds[int(path.parent.name[3:])] = int(speed)
    limit = _EFFICIENT_BELOW * max(speeds.values(), default=0)
    slow = {cpu for cpu, speed in speeds.items() if speed < limit}
    return (speeds.keys() - slow, slow) if slow else (set(), set())


def _core_kinds(root: Path) -> tuple[int | None, int | None]:
    """The number of physical performance and efficiency cores, if the system distinguishes them."""
    fast, slow = _core_sets(root)
    if fast:
        return _physical(root, fast), _physical(root, slow)
    p, e = _sysctl("hw.perflevel0.physicalcpu"), _sysctl("hw.perflevel1.physicalcpu")
    return (int(p), int(e)) if p.isdigit() and e.isdigit() else (None, None)


def _listed(text: str) -> set[int]:
    """The numbers in a list of the kernel's, such as ``0-7,16``."""
    numbers: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if first.isdigit():
            numbers.update(range(int(first), int(last) + 1 if dash and last.isdigit() else int(first) + 1))
    return numbers


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _line(path: Path) -> str:
    return _text(path).strip(" \t\n\0")


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


def _registry_name() -> str:
    """The processor's name on Windows; empty on other systems."""
    if sys.platform != "win32":
        return ""
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"HARDWARE\DESCRIPTION\System\CentralProcessor\0") as key:
            return str(winreg.QueryValueEx(key, "ProcessorNameString")[0]).strip()
    except OSError:
        return ""
