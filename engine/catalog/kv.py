"""Size of the KV cache, from a model's dimensions."""

from __future__ import annotations

from .entries import CatalogModel

KV_NUMBER_BYTES: dict[str, float] = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
"""Bytes per cached number, from ggml's block sizes."""
_CELL_STEP = 256


def cached_tokens(n_ctx: int, window: int | None, n_ubatch: int = 512) -> int:
    """Tokens that a layer keeps at ``n_ctx``.

    A layer with a sliding window keeps window + micro-batch tokens, rounded up to 256
    (llama.cpp src/llama-kv-cache-iswa.cpp).
    """
    return -(-min(n_ctx, window + n_ubatch) // _CELL_STEP) * _CELL_STEP if window else n_ctx


def kv_cache_bytes(model: CatalogModel, n_ctx: int) -> int:
    """Bytes of K and V in f16 for one sequence of ``n_ctx`` tokens.

    2 (K and V) x layers x KV heads x head size x tokens x bytes per number. Layers that reuse another layer's cache are
    not in the catalog's counts. Recurrent state is left out: it is a few megabytes and does not grow with the context.
    """
    kv = model.kv
    full = kv.full_attention_layers * kv.n_head_kv_full * kv.head_dim_full * n_ctx
    head_dim = kv.head_dim_sliding or model.dimensions.head_dim
    sliding = kv.sliding_layers * model.dimensions.n_head_kv * head_dim * cached_tokens(n_ctx, kv.sliding_window)
    return int(2 * (full + sliding) * KV_NUMBER_BYTES["f16"])
