"""Detection on made-up /proc and /sys trees, and the guard against a busy neighbor."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.hardware import cgroup
from weighin.engine.hardware.cpu import read_cpu, usable_physical_cores
from weighin.engine.hardware.gpu import read_gpus
from weighin.engine.hardware.load import LoadSnapshot, assess, read_load
from weighin.engine.hardware.memory import measure_bandwidth, usable_memory
from weighin.engine.llama.backend import Device
from weighin.engine.prepare.machine import HardwareReport, detect_hardware, gpu_advice
from weighin.engine.prepare.machine_text import hardware_lines

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="/proc as Linux has it")


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


V2 = {"proc/self/cgroup": "0::/user.slice/app.scope\n", "sys/fs/cgroup/cgroup.controllers": "cpu memory\n"}


def test_cgroup_v2_takes_the_lowest_limit_of_all_parents(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            **V2,
            "sys/fs/cgroup/user.slice/app.scope/memory.max": "max\n",
            "sys/fs/cgroup/user.slice/app.scope/memory.high": "3000000000\n",
            "sys/fs/cgroup/user.slice/app.scope/memory.current": "1500000000\n",
            "sys/fs/cgroup/user.slice/app.scope/memory.stat": "anon 1\ninactive_file 500000000\n",
            "sys/fs/cgroup/user.slice/memory.max": "2000000000\n",
            "sys/fs/cgroup/user.slice/app.scope/cpu.max": "max 100000\n",
            "sys/fs/cgroup/user.slice/cpu.max": "150000 100000\n",
        },
    )
    assert cgroup.memory_limit_bytes(root) == 2_000_000_000
    assert cgroup.memory_used_bytes(root) == 1_000_000_000
    assert cgroup.cpu_limit_cores(root) == 1.5
    reading = usable_memory(root)
    assert (reading.limit_bytes, reading.usable_bytes) == (2_000_000_000, 2_000_000_000)
    assert reading.available_bytes <= 1_000_000_000
    assert usable_physical_cores(root) == 1


def test_cgroup_v1(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/box\n3:cpu,cpuacct:/box\n",
            "sys/fs/cgroup/memory/box/memory.limit_in_bytes": "1073741824\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us": "50000\n",
            "sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        },
    )
    assert cgroup.memory_limit_bytes(root) == 2**30
    assert cgroup.cpu_limit_cores(root) == 0.5


def test_no_cgroup_means_no_limit(tmp_path: Path) -> None:
    assert cgroup.memory_limit_bytes(tmp_path) is None
    assert cgroup.cpu_limit_cores(tmp_path) is None
    assert usable_memory(tmp_path).limit_bytes is None


@given(st.text(max_size=200), st.text(max_size=30))
def test_malformed_cgroup_files_are_survived(tmp_path_factory: pytest.TempPathFactory, lines: str, limit: str) -> None:
    folder = tmp_path_factory.mktemp("any")
    root = write(folder, {"sys/fs/cgroup/memory.max": limit.encode("ascii", "replace").decode()})
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_bytes(lines.encode("utf-8", "replace"))
    found = cgroup.memory_limit_bytes(root)
    assert found is None or found > 0


def test_amd_and_intel_gpus_through_sysfs(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "sys/class/drm/card0/device/vendor": "0x1002\n",
            "sys/class/drm/card0/device/mem_info_vram_total": "17163091968\n",
            "sys/class/drm/card0/device/mem_info_vram_used": "163091968\n",
            "sys/class/drm/card0/device/product_name": "Radeon\n",
            "sys/class/drm/card1/device/vendor": "0x8086\n",
            "sys/class/drm/card1/device/device": "0x56a0\n",
            "sys/class/drm/card2/device/vendor": "0x1af4\n",
        },
    )
    gpus = [gpu for gpu in read_gpus(root) if gpu.vendor != "NVIDIA"]
    assert [(g.vendor, g.name, g.memory_free_bytes) for g in gpus] == [
        ("AMD", "Radeon", 17_000_000_000),
        ("Intel", "Intel GPU 0x56a0", None),
    ]
    advice = gpu_advice(tuple(gpus), ())
    assert "GGML_HIP" in advice[0]
    assert "GGML_VULKAN" in advice[1]
    usable = Device(name="ROCm0", description="x", kind="gpu", memory_total_bytes=1, memory_free_bytes=1)
    assert gpu_advice(tuple(gpus), (usable,)) == ()


def test_cpu_details_from_a_written_tree(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "proc/cpuinfo": "model name : Test CPU\nflags : fpu avx2 avx512f\n\nmodel name : other\n",
            "sys/devices/cpu_core/cpus": "0-7\n",
            "sys/devices/cpu_atom/cpus": "8-11,13\n",
            "sys/devices/system/cpu/cpu0/cache/index3/level": "3\n",
            "sys/devices/system/cpu/cpu0/cache/index3/size": "32768K\n",
        },
    )
    cpu = read_cpu(root)
    assert (cpu.name, cpu.instruction_sets) == ("Test CPU", ("avx2", "avx512f"))
    assert (cpu.performance_cores, cpu.efficiency_cores, cpu.l3_bytes) == (8, 5, 32 * 2**20)


def core(implementer: str, part: str) -> str:
    return f"BogoMIPS : 50\nFeatures : fp asimd\nCPU implementer : {implementer}\nCPU part : {part}\n\n"


@pytest.mark.parametrize(
    ("cpuinfo", "name"),
    [
        (core("0x41", "0xd87") * 2 + core("0x41", "0xd85") * 2, "ARM Cortex-X925 + Cortex-A725"),
        (core("0x41", "0xfff"), "ARM 0xfff"),
        (core("0xc0", "0xac3"), "Ampere Ampere-1"),
        (core("0x99", "0x001"), "ARM designer 0x99 0x001"),
        (
            core("0x41", "0xd0b") + "Model : Raspberry Pi 5 Model B Rev 1.0\n",
            "ARM Cortex-A76 (Raspberry Pi 5 Model B Rev 1.0)",
        ),
        ("model name : ARMv7 Processor rev 3 (v7l)\nCPU implementer : 0x41\nCPU part : 0xd08\n", "ARM Cortex-A72"),
        ("processor : 0\nhart : 1\nuarch : sifive,u74-mc\n", "sifive,u74-mc"),
        ("processor : 0\ncpu : POWER9, altivec supported\n", "POWER9, altivec supported"),
        ("model name : Intel(R) Core(TM)\nmodel : 12\n", "Intel(R) Core(TM)"),
    ],
)
def test_processors_without_a_name_are_named_by_their_cores(tmp_path: Path, cpuinfo: str, name: str) -> None:
    assert read_cpu(write(tmp_path, {"proc/cpuinfo": cpuinfo})).name == name


def topology(siblings: dict[int, str], **more: str) -> dict[str, str]:
    base = "sys/devices/system/cpu"
    return {f"{base}/cpu{cpu}/topology/thread_siblings_list": f"{both}\n" for cpu, both in siblings.items()} | more


def allow(monkeypatch: pytest.MonkeyPatch, *cpus: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(cpus), raising=False)
    monkeypatch.setattr("psutil.cpu_count", lambda logical=True: 12 if logical else 8)


def test_threads_are_the_performance_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = {cpu: f"{cpu // 2 * 2}-{cpu // 2 * 2 + 1}" for cpu in range(8)} | {cpu: str(cpu) for cpu in range(8, 12)}
    hybrid = {"sys/devices/cpu_core/cpus": "0-7\n", "sys/devices/cpu_atom/cpus": "8-11\n"}
    root = write(tmp_path, topology(pairs, **hybrid))
    allow(monkeypatch, *range(12))
    cpu = read_cpu(root)
    assert (cpu.performance_cores, cpu.efficiency_cores, usable_physical_cores(root)) == (4, 4, 4)
    allow(monkeypatch, 0, 1, 2, 8, 9)
    assert usable_physical_cores(root) == 2
    allow(monkeypatch, 9, 10, 11)
    assert usable_physical_cores(root) == 3, "where only efficiency cores are allowed, they are used"


@pytest.mark.parametrize(
    ("speeds", "threads"), [((400,) * 4 + (1024,) * 4, 4), ((718,) * 4 + (1024,) * 4, 8), ((1024,) * 8, 8)]
)
def test_cores_that_are_much_slower_are_efficiency_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, speeds: tuple[int, ...], threads: int
) -> None:
    base = "sys/devices/system/cpu"
    root = write(tmp_path, {f"{base}/cpu{cpu}/cpu_capacity": f"{speed}\n" for cpu, speed in enumerate(speeds)})
    allow(monkeypatch, *range(8))
    assert usable_physical_cores(root) == threads


def snapshot(**changed: float) -> LoadSnapshot:
    values = {"wall_s": 0.0, "busy_s": 0.0, "steal_s": 0.0, "own_s": 0.0, "pressure_s": 0.0, "cores": 4}
    return msgspec.convert({**values, **changed}, LoadSnapshot)


def causes(n_threads: int = 2, cpu_bound: bool = True, **after: float) -> str:
    found = assess(snapshot(), snapshot(wall_s=2.0, **after), n_threads=n_threads, cpu_bound=cpu_bound)
    return "; ".join(d.cause for d in found)


def test_the_guard_names_each_disturbance() -> None:
    assert causes(own_s=4.0, busy_s=4.1) == ""
    assert causes(own_s=4.0, busy_s=7.0) == "", "two spare cores took the neighbor"
    assert "other processes used 1.5 of 4 cores" in causes(n_threads=4, own_s=8.0, busy_s=11.0)
    assert "hypervisor took 10%" in causes(own_s=4.0, busy_s=4.0, steal_s=0.8)
    assert "waited for a CPU 50%" in causes(own_s=4.0, busy_s=4.0, pressure_s=1.0)
    assert "ran only 50% of the time" in causes(own_s=2.0, busy_s=2.0)
    assert causes(cpu_bound=False, own_s=0.1, busy_s=0.2) == ""


def test_too_short_an_interval_is_not_judged() -> None:
    assert assess(snapshot(), snapshot(wall_s=0.01, busy_s=1.0), n_threads=4) == ()


@linux_only
def test_a_busy_neighbor_is_noticed() -> None:
    cores = os.cpu_count() or 1
    spin = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        time.sleep(0.3)
        before = read_load()
        end = time.perf_counter() + 0.6
        while time.perf_counter() < end:
            pass
        found = assess(before, read_load(), n_threads=cores)
    finally:
        for process in spin:
            process.kill()
            process.wait()
    assert any("other processes used" in d.cause for d in found)


def test_bandwidth_is_measured_within_its_memory(tmp_path: Path) -> None:
    found = measure_bandwidth(n_threads=1, available_bytes=2**30)
    assert found is not None
    assert found > 1e8
    assert measure_bandwidth(n_threads=1, available_bytes=2**20) is None


def test_the_report_survives_json_and_renders(tmp_path: Path) -> None:
    report = detect_hardware(model_folder=tmp_path / "not" / "there", with_bandwidth=False)
    assert report.disk_free_bytes
    assert report.llama is not None
    assert report.llama.devices
    assert msgspec.json.decode(msgspec.json.encode(report), type=HardwareReport) == report
    lines = hardware_lines(report)
    assert any(line.startswith("memory") and "GiB" in line for line in lines)
    assert any(line.startswith("bandwidth") and "unknown" in line for line in lines)
