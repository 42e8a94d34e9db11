"""The result of measuring a model."""

from __future__ import annotations

from typing import Literal

import msgspec

Label = Literal["", "measured (real file)", "measured (hollow)", "extrapolated"]

ROUTING_NOTE = "which experts run, and so its speed, cannot be known without the weights"
"""For hollow mixture-of-experts models: with zero weights, the router always picks the same experts."""

VOCABULARY_NOTE = "memory includes an estimate for the vocabulary, which a synthesized header lacks"


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """Speed and memory of a model on this machine. Figures are None if they were not measured; ``problem`` says why."""

    name: str
    size_bytes: int
    label: Label = ""
    n_ctx: int
    prompt_tokens_per_second: float | None = None
    """Speed of whole micro-batches."""
    prompt_label: Label = ""
    """``extrapolated`` from a shorter prompt and a single token."""
    generation_tokens_per_second: float | None = None
    """Speed with an empty cache."""
    depth_tokens: int | None = None
    """Tokens in the cache for the next figure: almost the whole wanted context."""
    deep_tokens_per_second: float | None = None
    """Generation speed at ``depth_tokens``."""
    deep_label: Label = ""
    """``extrapolated`` from the time that some of the layers take."""
    memory_bytes: int | None = None
    """Peak memory of the worker for one sequence at ``n_ctx``: weights, KV cache and compute buffers."""
    vram_bytes: int = 0
    usable_bytes: int | None = None
    """Memory that processes can use: the machine's, or the cgroup limit if that is lower."""
    gpu_free_bytes: int = 0
    """VRAM that was free before the measurement; 0 without a GPU that this build of llama.cpp can use."""
    gpu_layers: int | None = None
    """Layers on the GPU, counting the output layer as one; None without a GPU, or when all fit."""
    notes: tuple[str, ...] = ()
    """What the figures leave out."""
    disturbed: bool = False
    problem: str = ""
    cached: bool = False

    @property
    def total_memory_bytes(self) -> int | None:
        """Memory of the process plus memory on GPUs, as runs report it."""
        return None if self.memory_bytes is None else self.memory_bytes + self.vram_bytes

    @property
    def fits(self) -> bool | None:
        """Whether it fits in the usable memory; None if that was not measured."""
        if self.memory_bytes is None or self.usable_bytes is None:
            return None
        return self.memory_bytes <= self.usable_bytes
