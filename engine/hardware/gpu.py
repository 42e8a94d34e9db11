"""GPUs, whether or not this build of llama.cpp can use them."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import msgspec

from . import nvidia
from .gpu_reading import GpuReading
from .memory import usable_memory

_VENDORS = {"0x1002": "AMD", "0x8086": "Intel", "0x10de": "NVIDIA"}
_AMD_PROCESSORS = {
    "0x15dd", "0x15d8", "0x1636", "0x1638", "0x164c", "0x15e7", "0x163f", "0x164e", "0x1681", "0x1506", "0x15bf",
    "0x15c8", "0x1900", "0x1901", "0x13c0", "0x150e", "0x1586", "0x1114",
}  # fmt: skip
"""PCI ids of the GPUs inside AMD's processors, from Raven Ridge to Strix Halo (0x1586) and Krackan."""
_INTEL_PROCESSOR = "0000:00:02.0"
"""Where the GPU inside an Intel processor is on the PCI bus; cards are behind a bridge, on another bus."""


class GpuSurvey(msgspec.Struct, frozen=True, kw_only=True):
    """The GPUs that can be read, and a sentence for each one that cannot."""

    gpus: tuple[GpuReading, ...] = ()
    problems: tuple[str, ...] = ()


def survey_gpus(root: Path = Path("/")) -> GpuSurvey:
    """Read NVIDIA GPUs through their driver, others through sysfs. Never raises, whatever a driver does.

    One GPU that fails does not hide the others. ``root`` stands for ``/`` in tests.
    """
    found, problems = nvidia.read_cards()
    cards = [*found, *(card for card in _sysfs(root) if not (found and card.vendor == "NVIDIA"))]
    if not any(card.vendor == "NVIDIA" for card in cards):
        cards += _jetson(root)
    cards += _apple()
    memory = usable_memory(root)
    return GpuSurvey(
        gpus=tuple(
            msgspec.structs.replace(
                card, memory_total_bytes=memory.usable_bytes, memory_free_bytes=memory.available_bytes
            )
            if card.shared_memory and card.memory_total_bytes is None
            else card
            for card in cards
        ),
        problems=tuple(problems),
    )


def read_gpus(root: Path = Path("/")) -> tuple[GpuReading, ...]:
    """The GPUs that can be read; see ``survey_gpus``."""
    return survey_gpus(root).gpus


def process_vram_bytes(pid: int) -> int:
    """VRAM that a process holds on NVIDIA GPUs; 0 without one, or if the driver does not say."""
    return nvidia.process_bytes(pid)


def _sysfs(root: Path) -> list[GpuReading]:
    cards = []
    for device in sorted((root / "sys/class/drm").glob("card*/device")):
        if not device.parent.name[4:].isdigit():  # an output, such as card0-DP-1
            continue
        vendor = _VENDORS.get(_line(device / "vendor"))
        if vendor is None:
            continue
        number = _line(device / "device").lower()
        pci = device.resolve().name
        total, used = _number(device / "mem_info_vram_total"), _number(device / "mem_info_vram_used")
        in_processor = (vendor == "AMD" and number in _AMD_PROCESSORS) or (
            vendor == "Intel" and pci == _INTEL_PROCESSOR
        )
        if in_processor and total is not None:
            # Besides the part that the firmware set aside, it uses any memory, up to a limit of the driver.
            more, more_used = _number(device / "mem_info_gtt_total"), _number(device / "mem_info_gtt_used")
            total, used = total + (more or 0), None if used is None else used + (more_used or 0)
        cards.append(
            GpuReading(
                name=_line(device / "product_name") or f"{vendor} GPU {number}".strip(),
                vendor=vendor,
                memory_total_bytes=total,
                memory_free_bytes=None if total is None or used is None else max(0, total - used),
                shared_memory=in_processor,
                pci_id=pci or None,
            )
        )
    return cards


def _jetson(root: Path) -> list[GpuReading]:
    """The GPU of a Jetson whose driver does not answer NVML, as before JetPack 6."""
    model = _line(root / "proc/device-tree/model")
    if "Jetson" not in model:
        return []
    return [GpuReading(name=model, vendor="NVIDIA", shared_memory=True)]


def _apple() -> list[GpuReading]:
    """The GPU of an Apple processor."""
    if sys.platform != "darwin" or platform.machine() != "arm64":
        return []
    asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
    try:
        name = subprocess.run(asked, capture_output=True, text=True, timeout=2, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        name = ""
    return [GpuReading(name=f"{name or 'Apple'} GPU", vendor="Apple", shared_memory=True)]


def _line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip(" \t\n\0")
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    text = _line(path)
    return int(text) if text.isascii() and text.isdigit() else None
