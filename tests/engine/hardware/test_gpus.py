"""GPUs as drivers and boards tell of them: divided, lost, refusing, and without memory of their own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from weighin.engine.hardware.gpu import process_vram_bytes, survey_gpus
from weighin.engine.hardware.memory import usable_memory
from weighin.engine.prepare import machine
from weighin.engine.prepare.machine import detect_hardware
from weighin.engine.prepare.machine_text import hardware_lines

GIB = 2**30


class NVMLError(Exception):
    pass


class NVMLError_NotSupported(NVMLError):  # noqa: N801, N818 # the driver's name
    pass


class NVMLError_DriverNotLoaded(NVMLError):  # noqa: N801, N818
    pass


class Card(SimpleNamespace):
    """A made-up card: what is missing is not supported, an exception is raised."""

    def ask(self, name: str) -> Any:
        value = getattr(self, name, NVMLError_NotSupported("Not Supported"))
        if isinstance(value, Exception):
            raise value
        return value


def slice_of(gib: int, **more: Any) -> Card:
    return Card(memory=SimpleNamespace(total=gib * GIB, free=gib * GIB), **more)


H100 = Card(name="NVIDIA H100", memory=SimpleNamespace(total=80 * GIB, free=79 * GIB), mig=(1, 1), width=5120, clock=9)
RTX = Card(name=b"RTX 4090", memory=SimpleNamespace(total=24 * GIB, free=23 * GIB), width=384, clock=10501)


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def put(*cards: Any, init: Exception | None = None, **more: Any) -> None:
        def handle(index: int) -> Card:
            if isinstance(cards[index], Exception):
                raise cards[index]
            assert isinstance(cards[index], Card)
            return cards[index]

        def start() -> None:
            if init is not None:
                raise init

        def ask(name: str) -> Callable[..., Any]:
            return lambda card, *_more: card.ask(name)

        module = SimpleNamespace(
            NVMLError=NVMLError,
            NVMLError_NotSupported=NVMLError_NotSupported,
            nvmlInit=start,
            nvmlShutdown=lambda: None,
            nvmlSystemGetDriverVersion=lambda: "580.1",
            nvmlDeviceGetCount=lambda: len(cards),
            nvmlDeviceGetHandleByIndex=handle,
            nvmlDeviceGetName=ask("name"),
            nvmlDeviceGetMemoryInfo=ask("memory"),
            nvmlDeviceGetMemoryBusWidth=ask("width"),
            nvmlDeviceGetMaxClockInfo=ask("clock"),
            nvmlDeviceGetMigMode=ask("mig"),
            nvmlDeviceGetComputeRunningProcesses=ask("running"),
            **more,
        )
        monkeypatch.setitem(sys.modules, "pynvml", module)

    return put


def slices(*owned: Card) -> dict[str, Any]:
    return {
        "nvmlDeviceGetMaxMigDeviceCount": lambda card: 7,
        "nvmlDeviceGetMigDeviceHandleByIndex": lambda card, index: owned[index],
        "nvmlDeviceGetUUID": lambda card: card.uuid,
    }


def test_a_divided_card_has_the_memory_of_its_slices(nvml: Callable[..., None], tmp_path: Path) -> None:
    nvml(H100, **slices(slice_of(10, uuid="MIG-a", name="NVIDIA H100 MIG 1g.10gb"), slice_of(20, uuid="MIG-b")))
    found = survey_gpus(tmp_path).gpus
    assert [(gpu.name, gpu.memory_total_bytes) for gpu in found] == [
        ("NVIDIA H100 MIG 1g.10gb", 10 * GIB),
        ("NVIDIA H100 MIG slice", 20 * GIB),
    ]
    assert all(gpu.mig and gpu.bandwidth_bytes_per_second is None for gpu in found)


def test_only_the_slice_that_the_process_may_use_counts(
    nvml: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml(H100, **slices(slice_of(10, uuid="MIG-a1"), slice_of(20, uuid="MIG-b2")))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-b")
    assert [gpu.memory_total_bytes for gpu in survey_gpus(tmp_path).gpus] == [20 * GIB]


def test_a_slice_of_unknown_size_is_not_taken_for_the_card(nvml: Callable[..., None], tmp_path: Path) -> None:
    nvml(H100)
    (gpu,) = survey_gpus(tmp_path).gpus
    assert (gpu.memory_total_bytes, gpu.memory_free_bytes, gpu.mig) == (None, None, True)
    assert not gpu.shared_memory


def test_a_lost_card_hides_no_other(nvml: Callable[..., None], tmp_path: Path) -> None:
    running = [SimpleNamespace(pid=7, usedGpuMemory=5), SimpleNamespace(pid=8, usedGpuMemory=9)]
    nvml(RTX, NVMLError("GPU is lost"), Card(**{**RTX.__dict__, "running": running}))
    found = survey_gpus(tmp_path)
    assert [(gpu.name, gpu.memory_free_bytes) for gpu in found.gpus] == [("RTX 4090", 23 * GIB)] * 2
    assert found.problems == ("NVIDIA GPU 1 cannot be read: GPU is lost.",)
    assert process_vram_bytes(7) == 5


@pytest.mark.parametrize("name", ["NVIDIA GB10", "Orin (nvgpu)", "NVIDIA Thor", "a board of tomorrow"])
def test_a_gpu_without_memory_of_its_own_shares_the_systems(
    nvml: Callable[..., None], tmp_path: Path, name: str
) -> None:
    nvml(Card(name=name))
    (gpu,) = survey_gpus(tmp_path).gpus
    assert (gpu.shared_memory, gpu.memory_total_bytes) == (True, usable_memory(tmp_path).usable_bytes)


def test_a_refused_question_is_no_answer(nvml: Callable[..., None], tmp_path: Path) -> None:
    nvml(Card(name="A", memory=NVMLError("Insufficient Permissions")), Card(name=OSError("x"), memory=TypeError()))
    assert [(gpu.name, gpu.memory_total_bytes, gpu.shared_memory) for gpu in survey_gpus(tmp_path).gpus] == [
        ("A", None, False),
        ("NVIDIA GPU", None, False),
    ]


def test_a_figure_that_is_not_available_is_unknown(nvml: Callable[..., None], tmp_path: Path) -> None:
    nvml(Card(name="A", memory=SimpleNamespace(total=2**64 - 1, free=2**64 - 1)))
    assert survey_gpus(tmp_path).gpus[0].memory_total_bytes is None


def test_a_driver_that_refuses_is_told_and_none_is_not(nvml: Callable[..., None], tmp_path: Path) -> None:
    nvml(init=NVMLError("Driver/library version mismatch"))
    assert survey_gpus(tmp_path).problems == ("NVIDIA's driver refuses to be asked: Driver/library version mismatch.",)
    nvml(init=NVMLError_DriverNotLoaded("Driver Not Loaded"))
    assert survey_gpus(tmp_path).problems == ()


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_gpus_inside_a_processor_share_its_memory(nvml: Callable[..., None], tmp_path: Path) -> None:
    nvml(init=NVMLError_DriverNotLoaded())
    drm = "sys/class/drm"
    strix = {"vendor": "0x1002\n", "device": "0x1586\n", "mem_info_vram_total": f"{GIB}", "mem_info_vram_used": "0"}
    more = {"mem_info_gtt_total": f"{63 * GIB}", "mem_info_gtt_used": f"{GIB}"}
    write(tmp_path, {f"{drm}/card1/device/{name}": text for name, text in (strix | more).items()})
    intel = tmp_path / "sys/devices/pci0000:00/0000:00:02.0"
    write(intel, {"vendor": "0x8086\n", "device": "0x7d55\n"})
    (tmp_path / drm / "card10").mkdir()
    (tmp_path / drm / "card10/device").symlink_to(intel)
    write(tmp_path, {f"{drm}/card1-DP-1/device/vendor": "0x1002\n"})
    amd, other = survey_gpus(tmp_path).gpus
    assert (amd.vendor, amd.shared_memory) == ("AMD", True)
    assert (amd.memory_total_bytes, amd.memory_free_bytes) == (64 * GIB, 63 * GIB)
    assert (other.vendor, other.shared_memory) == ("Intel", True)
    assert other.memory_total_bytes == usable_memory(tmp_path).usable_bytes


def test_a_jetson_without_nvml_has_its_gpu(nvml: Callable[..., None], tmp_path: Path) -> None:
    nvml(init=NVMLError_DriverNotLoaded())
    write(tmp_path, {"proc/device-tree/model": "NVIDIA Jetson Orin Nano Developer Kit\0"})
    (gpu,) = survey_gpus(tmp_path).gpus
    assert (gpu.name, gpu.shared_memory) == ("NVIDIA Jetson Orin Nano Developer Kit", True)


@pytest.mark.parametrize(
    ("battery", "shown"),
    [
        (TypeError("unsupported operand"), "unknown: the battery cannot be read (unsupported operand)"),
        (FileNotFoundError(), "unknown: the battery cannot be read (FileNotFoundError)"),
        (AttributeError("sensors_battery"), "no battery found"),
        (None, "no battery found"),
        (SimpleNamespace(power_plugged=None, percent=40), "battery (40 %), source unknown"),
        (SimpleNamespace(power_plugged=False, percent=40.4), "on battery (40 %): expect lower speed"),
        (SimpleNamespace(power_plugged=True, percent=b"x"), "plugged in"),
        (SimpleNamespace(power_plugged=True, percent=float("nan")), "plugged in"),
    ],
)
def test_a_battery_may_say_anything(
    battery: Any, shown: str, nvml: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sensors_battery() -> Any:
        if isinstance(battery, Exception):
            raise battery
        return battery

    monkeypatch.setattr(psutil, "sensors_battery", sensors_battery)
    monkeypatch.setattr(machine, "ask_llama", lambda: (None, "not asked"))
    monkeypatch.setattr(machine, "background_load", lambda: 0.0)
    nvml(RTX, NVMLError("GPU is lost"), Card(name="NVIDIA GB10"), H100)
    lines = hardware_lines(detect_hardware(model_folder=tmp_path, with_bandwidth=False))
    assert f"power         {shown}" in lines
    assert "GPU           RTX 4090, 24 GiB, 23 GiB free" in lines
    assert any("GB10" in line and "shared with the system" in line for line in lines)
    assert "GPU           NVIDIA H100 MIG slice, memory unknown" in lines
    assert "              NVIDIA GPU 1 cannot be read: GPU is lost." in lines
