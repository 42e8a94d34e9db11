"""NVIDIA GPUs through NVML, which may refuse any question, for any card, with any exception."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from .gpu_reading import GpuReading

_SHARED = ("GB10", "N1X", "Orin", "Thor", "Xavier", "Tegra", "Jetson")
"""In the names of NVIDIA GPUs that use the machine's memory."""
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_NO_DRIVER = {"ImportError", "ModuleNotFoundError", "NVMLError_LibraryNotFound", "NVMLError_DriverNotLoaded"}
_CLOCK_OF_MEMORY = 2  # NVML_CLOCK_MEM


def read_cards() -> tuple[list[GpuReading], list[str]]:
    """Every card, or its slices, and a sentence for each card that cannot be read."""
    cards: list[GpuReading] = []
    problems: list[str] = []
    with _nvml() as (nvml, problem):
        if nvml is None:
            return cards, [f"NVIDIA's driver refuses to be asked: {problem}."] if problem else []
        driver = _words(_asked(nvml, "nvmlSystemGetDriverVersion")) or None
        for index, handle, reason in _handles(nvml):
            if handle is None:
                problems.append(f"NVIDIA GPU {index} cannot be read: {reason}.")
                continue
            cards += _slices(nvml, handle, _card(nvml, handle, driver))
    return cards, problems


def process_bytes(pid: int) -> int:
    """Memory that a process holds on all cards and their slices; 0 where the driver does not say."""
    total = 0
    with _nvml() as (nvml, _problem):
        if nvml is None:
            return 0
        for _index, handle, _problem in _handles(nvml):
            if handle is not None:
                for owner in (handle, *_slice_handles(nvml, handle)):
                    running = _asked(nvml, "nvmlDeviceGetComputeRunningProcesses", owner) or ()
                    held = sum(_bytes(process.usedGpuMemory) or 0 for process in running if process.pid == pid)
                    if held:  # a slice's processes may be listed at the card as well
                        total += held
                        break
    return total


@contextmanager
def _nvml() -> Iterator[tuple[Any, str]]:
    """The module with NVML started; without one, None and the reason if there is a driver all the same."""
    nvml, problem = None, ""
    try:
        import pynvml

        pynvml.nvmlInit()
        nvml = pynvml
    except Exception as error:
        if type(error).__name__ not in _NO_DRIVER:
            problem = _reason(error)
    try:
        yield nvml, problem
    finally:
        if nvml is not None:
            _asked(nvml, "nvmlShutdown")


def _handles(nvml: Any) -> Iterator[tuple[int, Any, str]]:
    """The number and the handle of each card; for one that is lost, None and the reason."""
    for index in range(_asked(nvml, "nvmlDeviceGetCount") or 0):
        try:
            yield index, nvml.nvmlDeviceGetHandleByIndex(index), ""
        except Exception as error:
            yield index, None, _reason(error)


def _card(nvml: Any, handle: Any, driver: str | None) -> GpuReading:
    memory, supported = _memory(nvml, handle)
    capability = _asked(nvml, "nvmlDeviceGetCudaComputeCapability", handle)
    width = _asked(nvml, "nvmlDeviceGetMemoryBusWidth", handle)
    clock = _asked(nvml, "nvmlDeviceGetMaxClockInfo", handle, _CLOCK_OF_MEMORY)
    mig = _asked(nvml, "nvmlDeviceGetMigMode", handle)
    pci = _asked(nvml, "nvmlDeviceGetPciInfo", handle)
    name = _words(_asked(nvml, "nvmlDeviceGetName", handle)) or "NVIDIA GPU"
    is_mig = bool(mig[0]) if mig else None
    # The driver does not support the question where there is no memory that is the GPU's own.
    shared = not is_mig and (not supported or any(part in name for part in _SHARED))
    return GpuReading(
        name=name,
        vendor="NVIDIA",
        memory_total_bytes=None if shared else memory[0],
        memory_free_bytes=None if shared else memory[1],
        shared_memory=shared,
        driver=driver,
        compute_capability=f"{capability[0]}.{capability[1]}" if capability else None,
        # Two transfers a clock; the clock is in MHz, the width in bits.
        bandwidth_bytes_per_second=width / 8 * clock * 1e6 * 2 if width and clock else None,
        mig=is_mig,
        pci_id=_words(pci.busId).lower() if pci else None,
    )


def _slices(nvml: Any, handle: Any, card: GpuReading) -> list[GpuReading]:
    """The card itself; if it is divided, the slices that this process may use, whose memory is less than the card's."""
    if not card.mig:
        return [card]
    nothing = msgspec.structs.replace(
        card, memory_total_bytes=None, memory_free_bytes=None, bandwidth_bytes_per_second=None
    )
    slices, owners = [], _slice_handles(nvml, handle)
    for owner in owners:
        if _is_visible(_words(_asked(nvml, "nvmlDeviceGetUUID", owner))):
            (total, free), _supported = _memory(nvml, owner)
            name = _words(_asked(nvml, "nvmlDeviceGetName", owner)) or card.name
            if "MIG" not in name:
                name = f"{name} MIG slice"
            slices.append(msgspec.structs.replace(nothing, name=name, memory_total_bytes=total, memory_free_bytes=free))
    return slices if owners else [msgspec.structs.replace(nothing, name=f"{card.name} MIG slice")]


def _slice_handles(nvml: Any, handle: Any) -> list[Any]:
    count = _asked(nvml, "nvmlDeviceGetMaxMigDeviceCount", handle) or 0
    found = (_asked(nvml, "nvmlDeviceGetMigDeviceHandleByIndex", handle, i) for i in range(count))
    return [slice_ for slice_ in found if slice_ is not None]


def _is_visible(uuid: str) -> bool:
    """Whether CUDA may use this slice: the variable names slices by their UUIDs or beginnings of them."""
    named = [part.strip() for part in os.environ.get(_VISIBLE, "").split(",") if part.strip().startswith("MIG-")]
    return not named or not uuid or any(uuid.startswith(part) for part in named)


def _memory(nvml: Any, handle: Any) -> tuple[tuple[int | None, int | None], bool]:
    """Total and free bytes, and whether the driver supports the question."""
    try:
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    except Exception as error:
        not_supported = getattr(nvml, "NVMLError_NotSupported", None)
        return (None, None), not (isinstance(not_supported, type) and isinstance(error, not_supported))
    return (_bytes(getattr(memory, "total", None)) or None, _bytes(getattr(memory, "free", None))), True


def _asked(nvml: Any, question: str, *values: Any) -> Any:
    """The answer, or None if the card or the driver has none."""
    try:
        return getattr(nvml, question)(*values)
    except Exception:  # the driver's own, and what old modules raise for questions they do not know
        return None


def _reason(error: Exception) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__


def _bytes(value: Any) -> int | None:
    """A figure of the driver's; it writes 2^64 - 1 for one that is not available."""
    if not isinstance(value, (int, float)) or not math.isfinite(value) or not 0 <= value < 2**63:
        return None
    return int(value)


def _words(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
