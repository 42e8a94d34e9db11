"""Which tensors a model of each architecture has, from its dimensions.

Names and shapes follow llama.cpp's loader (``load_arch_tensors`` in its ``src/models``), as of llama-cpp-python 0.3.36.
Differences between models of one architecture that need almost no weights, such as the angle of rotary embeddings, are
left out.
"""

from __future__ import annotations

import math
from typing import Literal

import msgspec

Shapes = dict[str, tuple[int, ...]]
Rope = Literal["", "llama3", "longrope", "yarn"]


class Dimensions(msgspec.Struct, frozen=True, kw_only=True):
    """The dimensions of a decoder."""

    arch: str
    n_layer: int
    n_embd: int
    n_ff: int
    """Size per expert in a mixture of experts."""
    n_head: int
    n_head_kv: int
    head_dim: int
    n_vocab: int
    n_ctx_train: int
    tied: bool = False
    """The output layer is the token embedding."""
    sliding_window: int | None = None
    """Window in tokens, when some layers see no further."""
    rope_base: float = 10_000.0
    rope: Rope = ""
    """How the trained context was extended. ``llama3`` and ``longrope`` need small tensors."""
    n_expert: int = 0
    n_expert_used: int = 0
    recurrent_layers: int = 0
    """Number of layers without attention, in architectures that mix both kinds."""


class Architecture(msgspec.Struct, frozen=True, kw_only=True):
    """The differences of an architecture from Llama."""

    pre_norms: bool = True
    post_norms: bool = False
    qk_norm: Literal["", "head", "whole"] = ""
    """Whether queries and keys are normalized, per head or over their whole width."""
    fused_qkv: bool = False
    qkv_bias: bool = False
    gate: Literal["separate", "in up", "none"] = "separate"
    layer_norm: bool = False
    """LayerNorm with bias instead of RMSNorm."""
    rotary_share: float = 1.0
    """Share of each head that is rotated."""
    experts: bool = False


ARCHITECTURES = {
    "llama": Architecture(),
    "mistral3": Architecture(),
    "smollm3": Architecture(),
    "ernie4_5": Architecture(),
    "minicpm": Architecture(),
    "granite": Architecture(),
    "exaone": Architecture(),
    "exaone4": Architecture(pre_norms=False, post_norms=True, qk_norm="head"),
    "qwen2": Architecture(qkv_bias=True),
    "qwen3": Architecture(qk_norm="head"),
    "qwen3vl": Architecture(qk_norm="head"),
    "hunyuan-dense": Architecture(qk_norm="head"),
    "gemma2": Architecture(post_norms=True),
    "gemma3": Architecture(post_norms=True, qk_norm="head"),
    "olmo2": Architecture(pre_norms=False, post_norms=True, qk_norm="whole"),
    "glm4": Architecture(post_norms=True, gate="in up", rotary_share=0.5),
    "phi3": Architecture(fused_qkv=True, gate="in up"),
    "stablelm": Architecture(qkv_bias=True, layer_norm=True, rotary_share=0.25),
    "nemotron": Architecture(gate="none", layer_norm=True, rotary_share=0.5),
    "arcee": Architecture(gate="none"),
    "apertus": Architecture(qk_norm="head", gate="none"),
    "lfm2": Architecture(qk_norm="head"),
    "qwen3moe": Architecture(qk_norm="head", experts=True),
    "granitemoe": Architecture(experts=True),
    "olmoe": Architecture(qk_norm="whole", experts=True),
}
"""Architectures whose tensors are known here; Mistral models before Ministral 3 are ``llama``."""

SHORTCONV_CELLS = 3
"""Length of LFM2's short convolutions, the same in all models so far."""


