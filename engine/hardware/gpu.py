"""GPUs, whether or not this build of llama.cpp can use them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

_VENDORS = {"0x1002": "AMD", "0x8086": "Intel", "0x10de": "NVIDIA"}


class GpuReading(msgspec.Struct, frozen=True, kw_only=True):
    """One GPU. None means unknown."""

    name: str
    vendor: str
    memory_total_bytes: int | None
    memory_free_bytes: int | None
    driver: str | None = None
    compute_capability: str | None = None
    bandwidth_bytes_per_second: float | None = None
    """Theoretical, from bus width and memory clock."""
    mig: bool | None = None
    pci_id: str | None = None


def read_gpus(root: Path = Path("/")) -> tuple[GpuReading, ...]:
    """Read NVIDIA GPUs through their driver, others through sysfs."""
    nvidia = _nvidia()
    cards = _sysfs(root)
    return (*nvidia, *(card for card in cards if not (nvidia and card.vendor == "NVIDIA")))


def process_vram_bytes(pid: int) -> int:
    """VRAM that a process holds on NVIDIA GPUs; 0 without one, or if the driver does not say."""
    try:
        import pynvml
    except ImportError:
        return 0
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return 0
    total = 0
    try:
        for index in range(pynvml.nvmlDeviceGetCount()):
            running = pynvml.nvmlDeviceGetComputeRunningProcesses(pynvml.nvmlDeviceGetHandleByIndex(index))
            total += sum(process.usedGpuMemory or 0 for process in running if process.pid == pid)
    except pynvml.NVMLError:
        return total
    finally:
        pynvml.nvmlShutdown()
    return total


def _nvidia() -> tuple[GpuReading, ...]:
    try:
        import pynvml
    except ImportError:
        return ()
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:  # no driver, or no permission
        return ()
    try:
        driver = _asked(pynvml, pynvml.nvmlSystemGetDriverVersion)
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        return tuple(_nvidia_card(pynvml, handle, driver) for handle in handles)
    except pynvml.NVMLError:
        return ()
    finally:
        pynvml.nvmlShutdown()


def _nvidia_card(nvml: Any, handle: Any, driver: Any) -> GpuReading:
    memory = _asked(nvml, nvml.nvmlDeviceGetMemoryInfo, handle)
    capability = _asked(nvml, nvml.nvmlDeviceGetCudaComputeCapability, handle)
    width = _asked(nvml, nvml.nvmlDeviceGetMemoryBusWidth, handle)
    clock = _asked(nvml, nvml.nvmlDeviceGetMaxClockInfo, handle, nvml.NVML_CLOCK_MEM)
    mig = _asked(nvml, nvml.nvmlDeviceGetMigMode, handle)
    pci = _asked(nvml, nvml.nvmlDeviceGetPciInfo, handle)
    return GpuReading(
        name=_words(_asked(nvml, nvml.nvmlDeviceGetName, handle)) or "NVIDIA GPU",
        vendor="NVIDIA",
        memory_total_bytes=int(memory.total) if memory else None,
        memory_free_bytes=int(memory.free) if memory else None,
        driver=_words(driver),
        compute_capability=f"{capability[0]}.{capability[1]}" if capability else None,
        # Two transfers a clock; the clock is in MHz, the width in bits.
        bandwidth_bytes_per_second=width / 8 * clock * 1e6 * 2 if width and clock else None,
        mig=bool(mig[0]) if mig else None,
        pci_id=_words(pci.busId).lower() if pci else None,
    )


def _asked(nvml: Any, question: Any, *values: Any) -> Any:
    """The answer, or None if the card or the driver has none."""
    try:
        return question(*values)
    except nvml.NVMLError:
        return None


def _words(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")


def _sysfs(root: Path) -> tuple[GpuReading, ...]:
    cards = []
    for device in sorted((root / "sys/class/drm").glob("card[0-9]/device")):
        vendor = _VENDORS.get(_line(device / "vendor"))
        if vendor is None:
            continue
        total, used = _line(device / "mem_info_vram_total"), _line(device / "mem_info_vram_used")
        cards.append(
            GpuReading(
                name=_line(device / "product_name") or f"{vendor} GPU {_line(device / 'device')}",
                vendor=vendor,
                memory_total_bytes=int(total) if total.isdigit() else None,
                memory_free_bytes=int(total) - int(used) if total.isdigit() and used.isdigit() else None,
                pci_id=device.resolve().name or None,
            )
        )
    return tuple(cards)


def _line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
