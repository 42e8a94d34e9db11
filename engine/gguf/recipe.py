"""Which type llama.cpp's quantizer gives each tensor, without an importance matrix.

Source: ``llama_tensor_get_type_impl`` and ``tensor_type_fallback`` in llama.cpp's ``src/llama-quant.cpp``, as of
llama-cpp-python 0.3.36. Files made with an importance matrix, or by hand, may differ.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from .types import GGML_TYPES

BASE_TYPES = {
    "F32": "F32", "F16": "F16", "BF16": "BF16", "Q8_0": "Q8_0", "Q6_K": "Q6_K", "Q5_K_M": "Q5_K", "Q5_K_S": "Q5_K",
    "Q5_0": "Q5_0", "Q5_1": "Q5_1", "Q4_K_M": "Q4_K", "Q4_K_S": "Q4_K", "Q4_0": "Q4_0", "Q4_1": "Q4_1",
    "Q3_K_M": "Q3_K", "Q3_K_L": "Q3_K", "Q3_K_S": "Q3_K", "IQ4_XS": "IQ4_XS", "IQ4_NL": "IQ4_NL", "Q2_K": "Q2_K",
}  # fmt: skip
"""Quants with a known recipe -> the type of most of their weights."""

BLOCKS: dict[str, tuple[int, int]] = {name: (weights, size) for name, weights, size in GGML_TYPES.values()}
"""Type name -> weights per block, bytes per block."""

_KEPT = ("_norm.weight", "ffn_gate_inp.weight", "ssm_conv1d", "shortconv.conv.weight")
_FALLBACK = {"IQ4_XS": "IQ4_NL", "Q2_K": "Q4_0", "Q3_K": "Q4_0", "Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}
_LAYER = re.compile(r"^blk\.(\d+)\.(.+)\.weight$")
_ATTENTION_V = ("attn_v", "attn_qkv", "attn_kv_b")
_FFN_DOWN = ("ffn_down", "ffn_down_exps", "ffn_down_shexp")


def tensor_types(
    shapes: Mapping[str, tuple[int, ...]], quant: str, *, n_layer: int, n_head: int, n_head_kv: int, n_expert: int = 0
) -> dict[str, str]:
    """Tensor name -> type, for a model quantized from full precision.

    Args:
        shapes: every tensor of the model, row length first.
        quant: a key of ``BASE_TYPES``.
        n_head_kv: heads of the first layer; 0 if that layer has no attention.

    Raises:
        KeyError: no recipe is known for ``quant``.
    """
    base = BASE_TYPES[quant]
    layers = sorted({int(m[1]) for name in shapes if (m := _LAYER.match(name)) and m[2] in _ATTENTION_V})
    order = {layer: index for index, layer in enumerate(layers)}
    tied = "output.weight" not in shapes
    found = {}
    for name, shape in shapes.items():
        if not _is_quantized(name, shape):
            found[name] = "F32"
            continue
        if base in ("F32", "F16", "BF16"):
            found[name] = base
            continue
        if name == "output.weight" or (tied and name == "token_embd.weight"):
            wanted = "Q8_0" if shape[0] % BLOCKS[base][0] else base if base == "Q8_0" else "Q6_K"
        else:
            wanted = _layer_type(name, quant, base, order, n_layer, n_head // n_head_kv if n_head_kv else 0, n_expert)
        found[name] = _fitting(wanted, shape[0])
    return found


def size_bytes(type_name: str, shape: tuple[int, ...]) -> int:
    """Size in bytes of a tensor of this type and shape."""
    weights, block_bytes = BLOCKS[type_name]
    return math.prod(shape) // weights * block_bytes


def _is_quantized(name: str, shape: tuple[int, ...]) -> bool:
    return len(shape) > 1 and name.endswith("weight") and not any(part in name for part in _KEPT)


def _fitting(wanted: str, row: int) -> str:
    if row % BLOCKS[wanted][0] == 0:
        return wanted
    other = _FALLBACK.get(wanted, wanted)
    return other if row % BLOCKS[other][0] == 0 else "F16"


def _more_bits(layer: int, n_layer: int) -> bool:
    """Whether a layer is in the first or last eighth, or every third layer in between."""
    return layer < n_layer // 8 or layer >= 7 * n_layer // 8 or (layer - n_layer // 8) % 3 == 2


def _layer_type(
    name: str, quant: str, base: str, order: Mapping[int, int], n_layer: int, n_gqa: int, n_expert: int
) -> str:
    match = _LAYER.match(name)
    if match is None:
        return base
    layer, role = int(match[1]), match[2]
    if role in _ATTENTION_V:
        return "Q8_0" if n_expert == 8 else _value_type(quant, base, order[layer], len(order), n_gqa)
    if role in _FFN_DOWN:
        return _down_type(quant, base, layer, n_layer)
    if role == "attn_k" and n_expert == 8:
        return "Q8_0"
    if role == "attn_output":
        if n_expert == 8:
            return "Q5_K" if quant in ("Q2_K", "Q3_K_S", "Q3_K_M", "IQ4_NL", "IQ4_XS", "Q4_K_S", "Q4_K_M") else base
        return {"Q2_K": "Q3_K", "Q3_K_M": "Q4_K", "Q3_K_L": "Q5_K"}.get(quant, base)
    return base


def _value_type(quant: str, base: str, index: int, count: int, n_gqa: int) -> str:
    if quant == "Q2_K":
        return "Q4_K" if n_gqa >= 4 else "Q3_K"
    if quant == "Q3_K_M":
        return "Q5_K" if index < 2 else "Q4_K"
    if quant == "Q3_K_L" or (quant in ("IQ4_XS", "IQ4_NL") and n_gqa >= 4) or (quant == "Q4_K_S" and index < 4):
        return "Q5_K"
    if quant in ("Q4_K_M", "Q5_K_M") and _more_bits(index, count):
        return "Q6_K"
    return base


def _down_type(quant: str, base: str, layer: int, n_layer: int) -> str:
    if quant == "Q2_K":
        return "Q3_K"
    if quant == "Q3_K_M":
        return "Q5_K" if layer < n_layer // 16 else "Q4_K"
    if quant == "Q3_K_L" or (quant in ("IQ4_XS", "IQ4_NL", "Q4_K_S") and layer < n_layer // 8):
        return "Q5_K"
    if quant in ("Q4_K_M", "Q5_K_M") and _more_bits(layer, n_layer):
        return "Q6_K"
    return base
