"""A GGUF header from dimensions alone, for a hollow model of something that was never downloaded."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ..errors import ModelFileError
from .architectures import ARCHITECTURES, SHORTCONV_CELLS, Dimensions, attention_layers, rope_dimensions, tensor_shapes
from .recipe import BASE_TYPES, size_bytes, tensor_types
from .types import FILE_TYPES

SYNTHESIS_VERSION = 2
"""Increase it when the same dimensions give a different header, so that old measurements are not reused."""


def synthesize_header(dimensions: Dimensions, quant: str) -> bytes:
    """The header of a model with these dimensions in ``quant``, with the tokenizer ``no_vocab``, for ``build_hollow``.

    Raises:
        ModelFileError: the architecture or the quant is unknown.
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
        shapes,
        quant,
        n_layer=dimensions.n_layer,
        n_head=dimensions.n_head,
        # llama.cpp's recipe reads the first layer's
        n_head_kv=dimensions.n_head_kv if attention_layers(dimensions)[0] else 0,
        n_expert=dimensions.n_expert,
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


def _add_keys(writer: Any, d: Dimensions) -> None:
    kind = ARCHITECTURES[d.arch]
    writer.add_context_length(d.n_ctx_train)
    writer.add_embedding_length(d.n_embd)
    writer.add_block_count(d.n_layer)
    writer.add_feed_forward_length(d.n_ff)
    writer.add_head_count(d.n_head)
    attends = attention_layers(d)
    writer.add_head_count_kv(d.n_head_kv if all(attends) else [d.n_head_kv if layer else 0 for layer in attends])
    writer.add_key_length(d.head_dim)
    writer.add_value_length(d.head_dim)
    if kind.layer_norm:
        writer.add_layer_norm_eps(1e-5)
    else:
        writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_dimension_count(rope_dimensions(d))
    writer.add_rope_freq_base(d.rope_base)
    writer.add_vocab_size(d.n_vocab)
    if d.sliding_window is not None:
        writer.add_sliding_window(d.sliding_window)
    if kind.experts:
        writer.add_expert_count(d.n_expert)
        writer.add_expert_used_count(d.n_expert_used)
        writer.add_expert_feed_forward_length(d.n_ff)
    _add_rope_scaling(writer, d)
    _add_own_keys(writer, d)
    writer.add_tokenizer_model("no_vocab")


_STRETCHED_FROM = {"longrope": 4096, "yarn": 16_384}
"""Context in tokens before it was extended in this way: Phi 3, Ministral 3."""


def _add_rope_scaling(writer: Any, d: Dimensions) -> None:
    import gguf

    if d.rope not in _STRETCHED_FROM:
        return
    start = _STRETCHED_FROM[d.rope]
    writer.add_rope_scaling_orig_ctx_len(start)
    writer.add_rope_scaling_type(gguf.RopeScalingType[d.rope.upper()])
    if d.rope == "yarn":
        writer.add_rope_scaling_factor(max(1.0, d.n_ctx_train / start))


def _add_own_keys(writer: Any, d: Dimensions) -> None:
    """Keys of some architectures that switch on operations. Only their presence costs time, not their values."""
    if d.arch == "qwen3vl":
        half = rope_dimensions(d) // 2
        wide = half * 5 // 16  # 24, 20 and 20 of 64 in Qwen3-VL
        writer.add_rope_dimension_sections([half - 2 * wide, wide, wide, 0])
    if d.arch == "gemma2":
        writer.add_attn_logit_softcapping(50.0)
        writer.add_final_logit_softcapping(30.0)
    elif d.arch in ("granite", "granitemoe"):
        writer.add_logit_scale(8.0)
        writer.add_embedding_scale(12.0)
        writer.add_residual_scale(0.22)
        writer.add_attention_scale(1 / d.head_dim)
    elif d.arch == "apertus":
        for add in (writer.add_xielu_alpha_p, writer.add_xielu_alpha_n, writer.add_xielu_beta):
            add([0.5] * d.n_layer)
        writer.add_xielu_eps([-1e-6] * d.n_layer)
    elif d.arch == "lfm2":
        writer.add_shortconv_l_cache(SHORTCONV_CELLS)
    elif d.arch == "mistral3" and d.rope == "yarn":
        writer.add_attn_temperature_scale(0.1)
