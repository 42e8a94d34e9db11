"""Size of the KV cache, from dimensions alone."""

from __future__ import annotations

from .entries import CatalogModel


def kv_cache_bytes(
    model: CatalogModel, n_ctx: int, *, element_bytes: float = 2.0, swa_full: bool = False, n_ubatch: int = 512
) -> int:
    """Bytes that K and V take at ``n_ctx`` tokens, one sequence.

    2 (K and V) x layers x KV heads x head size x cells x element size. Sliding layers hold window + ubatch
    cells, rounded up to 256 (llama.cpp src/llama-kv-cache-iswa.cpp), or all of them with ``swa_full``, the
    default of llama-cpp-python.
    Layers that reuse another's cache are already left out of the catalog's counts. Recurrent state is not
    counted: it does not grow with the context and is some megabytes.
    """
    kv = model.kv
    full = kv.full_attention_layers * kv.n_head_kv_full * kv.head_dim_full * n_ctx
    cells = n_ctx
    if kv.sliding_window is not None and not swa_full:
        cells = -(-min(n_ctx, kv.sliding_window + n_ubatch) // 256) * 256
    head_dim = kv.head_dim_sliding or model.dimensions.head_dim
    sliding = kv.sliding_layers * model.dimensions.n_head_kv * head_dim * cells
    return int(2 * (full + sliding) * element_bytes)
