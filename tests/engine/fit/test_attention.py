"""The part of a model that shows its speed at depth."""

from __future__ import annotations

from pathlib import Path

import pytest

from weighin.engine.catalog.loading import load_catalog
from weighin.engine.fit import attention
from weighin.engine.fit.attention import attention_part
from weighin.engine.fit.source import CatalogSource
from weighin.engine.gguf.architectures import ARCHITECTURES, Dimensions
from weighin.engine.gguf.header import parse_header
from weighin.engine.gguf.hollow import build_hollow
from weighin.engine.gguf.synthesize import synthesize_header
from weighin.engine.gguf.tiny import write_tiny_model
from weighin.engine.plan.model import Settings
from weighin.engine.worker.protocol import DepthMeasured, Loaded, LoadModel, MeasureDepth
from weighin.engine.worker.supervisor import Worker


def deep(arch: str, n_layer: int = 24) -> bytes:
    experts = 8 if ARCHITECTURES[arch].experts else 0
    dimensions = Dimensions(
        arch=arch, n_layer=n_layer, n_embd=256, n_ff=512, n_head=8, n_head_kv=8 if arch == "olmoe" else 2, head_dim=32,
        n_vocab=600, n_ctx_train=1024, tied=arch in ("lfm2", "gemma2"), n_expert=experts, n_expert_used=experts // 4,
        sliding_window=64 if arch in ("gemma2", "gemma3", "olmo2") else None,
        recurrent_layers=n_layer // 2 if arch == "lfm2" else 0,
    )  # fmt: skip
    return synthesize_header(dimensions, "Q4_K_M")


@pytest.mark.parametrize("arch", ARCHITECTURES)
async def test_attention_alone_runs_at_two_depths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arch: str) -> None:
    monkeypatch.setattr(attention, "_PART_WEIGHTS", 1.0)  # these are tiny: all layers would be taken
    monkeypatch.setattr(attention, "_TOKENS", 128)  # and the whole vocabulary
    part, times = attention_part(deep(arch))
    assert parse_header(part).n_vocab == 128
    assert times == {"gemma2": 12, "gemma3": 4, "olmo2": 6, "lfm2": 12}.get(arch, 24)
    hollow = build_hollow(part, tmp_path / "part.gguf")
    worker = Worker(arch, logs=tmp_path)
    await worker.start()
    try:
        settings = Settings(n_ctx=256, n_ubatch=64, n_threads=1)
        await worker.ask(LoadModel(path=str(hollow.path), settings=settings, prompt_style="plain", warm_up_tokens=1))
        done = await worker.ask(MeasureDepth(depth=200, fill_s=60, n_tokens=12, time_s=60))
        assert isinstance(done, DepthMeasured)
        assert (done.depth, len(done.token_s), len(done.deep_token_s)) == (200, 12, 12)
        assert all(second > 0 for second in done.token_s + done.deep_token_s)
        done = await worker.ask(MeasureDepth(depth=200, fill_s=0, n_tokens=12, time_s=0))
        assert isinstance(done, DepthMeasured)
        assert (done.depth, len(done.token_s), len(done.deep_token_s)) == (8 + 64, 8, 8)
    finally:
        await worker.kill()


def test_attention_alone_has_narrow_feed_forward_layers_and_all_the_rest() -> None:
    whole, (data, times) = parse_header(deep("llama")), attention_part(deep("llama"))
    part = parse_header(data)
    assert part.metadata["llama.feed_forward_length"] == 256
    assert (part.n_layer, times) == (24, 1.0)
    shapes = {tensor.name: tensor.shape for tensor in part.tensors}
    assert shapes["blk.0.ffn_up.weight"] == shapes["blk.0.ffn_gate.weight"] == (256, 256)
    for tensor in whole.tensors:
        if tensor.name in shapes and ".ffn_" not in tensor.name:
            assert shapes[tensor.name] == tensor.shape
    experts = parse_header(attention_part(deep("qwen3moe"))[0])
    assert {t.shape for t in experts.tensors if "ffn_up_exps" in t.name} == {(256, 512, 8)}


async def test_a_vocabulary_with_tokens_is_cut_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "_TOKENS", 64)
    write_tiny_model(tmp_path / "tiny.gguf")
    part, _times = attention_part((tmp_path / "tiny.gguf").read_bytes())
    header = parse_header(part)
    assert (header.n_vocab, header.metadata["tokenizer.ggml.model"]) == (64, "no_vocab")
    assert "tokenizer.ggml.tokens" not in header.metadata
    hollow = build_hollow(part, tmp_path / "part.gguf")
    worker = Worker("cut", logs=tmp_path)
    await worker.start()
    try:
        settings = Settings(n_ctx=256, n_threads=1)
        loaded = await worker.ask(LoadModel(path=str(hollow.path), settings=settings, prompt_style="plain"))
        assert isinstance(loaded, Loaded)
        assert loaded.n_vocab == 64
    finally:
        await worker.kill()


@pytest.mark.parametrize(
    ("name", "layers"), [("smollm2-135m-instruct", 18), ("llama-3.2-1b-instruct", 1), ("gemma-3-1b-it", 6)]
)
def test_the_part_of_a_small_model_has_more_layers(name: str, layers: int) -> None:
    header = CatalogSource(load_catalog().find(name), "Q4_K_M").header()
    data, times = attention_part(header)
    assert parse_header(data).n_layer == layers
    assert times == pytest.approx((parse_header(header).n_layer or 0) / layers)
