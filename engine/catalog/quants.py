"""The quants a candidate is offered in, and what each costs."""

from __future__ import annotations

import msgspec

from .kv import kv_cache_bytes
from .models import CatalogModel

_SOURCE = "llama.cpp tools/quantize README, Llama 3.1 8B table (bits per weight)"


class Quant(msgspec.Struct, frozen=True):
    name: str
    bits_per_weight: float
    """Effective bits for a whole 8B model; small models with a large vocabulary come out higher."""
    cost: str
    source: str = _SOURCE


LADDER = (
    Quant("Q8_0", 8.50, "practically no loss; the largest and slowest"),
    Quant("Q6_K", 6.56, "loss hard to measure"),
    Quant("Q5_K_M", 5.70, "very small loss"),
    Quant("Q4_K_M", 4.89, "small loss; the usual choice"),
    Quant("Q4_0", 4.67, "somewhat more loss than Q4_K_M; fast on ARM and AVX CPUs"),
    Quant("IQ4_XS", 4.46, "small loss at less memory; slower on CPUs"),
    Quant("Q3_K_M", 4.00, "clear loss"),
    Quant("Q2_K", 3.16, "heavy loss; only where nothing else fits"),
)


class Rung(msgspec.Struct, frozen=True):
    quant: Quant
    file_bytes: int
    memory_bytes: int
    """Estimated weights and KV cache; compute buffers and weight repacking are not in it."""
    fits: bool


def ladder(model: CatalogModel, memory_bytes: int, n_ctx: int) -> tuple[Rung, ...]:
    """Every quant for this memory and context, best first. Sizes are estimates; a hollow model measures them."""
    kv = kv_cache_bytes(model, n_ctx)
    rungs = []
    for quant in LADDER:
        size = int(model.parameters.total * quant.bits_per_weight / 8)
        rungs.append(Rung(quant, size, size + kv, size + kv <= memory_bytes))
    return tuple(rungs)
