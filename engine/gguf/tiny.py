"""Tiny random models that llama.cpp can load, to check this machine's build and for fast tests."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from weighin.assets import asset

_LAYERS = 2
_EMBEDDING = 64
_FEED_FORWARD = 128
_HEADS = 4

WeightType = Literal["F32", "F16", "Q8_0", "Q4_0"]


def write_tiny_model(
    path: Path, *, seed: int = 0, weights: WeightType = "F32", n_ctx: int = 512, chat_template: str = ""
) -> None:
    """Write a llama model of two layers with random weights and a byte-level SentencePiece vocabulary.

    It quickly answers the same nonsense every time. With ``Q4_0`` or ``Q8_0`` it uses the same quantized kernels as a
    real model.
    """
    import gguf
    import numpy as np

    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_file_type(
        {
            "F32": gguf.LlamaFileType.ALL_F32,
            "F16": gguf.LlamaFileType.MOSTLY_F16,
            "Q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
            "Q4_0": gguf.LlamaFileType.MOSTLY_Q4_0,
        }[weights]
    )
    writer.add_context_length(n_ctx)
    writer.add_embedding_length(_EMBEDDING)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_FEED_FORWARD)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_EMBEDDING // _HEADS)
    n_vocab = _add_vocabulary(writer)
    if chat_template:
        writer.add_chat_template(chat_template)
    kind = gguf.GGMLQuantizationType[weights]

    def add(name: str, *shape: int) -> None:
        values = rng.standard_normal(shape, np.float32) * (shape[-1] ** -0.5)
        if kind == gguf.GGMLQuantizationType.F32:
            writer.add_tensor(name, values)
        else:
            writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)

    add("token_embd.weight", n_vocab, _EMBEDDING)
    add("output.weight", n_vocab, _EMBEDDING)
    writer.add_tensor("output_norm.weight", np.ones(_EMBEDDING, np.float32))
    for layer in range(_LAYERS):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"blk.{layer}.{name}.weight", _EMBEDDING, _EMBEDDING)
        add(f"blk.{layer}.ffn_gate.weight", _FEED_FORWARD, _EMBEDDING)
        add(f"blk.{layer}.ffn_up.weight", _FEED_FORWARD, _EMBEDDING)
        add(f"blk.{layer}.ffn_down.weight", _EMBEDDING, _FEED_FORWARD)
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(_EMBEDDING, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_vocabulary(writer: object) -> int:
    import gguf

    normal, unknown, control, byte = 1, 2, 3, 6  # gguf.TokenType
    rows = [("<unk>", unknown), ("<s>", control), ("</s>", control)]
    rows += [(f"<0x{value:02X}>", byte) for value in range(256)]
    words = asset("gguf", "tiny-words.txt").read_text(encoding="utf-8").split()
    rows += [(f"▁{word}", normal) for word in words]
    rows += [(letter, normal) for letter in "▁abcdefghijklmnopqrstuvwxyz0123456789.,:?\n"]
    assert isinstance(writer, gguf.GGUFWriter)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text.encode() for text, _kind in rows])
    writer.add_token_scores([-float(index) for index in range(len(rows))])
    writer.add_token_types([kind for _text, kind in rows])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    return len(rows)
