"""The disturbance guard: notices what else used the processor during a measurement.

It compares two readings, one before and one after; a reading takes well under a millisecond. The kernel counts CPU time
in ticks of 10 ms, so intervals under ``_SHORTEST_S`` are not judged.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import msgspec

from ..events.run import Disturbance

OTHERS_CORES = 0.15
"""CPU use by other processes below this is an idle desktop, or our own screen being painted."""
STEAL_SHARE = 0.02
"""Share of CPU time that the hypervisor gave to other machines."""
PRESSURE_SHARE = 0.10
"""Share of the time in which a runnable process had to wait."""
OWN_SHARE = 0.85
"""Threads spin at llama.cpp's barriers, so they use all their time. Less means that they were not running."""
_SHORTEST_S = 0.1


class LoadSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One reading, in seconds since a fixed moment."""

    wall_s: float
    busy_s: float
    """CPU time of all processes on all CPUs."""
    steal_s: float
    own_s: float
    """CPU time of this process."""
    pressure_s: float | None
    """Time in which a process waited for a CPU (Linux pressure stall information)."""
    cores: int


def read_load(root: Path = Path("/")) -> LoadSnapshot:
    """Read the counters now."""
    busy, steal = _machine_times(root)
    return LoadSnapshot(
        wall_s=time.perf_counter(),
        busy_s=busy,
        steal_s=steal,
        own_s=time.process_time(),
        pressure_s=_pressure(root),
        cores=os.cpu_count() or 1,
    )


def assess(
    before: LoadSnapshot, after: LoadSnapshot, *, n_threads: int, cpu_bound: bool = True
) -> tuple[Disturbance, ...]:
    """What disturbed the time between two readings; empty if nothing did.

    ``cpu_bound`` means that ``n_threads`` should have computed all the time, unlike when a GPU does the work.
    """
    wall = after.wall_s - before.wall_s
    if wall < _SHORTEST_S:
        return ()
    causes = []
    own = after.own_s - before.own_s
    # /proc/stat counts stolen time separately from busy time.
    others = max(0.0, (after.busy_s - before.busy_s) - own) / wall
    spare = max(0, after.cores - n_threads) if cpu_bound else after.cores
    # Each core gains or loses a tick of 10 ms at each end.
    slack = 0.02 * after.cores / wall
    if others > spare + OTHERS_CORES + slack:
        causes.append(f"other processes used {others:.1f} of {after.cores} cores")
    steal = (after.steal_s - before.steal_s) / (wall * after.cores)
    if steal > STEAL_SHARE + slack / after.cores:
        causes.append(f"the hypervisor took {steal:.0%} of the CPU time")
    if before.pressure_s is not None and after.pressure_s is not None:
        pressure = (after.pressure_s - before.pressure_s) / wall
        if pressure > PRESSURE_SHARE:
            causes.append(f"processes waited for a CPU {pressure:.0%} of the time")
    if cpu_bound:
        share = own / (wall * n_threads)
        if share < OWN_SHARE - 0.02 / wall:
            causes.append(f"the threads ran only {share:.0%} of the time")
    return tuple(Disturbance(cause=cause) for cause in causes)


def background_load(sample_s: float = 0.3) -> float:
    """Cores that other processes use now. Blocks for ``sample_s`` seconds."""
    before = read_load()
    time.sleep(sample_s)
    after = read_load()
    others = (after.busy_s - before.busy_s) - (after.own_s - before.own_s)
    return max(0.0, others / (after.wall_s - before.wall_s))


def _machine_times(root: Path) -> tuple[float, float]:
    """Busy and stolen CPU seconds of all CPUs."""
    if sys.platform == "linux" or root != Path("/"):
        try:
            with (root / "proc/stat").open(encoding="ascii") as stat:
                fields = [int(value) for value in stat.readline().split()[1:9]]
        except (OSError, ValueError):
            return 0.0, 0.0
        user, nice, system, _idle, _iowait, irq, softirq, steal = (fields + [0] * 8)[:8]
        tick = 100.0  # USER_HZ, fixed by the kernel's interface
        return (user + nice + system + irq + softirq) / tick, steal / tick
    import psutil

    times = psutil.cpu_times()
    return sum(times) - times.idle - getattr(times, "iowait", 0.0), getattr(times, "steal", 0.0)


def _pressure(root: Path) -> float | None:
    try:
        first = (root / "proc/pressure/cpu").read_text(encoding="ascii").splitlines()[0]
        return int(first.rpartition("total=")[2]) / 1e6
    except (OSError, ValueError, IndexError):
        return None