def tensor_shapes(dimensions: Dimensions) -> Shapes:
    """Every tensor of the model, row length first, in llama.cpp's names.

    Raises:
        KeyError: the architecture is not in ``ARCHITECTURES``.
    """
    d, kind = dimensions, ARCHITECTURES[dimensions.arch]
    last_norm = "token_embd_norm" if d.arch == "lfm2" else "output_norm"
    shapes: Shapes = {"token_embd.weight": (d.n_embd, d.n_vocab)}
    shapes |= _norm(last_norm, d.n_embd, kind)
    if not d.tied:
        shapes["output.weight"] = (d.n_embd, d.n_vocab)
    rotated = rope_dimensions(d) // 2
    if d.rope == "llama3":
        shapes["rope_freqs.weight"] = (rotated,)
    elif d.rope == "longrope":
        shapes["rope_factors_long.weight"] = shapes["rope_factors_short.weight"] = (rotated,)
    shared = _norms(d, kind) | _feed_forward(d, kind)
    with_attention = shared | _attention(d, kind)
    without = shared | _short_convolution(d)
    for layer, attends in enumerate(attention_layers(d)):
        for name, shape in (with_attention if attends else without).items():
            shapes[f"blk.{layer}.{name}"] = shape
    return shapes


def attention_layers(dimensions: Dimensions) -> list[bool]:
    """Whether each layer has attention. If some have none, the others are spread evenly."""
    total, attending = dimensions.n_layer, dimensions.n_layer - dimensions.recurrent_layers
    return [(layer + 1) * attending // total > layer * attending // total for layer in range(total)]


def rope_dimensions(dimensions: Dimensions) -> int:
    """Number of dimensions of a head that are rotated."""
    return int(dimensions.head_dim * ARCHITECTURES[dimensions.arch].rotary_share)


def parameter_count(shapes: Shapes) -> int:
    """Number of weights in all tensors together."""
    return sum(math.prod(shape) for shape in shapes.values())


def _norm(name: str, width: int, kind: Architecture) -> Shapes:
    found: Shapes = {f"{name}.weight": (width,)}
    if kind.layer_norm:
        found[f"{name}.bias"] = (width,)
    return found


def _norms(d: Dimensions, kind: Architecture) -> Shapes:
    found: Shapes = {}
    if kind.pre_norms:
        found |= _norm("attn_norm", d.n_embd, kind) | _norm("ffn_norm", d.n_embd, kind)
    if kind.post_norms:
        found |= _norm("post_attention_norm", d.n_embd, kind) | _norm("post_ffw_norm", d.n_embd, kind)
    return found


def _attention(d: Dimensions, kind: Architecture) -> Shapes:
    queries, keys = d.n_head * d.head_dim, d.n_head_kv * d.head_dim
    found: Shapes = {"attn_output.weight": (queries, d.n_embd)}
    if kind.fused_qkv:
        found["attn_qkv.weight"] = (d.n_embd, queries + 2 * keys)
    else:
        found["attn_q.weight"] = (d.n_embd, queries)
        found["attn_k.weight"] = found["attn_v.weight"] = (d.n_embd, keys)
    if kind.qkv_bias:
        found["attn_q.bias"] = (queries,)
        found["attn_k.bias"] = found["attn_v.bias"] = (keys,)
    if kind.qk_norm:
        whole = kind.qk_norm == "whole"
        found["attn_q_norm.weight"] = (queries if whole else d.head_dim,)
        found["attn_k_norm.weight"] = (keys if whole else d.head_dim,)
    return found


def _feed_forward(d: Dimensions, kind: Architecture) -> Shapes:
    if kind.experts:
        return {
            "ffn_gate_inp.weight": (d.n_embd, d.n_expert),
            "ffn_gate_exps.weight": (d.n_embd, d.n_ff, d.n_expert),
            "ffn_down_exps.weight": (d.n_ff, d.n_embd, d.n_expert),
            "ffn_up_exps.weight": (d.n_embd, d.n_ff, d.n_expert),
        }
    found: Shapes = {
        "ffn_down.weight": (d.n_ff, d.n_embd),
        "ffn_up.weight": (d.n_embd, 2 * d.n_ff if kind.gate == "in up" else d.n_ff),
    }
    if kind.gate == "separate":
        found["ffn_gate.weight"] = (d.n_embd, d.n_ff)
    return found


def _short_convolution(d: Dimensions) -> Shapes:
    return {
        "shortconv.conv.weight": (SHORTCONV_CELLS, d.n_embd),
        "shortconv.in_proj.weight": (d.n_embd, 3 * d.n_embd),
        "shortconv.out_proj.weight": (d.n_embd, d.n_embd),
    }
