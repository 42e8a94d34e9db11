"""What a measurement of a model says."""

from __future__ import annotations

from typing import Literal

import msgspec

Label = Literal["", "measured (real file)", "measured (hollow)", "extrapolated"]

ROUTING_NOTE = "which experts run, and so its speed, cannot be known without the weights"
"""Of mixture-of-experts models measured hollow: among zeros the router always picks the same ones."""

VOCABULARY_NOTE = "memory holds an estimate for its vocabulary, which a header made from dimensions does not have"


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """How a model runs here. Figures are None where it could not be measured; ``problem`` says why."""

    name: str
    size_bytes: int
    label: Label = ""
    n_ctx: int
    prompt_tokens_per_second: float | None = None
    """In whole micro-batches."""
    prompt_label: Label = ""
    """``extrapolated``: from a shorter prompt and a single token."""
    generation_tokens_per_second: float | None = None
    """After an empty cache."""
    depth_tokens: int | None = None
    """How full the cache is for the next figure: what leaves room for some tokens in the wanted context."""
    deep_tokens_per_second: float | None = None
    """Generation at ``depth_tokens``."""
    deep_label: Label = ""
    """``extrapolated``: from the time that some of the layers take there, for that many more layers."""
    memory_bytes: int | None = None
    """Peak of one sequence at ``n_ctx``: weights, KV cache and compute buffers, as the worker's process held them."""
    vram_bytes: int = 0
    usable_bytes: int | None = None
    """Memory that processes may take here in all: the machine's, or a cgroup's if that is less."""
    gpu_free_bytes: int = 0
    """VRAM that was free before; 0 without a GPU that this build of llama.cpp can use."""
    gpu_layers: int | None = None
    """Layers on the GPU, the output layer counted as one; None without a GPU, or when all fit."""
    notes: tuple[str, ...] = ()
    """What the figures cannot know."""
    disturbed: bool = False
    problem: str = ""
    cached: bool = False

    @property
    def fits(self) -> bool | None:
        """Whether its memory is there; None when it was not measured."""
        if self.memory_bytes is None or self.usable_bytes is None:
            return None
        return self.memory_bytes <= self.usable_bytes
