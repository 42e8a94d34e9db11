"""The hardware report as aligned lines for a terminal."""

from __future__ import annotations

from ..hardware.gpu_reading import GpuReading
from ..units import format_file_size, format_memory, gb
from .machine import HardwareReport

_UNKNOWN = "unknown"


def hardware_lines(report: HardwareReport) -> list[str]:
    """One line per fact with aligned labels; further lines of a fact have no label."""
    cpu, memory, llama = report.cpu, report.memory, report.llama
    rows: list[tuple[str, str]] = [
        ("system", report.system),
        ("CPU", cpu.name),
        ("cores", _cores(report)),
        ("instructions", " ".join(cpu.instruction_sets) or _UNKNOWN),
        ("caches", f"L2 {_size(cpu.l2_bytes)}, L3 {_size(cpu.l3_bytes)}"),
        ("memory", f"{_size(memory.total_bytes)}, {_size(memory.available_bytes)} available"),
        ("cgroup limit", _size(memory.limit_bytes) if memory.limit_bytes else "none"),
        ("bandwidth", _rate(report.bandwidth_bytes_per_second) + " measured, read and written"),
    ]
    for gpu in report.gpus:
        free = f", {_size(gpu.memory_free_bytes)} free" if gpu.memory_free_bytes is not None else ""
        extra = f", compute {gpu.compute_capability}" if gpu.compute_capability else ""
        rows.append(("GPU", f"{gpu.name}, {_gpu_memory(gpu)}{free}{extra}"))
    rows += [("GPU" if not report.gpus else "", problem) for problem in report.gpu_problems]
    if not report.gpus and not report.gpu_problems:
        rows.append(("GPU", "none found"))
    rows += [("", advice) for advice in report.gpu_advice]
    rows.append(("disk", f"{_disk(report)} free at {report.disk_folder}"))
    rows.append(("power", _power(report)))
    rows.append(("load", f"other processes are using {report.busy_cores:.1f} cores"))
    if llama is None:
        rows.append(("llama.cpp", f"does not work here: {report.llama_problem}"))
    else:
        rows.append(("llama.cpp", llama.version))
        rows.append(("", " ".join(llama.features)))
        rows += [("device", f"{d.name}: {d.description}, {_size(d.memory_total_bytes)}") for d in llama.devices]
    return [f"{label:<13} {value}".rstrip() for label, value in rows]


def _cores(report: HardwareReport) -> str:
    cpu = report.cpu
    text = f"{cpu.physical_cores or '?'} physical, {cpu.logical_cores} logical, {cpu.usable_cores:g} usable"
    if cpu.performance_cores:
        text += f" ({cpu.performance_cores} fast, {cpu.efficiency_cores} efficient)"
    return f"{text}; {report.default_threads} threads by default"


def _gpu_memory(gpu: GpuReading) -> str:
    if gpu.memory_total_bytes is None:
        return "memory unknown"
    return _size(gpu.memory_total_bytes) + (" shared with the system" if gpu.shared_memory else "")


def _power(report: HardwareReport) -> str:
    power = report.power
    if power.problem:
        return f"{_UNKNOWN}: the battery cannot be read ({power.problem})"
    if power.plugged is None and power.battery_percent is None:
        return "no battery found"
    charge = f" ({power.battery_percent:.0f} %)" if power.battery_percent is not None else ""
    if power.plugged is None:
        return "battery" + charge + ", source unknown"
    return "plugged in" + charge if power.plugged else "on battery" + charge + ": expect lower speed"


def _size(size_bytes: float | None) -> str:
    return _UNKNOWN if size_bytes is None else format_memory(size_bytes)


def _disk(report: HardwareReport) -> str:
    return _UNKNOWN if report.disk_free_bytes is None else format_file_size(report.disk_free_bytes)


def _rate(bytes_per_second: float | None) -> str:
    return _UNKNOWN if bytes_per_second is None else f"{gb(bytes_per_second):.1f} GB/s"
