"""A GGUF header from dimensions alone, for a hollow model of something never downloaded."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import msgspec

from ..errors import ModelFileError
from .recipe import BASE_TYPES, size_bytes, tensor_types
from .types import FILE_TYPES

ARCHITECTURES = ("llama", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "granite", "smollm3", "olmo2")
"""Architectures whose tensors are known here; Mistral models are ``llama``."""


class Dimensions(msgspec.Struct, frozen=True, kw_only=True):
    """The shape of a dense decoder."""

    arch: str
    n_layer: int
    n_embd: int
    n_ff: int
    n_head: int
    n_head_kv: int
    head_dim: int
    n_vocab: int
    n_ctx_train: int
    tied: bool = False
    """The output layer is the token embedding."""
    sliding_window: int | None = None
    """Tokens, where some layers see no further."""
    rope_base: float = 10_000.0


def synthesize_header(dimensions: Dimensions, quant: str) -> bytes:
    """Header of such a model in ``quant``, with the tokenizer ``no_vocab``; the input of ``build_hollow``.

    Raises:
        ModelFileError: the architecture or quant is not known here.
    """
    if dimensions.arch not in ARCHITECTURES or quant not in BASE_TYPES:
        raise ModelFileError(
            f"No header can be written for {dimensions.arch} in {quant}.", hint="Measure the downloaded file instead."
        )
    # gguf imports numpy and a thousand constants
    import gguf
    import numpy as np

    shapes = tensor_shapes(dimensions)
    types = tensor_types(
        shapes, quant, n_layer=dimensions.n_layer, n_head=dimensions.n_head, n_head_kv=dimensions.n_head_kv
    )
    with tempfile.TemporaryDirectory(prefix="weighin-") as folder:
        path = Path(folder, "header.gguf")
        writer = gguf.GGUFWriter(path, dimensions.arch)
        _add_keys(writer, dimensions)
        writer.add_file_type(next(number for number, name in FILE_TYPES.items() if name == quant))
        for name, shape in shapes.items():
            kind = gguf.GGMLQuantizationType[types[name]]
            writer.add_tensor_info(
                name, list(reversed(shape)), np.dtype(np.float32), size_bytes(types[name], shape), raw_dtype=kind
            )
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        writer.close()
        return path.read_bytes()


def tensor_shapes(dimensions: Dimensions) -> dict[str, tuple[int, ...]]:
    """Every tensor of the model, row length first, in llama.cpp's names."""
    d = dimensions
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (d.n_embd, d.n_vocab),
        "output_norm.weight": (d.n_embd,),
    }
    if not d.tied:
        shapes["output.weight"] = (d.n_embd, d.n_vocab)
    block = _block(d)
    for layer in range(d.n_layer):
        for name, shape in block.items():
            shapes[f"blk.{layer}.{name}"] = shape
    return shapes


def _block(d: Dimensions) -> dict[str, tuple[int, ...]]:
    queries, keys = d.n_head * d.head_dim, d.n_head_kv * d.head_dim
    block: dict[str, tuple[int, ...]] = {
        "attn_output.weight": (queries, d.n_embd),
        "ffn_down.weight": (d.n_ff, d.n_embd),
    }
    if d.arch == "phi3":
        block["attn_qkv.weight"] = (d.n_embd, queries + 2 * keys)
        block["ffn_up.weight"] = (d.n_embd, 2 * d.n_ff)
    else:
        block["attn_q.weight"] = (d.n_embd, queries)
        block["attn_k.weight"] = block["attn_v.weight"] = (d.n_embd, keys)
        block["ffn_gate.weight"] = block["ffn_up.weight"] = (d.n_embd, d.n_ff)
    if d.arch != "olmo2":
        block["attn_norm.weight"] = block["ffn_norm.weight"] = (d.n_embd,)
    if d.arch in ("gemma2", "gemma3", "olmo2"):
        block["post_attention_norm.weight"] = block["post_ffw_norm.weight"] = (d.n_embd,)
    if d.arch in ("qwen3", "gemma3"):
        block["attn_q_norm.weight"] = block["attn_k_norm.weight"] = (d.head_dim,)
    if d.arch == "olmo2":
        block["attn_q_norm.weight"], block["attn_k_norm.weight"] = (queries,), (keys,)
    if d.arch == "qwen2":
        block["attn_q.bias"] = (queries,)
        block["attn_k.bias"] = block["attn_v.bias"] = (keys,)
    return block


def _add_keys(writer: Any, d: Dimensions) -> None:
    writer.add_context_length(d.n_ctx_train)
    writer.add_embedding_length(d.n_embd)
    writer.add_block_count(d.n_layer)
    writer.add_feed_forward_length(d.n_ff)
    writer.add_head_count(d.n_head)
    writer.add_head_count_kv(d.n_head_kv)
    writer.add_key_length(d.head_dim)
    writer.add_value_length(d.head_dim)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_dimension_count(d.head_dim)
    writer.add_rope_freq_base(d.rope_base)
    writer.add_vocab_size(d.n_vocab)
    if d.sliding_window is not None:
        writer.add_sliding_window(d.sliding_window)
    if d.arch == "gemma2":
        writer.add_attn_logit_softcapping(50.0)
        writer.add_final_logit_softcapping(30.0)
    if d.arch == "granite":
        writer.add_logit_scale(8.0)
        writer.add_embedding_scale(12.0)
        writer.add_residual_scale(0.22)
        writer.add_attention_scale(1 / d.head_dim)
    writer.add_tokenizer_model("no_vocab")
