"""How much of a model goes on a GPU, and what is left for main memory."""

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
"""Share of the free VRAM that is planned for: drivers and fragments take some."""
_ASK_S = 60.0


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """Where a model is to be."""

    settings: Settings
    """With the number of layers on the GPU."""
    gpu_layers: int | None
    """None without a GPU, when all layers fit on it, or when the user said how many."""
    host_bytes: int
    """Weights and KV cache that are left for main memory."""
    gpu_free_bytes: int
    """0 without a GPU that this build can use."""


def place(needs: Needs, settings: Settings) -> Placement:
    """The best number of layers for the GPUs that are here and that this build of llama.cpp can use."""
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
    """The largest ``n_gpu_layers`` whose share fits into ``free_bytes`` of VRAM.

    llama.cpp puts the last layers on the GPU first, and the output layer only when all others are there
    (``n_gpu_layers`` = layers + 1; src/llama-model.cpp, ``load_tensors``). ``compute`` is needed as soon as one
    layer is there.

    Args:
        layers: bytes of each layer with its KV cache, first to last.
        output: bytes of the output layer.
        compute: bytes of compute buffers on the GPU.
        free_bytes: VRAM that is free, less what should stay so.
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
    """VRAM that is free now, of all GPUs that this build of llama.cpp can use; 0 where there are none."""
    if not read_gpus() and sys.platform != "darwin":
        return 0
    # In a process of its own: looking for devices may crash in a driver.
    command = [sys.executable, "-m", "weighin.engine.llama.backend"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_ASK_S, check=True)
        build = msgspec.json.decode(done.stdout, type=Build)
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError):
        return 0
    return sum(device.memory_free_bytes for device in build.devices if device.kind == "gpu") if build.gpu_offload else 0
