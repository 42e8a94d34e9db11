"""Samplers choose the next token from logits."""

from __future__ import annotations

from typing import Any

from .backend import Closing, load_library
from .context import Context


class Sampler(Closing):
    """A chain of llama.cpp's own samplers. Close it, or use it in a ``with`` block."""

    def __init__(self, *, temperature: float = 0.0, top_k: int = 0, top_p: float = 1.0, seed: int = 0) -> None:
        """Greedy at temperature 0; otherwise top-k (0: off), top-p (1: off), temperature and a seeded draw."""
        self._lib = load_library()
        self._chain: Any = self._lib.llama_sampler_chain_init(self._lib.llama_sampler_chain_default_params())
        if temperature <= 0:
            self._add(self._lib.llama_sampler_init_greedy())
            return
        if top_k > 0:
            self._add(self._lib.llama_sampler_init_top_k(top_k))
        if top_p < 1:
            self._add(self._lib.llama_sampler_init_top_p(top_p, 1))
        self._add(self._lib.llama_sampler_init_temp(temperature))
        self._add(self._lib.llama_sampler_init_dist(seed))

    def _add(self, sampler: Any) -> None:
        self._lib.llama_sampler_chain_add(self._chain, sampler)

    def choose(self, context: Context, index: int) -> int:
        """The token chosen from the logits at batch ``index``."""
        return int(self._lib.llama_sampler_sample(self._chain, context.pointer, index))

    def close(self) -> None:
        """Free the chain and its samplers."""
        if self._chain:
            self._lib.llama_sampler_free(self._chain)
            self._chain = None
