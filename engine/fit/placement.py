"""How much of a model goes on the GPU, and how much stays in main memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import msgspec

from ..hardware.gpu import read_gpus
from ..llama.backend import Build
from ..plan.model import Settings
from .needs import Needs

_VRAM_USED = 0.9
"""Share of the free VRAM to plan for; drivers and fragmentation take the rest."""
_ASK_S = 60.0


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """Where the parts of a model go."""

    settings: Settings
    """Settings with the number of layers on the GPU."""
    gpu_layers: int | None
    """None without a GPU, when all layers fit on it, or when the user chose the number."""
    host_bytes: int
    """Weights and KV cache that stay in main memory."""
    gpu_free_bytes: int
    """0 without a GPU that this build of llama.cpp can use."""


def place(needs: Needs, settings: Settings) -> Placement:
    """The best number of layers for the GPUs of this machine that this build of llama.cpp can use."""
    layers = len(needs.layers)
    whole = sum(needs.layers) + needs.output + needs.rest
    free = gpu_free_bytes() if settings.n_gpu_layers != 0 else 0
    if not free:
        return Placement(settings=settings, gpu_layers=None, host_bytes=whole, gpu_free_bytes=0)
    asked = settings.n_gpu_layers
    count = asked
    if asked < 0:
        count = best_gpu_layers(needs.layers, needs.output, needs.compute, int(free * _VRAM_USED))
        settings = msgspec.structs.replace(settings, n_gpu_layers=asked if count > layers else count)
    there = sum(needs.layers[max(0, layers - count) :]) if count else 0
    return Placement(
        settings=settings,
        gpu_layers=None if asked >= 0 or count > layers else count,
        host_bytes=whole - there - (needs.output if count > layers else 0),
        gpu_free_bytes=free,
    )


def best_gpu_layers(layers: Sequence[int], output: int, compute: int, free_bytes: int) -> int:
    """The largest ``n_gpu_layers`` that fits in ``free_bytes`` of VRAM.

    llama.cpp puts the last layers on the GPU first, and the output layer only after all others (``n_gpu_layers`` =
    layers + 1; src/llama-model.cpp, ``load_tensors``). ``compute`` is needed as soon as one layer is on the GPU.

    Args:
        layers: bytes of each layer with its KV cache, in order.
        output: bytes of the output layer.
        compute: bytes of compute buffers on the GPU.
        free_bytes: free VRAM, minus what should stay free.
    """
    left = free_bytes - compute
    count = 0
    for size in reversed(layers):
        if size > left:
            return count
        left -= size
        count += 1
    return count + 1 if output <= left and count else count


def gpu_free_bytes() -> int:
    """Free VRAM of all GPUs that this build of llama.cpp can use; 0 without any."""
    if not read_gpus() and sys.platform != "darwin":
        return 0
    # In a separate process, because looking for devices can crash in a driver.
    command = [sys.executable, "-m", "weighin.engine.llama.backend"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_ASK_S, check=True)
        build = msgspec.json.decode(done.stdout, type=Build)
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError):
        return 0
    return sum(device.memory_free_bytes for device in build.devices if device.kind == "gpu") if build.gpu_offload else 0
