"""Everything about this machine that matters for running models, in one structure."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec

from ..hardware.cpu import CpuReading, read_cpu, usable_physical_cores
from ..hardware.gpu import survey_gpus
from ..hardware.gpu_reading import GpuReading
from ..hardware.load import background_load
from ..hardware.memory import MemoryReading, measure_bandwidth, usable_memory
from ..llama.backend import Build, Device
from ..units import gib

_BUILD_FLAGS = {
    "NVIDIA": ("-DGGML_CUDA=on", "the CUDA toolkit"),
    "AMD": ("-DGGML_HIP=on", "ROCm (or use -DGGML_VULKAN=on with the Vulkan SDK)"),
    "Intel": ("-DGGML_VULKAN=on", "the Vulkan SDK (or use -DGGML_SYCL=on with oneAPI)"),
    "Apple": ("-DGGML_METAL=on", "Xcode's command line tools"),
}


class PowerReading(msgspec.Struct, frozen=True, kw_only=True):
    """The power source; a laptop on battery is slower."""

    plugged: bool | None
    """None without a battery, or if it cannot be read."""
    battery_percent: float | None
    problem: str = ""
    """Why it could not be read."""


class HardwareReport(msgspec.Struct, frozen=True, kw_only=True):
    """What this machine has. None means unknown."""

    system: str
    cpu: CpuReading
    default_threads: int
    memory: MemoryReading
    gpus: tuple[GpuReading, ...]
    gpu_advice: tuple[str, ...]
    gpu_problems: tuple[str, ...] = ()
    """A sentence for each GPU that cannot be read."""
    bandwidth_bytes_per_second: float | None
    disk_folder: str
    disk_free_bytes: int | None
    power: PowerReading
    busy_cores: float
    """Cores that other processes use now."""
    llama: Build | None
    llama_problem: str = ""
    """Why ``llama`` is None."""


def detect_hardware(*, model_folder: Path, with_bandwidth: bool = True) -> HardwareReport:
    """Inspect the machine. Takes about two seconds, most of it for measuring bandwidth and load."""
    cpu, memory, survey = read_cpu(), usable_memory(), survey_gpus()
    busy = background_load()
    llama, problem = ask_llama()
    threads = usable_physical_cores()
    bandwidth = None
    if with_bandwidth:
        bandwidth = measure_bandwidth(n_threads=threads, available_bytes=memory.available_bytes)
    return HardwareReport(
        system=f"{platform.system()} {platform.release()}",
        cpu=cpu,
        default_threads=threads,
        memory=memory,
        gpus=survey.gpus,
        gpu_problems=survey.problems,
        gpu_advice=gpu_advice(survey.gpus, llama.devices if llama else ()),
        bandwidth_bytes_per_second=bandwidth,
        disk_folder=str(model_folder),
        disk_free_bytes=_disk_free(model_folder),
        power=_power(),
        busy_cores=busy,
        llama=llama,
        llama_problem=problem,
    )


def machine_line() -> str:
    """Processor, cores and memory in one line."""
    cpu, memory = read_cpu(), usable_memory()
    return f"{cpu.name}, {usable_physical_cores()} cores, {gib(memory.usable_bytes):.0f} GiB"


def gpu_advice(gpus: tuple[GpuReading, ...], devices: tuple[Device, ...]) -> tuple[str, ...]:
    """How to install a build that uses the GPUs which the current build cannot use."""
    if any(device.kind in {"gpu", "igpu"} for device in devices):
        return ()
    vendors = sorted({gpu.vendor for gpu in gpus if gpu.vendor in _BUILD_FLAGS})
    return tuple(
        f"This build of llama.cpp cannot use the {vendor} GPU. With {_BUILD_FLAGS[vendor][1]} installed, run: "
        f'CMAKE_ARGS="{_BUILD_FLAGS[vendor][0]}" pip install --force-reinstall --no-cache-dir '
        "--no-binary llama-cpp-python llama-cpp-python"
        for vendor in vendors
    )


def ask_llama() -> tuple[Build | None, str]:
    """llama.cpp's build, from a separate process because looking for devices can crash in a driver."""
    command = [sys.executable, "-m", "weighin.engine.llama.backend"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=60, check=True)
        return msgspec.json.decode(done.stdout, type=Build), ""
    except subprocess.TimeoutExpired:
        return None, "it did not answer within a minute"
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        return None, f"it ended with {error.returncode}{': ' + last[0] if last else ''}"
    except (OSError, msgspec.DecodeError) as error:
        return None, str(error)


def _disk_free(folder: Path) -> int | None:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _power() -> PowerReading:
    import psutil

    try:
        battery = psutil.sensors_battery()
        plugged, percent = (battery.power_plugged, battery.percent) if battery is not None else (None, None)
    except AttributeError:  # not a platform with batteries
        return PowerReading(plugged=None, battery_percent=None)
    except Exception as error:  # boards, phones and containers raise anything, as their files hold anything
        return PowerReading(plugged=None, battery_percent=None, problem=str(error) or type(error).__name__)
    return PowerReading(
        plugged=plugged if isinstance(plugged, bool) else None,
        battery_percent=float(percent) if isinstance(percent, (int, float)) and 0 <= percent <= 100 else None,
    )
