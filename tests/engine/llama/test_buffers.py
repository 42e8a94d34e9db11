"""Filling the buffers of a whole micro-batch without computing all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from weighin.engine.gguf.architectures import Dimensions
from weighin.engine.gguf.hollow import build_hollow
from weighin.engine.gguf.synthesize import synthesize_header
from weighin.engine.plan.model import Settings
from weighin.engine.worker.protocol import BuffersFilled, FillBuffers, LoadModel, MeasureSpeed, SpeedDone
from weighin.engine.worker.supervisor import Worker


@pytest.mark.performance
async def test_stopping_early_uses_as_much_memory_as_a_whole_batch(tmp_path: Path) -> None:
    dimensions = Dimensions(
        arch="llama", n_layer=12, n_embd=1024, n_ff=8192, n_head=8, n_head_kv=8, head_dim=128, n_vocab=1024,
        n_ctx_train=1024,
    )  # fmt: skip
    hollow = build_hollow(synthesize_header(dimensions, "Q4_K_M"), tmp_path / "deep.gguf")
    worker = Worker("deep", logs=tmp_path)
    await worker.start()
    try:
        settings = Settings(n_ctx=512, n_threads=1)
        await worker.ask(LoadModel(path=str(hollow.path), settings=settings, prompt_style="plain", warm_up_tokens=1))
        short = await worker.ask(MeasureSpeed(kind="prompt", n_tokens=8))
        filled = await worker.ask(FillBuffers(for_s=0.5))
        whole = await worker.ask(MeasureSpeed(kind="prompt", n_tokens=512))
        assert isinstance(short, SpeedDone)
        assert isinstance(filled, BuffersFilled)
        assert isinstance(whole, SpeedDone)
        assert whole.elapsed_s > 1.0  # so it stopped early
        assert short.peak_rss_bytes < 0.95 * whole.peak_rss_bytes
        assert filled.peak_rss_bytes > 0.99 * whole.peak_rss_bytes
    finally:
        await worker.kill()
