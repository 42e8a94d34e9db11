"""Memory that a model needs, estimated from its header.

The estimates decide what to try. They are never shown as measured.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..catalog.quants import KV_NUMBER_BYTES, cached_tokens
from ..gguf.header import GgufHeader
from ..gguf.rewrite import layer_bytes, layer_period
from ..plan.model import Settings

_ACTIVATION_ROWS = 8
"""Approximate number of activation rows per token that exist at once in a micro-batch."""


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """All in bytes."""

    layers: tuple[int, ...]
    """Weights and KV cache of each layer."""
    output: int
    """The output layer, or the token embedding if it is tied."""
    rest: int
    """Token embeddings and everything else that stays in main memory."""
    compute: int
    """Compute buffers for a micro-batch."""


def estimate_needs(header: GgufHeader, settings: Settings, kv_heads: Sequence[int] = ()) -> Needs:
    """Estimate the needs of one sequence at ``settings.n_ctx``; ``kv_heads`` are KV heads per layer, if they differ."""
    weights = layer_bytes(header)
    sizes = {tensor.name: tensor.size_bytes for tensor in header.tensors}
    embedding = sizes.get("token_embd.weight", 0)
    tied = "output.weight" not in sizes
    output = embedding if tied else sizes["output.weight"]
    others = sum(sizes.values()) - sum(weights) - output
    period = layer_period(header)
    same = _number(header, "attention.head_count_kv", _number(header, "attention.head_count", 1))
    heads = list(kv_heads) if len(kv_heads) == len(weights) else [same] * len(weights)
    kv = [
        _kv_bytes(header, settings, count, slides=period > 1 and (index + 1) % period != 0)
        for index, count in enumerate(heads)
    ]
    ubatch = min(settings.n_ubatch, settings.n_ctx)
    width = max(_number(header, "embedding_length", 0), _number(header, "feed_forward_length", 0))
    return Needs(
        layers=tuple(weight + cache for weight, cache in zip(weights, kv, strict=True)),
        output=output,
        rest=max(0, others),
        compute=4 * ubatch * ((header.n_vocab or 0) + _ACTIVATION_ROWS * width),
    )


def _kv_bytes(header: GgufHeader, settings: Settings, kv_heads: int, *, slides: bool) -> int:
    heads = _number(header, "attention.head_count", 1)
    head_dim = _number(header, "embedding_length", 0) // max(1, heads)
    keys = _number(header, "attention.key_length", head_dim)
    values = _number(header, "attention.value_length", keys)
    window = _number(header, "attention.sliding_window", 0) if slides else 0
    latent = _number(header, "attention.kv_lora_rank", 0)
    numbers = latent + _number(header, "rope.dimension_count", 0) if latent else kv_heads * (keys + values)
    tokens = cached_tokens(settings.n_ctx, window, settings.n_ubatch)
    return int(numbers * tokens * KV_NUMBER_BYTES[settings.kv_type])


def _number(header: GgufHeader, key: str, default: int) -> int:
    value = header.metadata.get(f"{header.architecture}.{key}")
    return value if isinstance(value, int) and not isinstance(value, bool) else default
