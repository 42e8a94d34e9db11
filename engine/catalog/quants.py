"""The quants that a model is offered in, and what each costs in memory, KV cache included, and in quality.

Bits per weight are from llama.cpp tools/quantize/README.md, for whole files of Llama 3.1 8B; small models with a large
vocabulary need more. Quality is from llama.cpp tools/perplexity/README.md, table "LLaMA 3 8b", Wikitext-2: mean
perplexity over that of f16 (6.2316). Other models differ, and larger models lose less.
"""

from __future__ import annotations

import msgspec

from ..gguf.naming import DEFAULT_QUANT
from ..units import GIB
from .entries import CatalogModel


class Quant(msgspec.Struct, frozen=True):
    name: str
    bits_per_weight: float
    perplexity_increase: float
    """Published increase in perplexity over f16, as a share: 0.028 is 2.8 %."""
    imatrix: bool = False
    """The published figure is for a file made with an importance matrix."""

    @property
    def cost(self) -> str:
        """The published loss of quality, in a few words."""
        share = self.perplexity_increase
        digits = 0 if share >= 0.1 else 1 if share >= 0.01 else 2
        return f"perplexity +{share:.{digits}%}{' with imatrix' if self.imatrix else ''}"


LADDER = (
    Quant("Q8_0", 8.50, 0.0004),
    Quant("Q6_K", 6.56, 0.0035),
    Quant("Q5_K_M", 5.70, 0.0091),
    Quant("Q4_K_M", 4.89, 0.0282),
    Quant("Q4_0", 4.67, 0.0752),
    Quant("IQ4_XS", 4.46, 0.0366, imatrix=True),
    Quant("Q3_K_M", 4.00, 0.1054),
    Quant("Q2_K", 3.16, 0.5648),
)


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


class Rung(msgspec.Struct, frozen=True):
    quant: Quant
    file_bytes: int
    """Estimated as parameters times bits per weight."""
    memory_bytes: int
    """Estimated weights and KV cache, without compute buffers and weight repacking."""
    fits: bool


def ladder(model: CatalogModel, memory_bytes: int | None, n_ctx: int) -> tuple[Rung, ...]:
    """Every quant for this memory and context, largest first; with ``memory_bytes`` None, all fit.

    Sizes are estimates; a hollow model measures them.
    """
    kv = kv_cache_bytes(model, n_ctx)
    rungs = []
    for quant in LADDER:
        size = int(model.parameters.total * quant.bits_per_weight / 8)
        rungs.append(Rung(quant, size, size + kv, memory_bytes is None or size + kv <= memory_bytes))
    return tuple(rungs)


def best_fitting(model: CatalogModel, memory_bytes: int, n_ctx: int) -> Rung | None:
    """The quant that loses the least quality among those that fit; None when none fits."""
    fitting = [rung for rung in ladder(model, memory_bytes, n_ctx) if rung.fits]
    return min(fitting, key=lambda rung: rung.quant.perplexity_increase, default=None)


_MACHINES_GIB = (1, 2, 4, 8, 16, 32, 64)
_SHARE = 0.75
DEPLOYMENT_RULE = f"derived: {DEFAULT_QUANT} and the KV cache of 8,192 tokens take up to 75 % of the machine's memory"


def smallest_machine_gib(model: CatalogModel) -> int | None:
    """Memory in GiB of the smallest common machine that suits the model by ``DEPLOYMENT_RULE``; None above 64."""
    needed = next(rung.memory_bytes for rung in ladder(model, None, 8192) if rung.quant.name == DEFAULT_QUANT)
    return next((size for size in _MACHINES_GIB if needed <= _SHARE * size * GIB), None)
