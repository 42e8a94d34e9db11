"""Memory that llama.cpp uses for a vocabulary, checked against the estimate."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest

from weighin.engine.catalog.loading import load_catalog
from weighin.engine.fit.shape import BPE_TOKEN_BYTES, SENTENCEPIECE_TOKEN_BYTES, vocabulary_bytes

_N_VOCAB = 60_000
_WIDTH = 64
_LOAD = """
import sys, llama_cpp as l
l.llama_backend_init()
assert l.llama_model_load_from_file(sys.argv[1].encode(), l.llama_model_default_params())
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("RssAnon")))
"""


def anonymous_bytes(path: Path, tokenizer: Literal["no_vocab", "gpt2", "llama"]) -> int:
    """Memory of a process that has loaded a model with this vocabulary, without file pages."""
    import gguf
    import numpy as np

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(512)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(_WIDTH)
    writer.add_head_count(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // 2)
    writer.add_vocab_size(_N_VOCAB)
    writer.add_tokenizer_model(tokenizer)
    if tokenizer != "no_vocab":
        writer.add_token_list([f"token{n}".encode() for n in range(_N_VOCAB)])
        writer.add_token_types([1] * _N_VOCAB)
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
    if tokenizer == "gpt2":
        writer.add_tokenizer_pre("default")
        writer.add_token_merges([f"tok{n} en{n % 977}" for n in range(_N_VOCAB)])
    elif tokenizer == "llama":
        writer.add_token_scores([-float(n) for n in range(_N_VOCAB)])
    writer.add_tensor("token_embd.weight", np.zeros((_N_VOCAB, _WIDTH), np.float16))
    for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
        writer.add_tensor(f"blk.0.{name}.weight", np.zeros((_WIDTH, _WIDTH), np.float16))
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(_WIDTH, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    done = subprocess.run(
        [sys.executable, "-c", _LOAD, str(path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return int(done.stdout) * 1024


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_vocabulary_bytes_per_token(tmp_path: Path) -> None:
    none = anonymous_bytes(tmp_path / "none.gguf", "no_vocab")
    for tokenizer, wanted in (("gpt2", BPE_TOKEN_BYTES), ("llama", SENTENCEPIECE_TOKEN_BYTES)):
        there = anonymous_bytes(tmp_path / "there.gguf", tokenizer)  # type: ignore[arg-type]
        assert (there - none) / _N_VOCAB == pytest.approx(wanted, rel=0.35), tokenizer


def test_the_kind_of_vocabulary_follows_from_the_model() -> None:
    find = load_catalog().find
    assert vocabulary_bytes(find("gemma-3-1b-it")) == 262_144 * SENTENCEPIECE_TOKEN_BYTES
    assert vocabulary_bytes(find("phi-3-mini-4k-instruct")) == 32_064 * SENTENCEPIECE_TOKEN_BYTES
    assert vocabulary_bytes(find("qwen3-8b")) == 151_936 * BPE_TOKEN_BYTES
