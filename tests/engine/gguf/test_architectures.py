"""Headers from dimensions, held against llama.cpp's own loader, graph builder and quantiser."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from weighin.engine.catalog.loading import load_catalog
from weighin.engine.events.run import SpeedKind
from weighin.engine.gguf.architectures import ARCHITECTURES, Dimensions, Rope, parameter_count, tensor_shapes
from weighin.engine.gguf.header import check_file, parse_header
from weighin.engine.gguf.hollow import build_hollow
from weighin.engine.gguf.recipe import BASE_TYPES, tensor_types
from weighin.engine.gguf.synthesize import synthesize_header
from weighin.engine.plan.model import Settings
from weighin.engine.worker.protocol import Loaded, LoadModel, MeasureSpeed, SpeedDone
from weighin.engine.worker.supervisor import Worker

_SLIDING = {"gemma2": 64, "gemma3": 64, "olmo2": 64, "phi3": 64}
_ROPE: dict[str, Rope] = {"llama": "llama3", "exaone4": "llama3", "phi3": "longrope", "mistral3": "yarn"}
_LAYERS_THAT_DIFFER = frozenset(
    {"deepseek2", "falcon-h1", "gemma3n", "gemma4", "gpt-oss", "granitehybrid", "lfm2moe", "mellum", "nanbeige"}
    | {"nemotron_h", "nemotron_h_moe", "qwen35", "qwen35moe"}
)
_LAYERS = 6
"""A whole period of Gemma 3's sliding layers, the longest."""


def small(arch: str, *, n_layer: int = _LAYERS, width: int = 256) -> Dimensions:
    """A model of that architecture, shrunk."""
    experts = ARCHITECTURES[arch].experts
    return Dimensions(
        arch=arch,
        n_layer=n_layer,
        n_embd=width,
        n_ff=width if experts else 2 * width,
        n_head=8,
        n_head_kv=8 if arch == "olmoe" else 2,
        head_dim=width // 8,
        n_vocab=512,
        n_ctx_train=1024,
        tied=arch.startswith("gemma") or arch == "lfm2",
        sliding_window=_SLIDING.get(arch),
        rope=_ROPE.get(arch, ""),
        n_expert=8 if experts else 0,
        n_expert_used=2 if experts else 0,
        recurrent_layers=n_layer // 2 if arch == "lfm2" else 0,
    )


@pytest.mark.parametrize("arch", ARCHITECTURES)
async def test_every_architecture_loads_and_decodes_in_a_worker(tmp_path: Path, arch: str) -> None:
    dimensions = small(arch)
    hollow = build_hollow(synthesize_header(dimensions, "Q4_K_M"), tmp_path / f"{arch}.gguf")
    assert check_file(hollow.path).n_vocab == 512
    worker = Worker(arch, logs=tmp_path)
    await worker.start()
    try:
        settings = Settings(n_ctx=256, n_threads=1)
        loaded = await worker.ask(LoadModel(path=str(hollow.path), settings=settings, prompt_style="plain"))
        assert isinstance(loaded, Loaded)
        assert loaded.architecture == arch
        assert loaded.parameters == parameter_count(tensor_shapes(dimensions))
        kinds: tuple[SpeedKind, ...] = ("prompt", "generation")
        for kind in kinds:
            done = await worker.ask(MeasureSpeed(kind=kind, n_tokens=4, depth=100))
            assert isinstance(done, SpeedDone)
            assert done.elapsed_s > 0
    finally:
        await worker.kill()


def test_the_catalogs_architectures_are_known_or_named_here() -> None:
    known = {model.dimensions.arch for model in load_catalog().models} & set(ARCHITECTURES)
    others = {model.dimensions.arch for model in load_catalog().models} - set(ARCHITECTURES)
    assert len(known) >= 16
    # Their layers differ in ways that the catalog does not state.
    assert others <= _LAYERS_THAT_DIFFER


_QUANTS = tuple(quant for quant in BASE_TYPES if quant not in ("F32", "F16", "BF16"))
_SOME_QUANTS = ("Q2_K", "Q3_K_L", "Q4_K_M", "Q5_K_S", "Q6_K", "IQ4_XS")
"""Enough for architectures that differ from others in few tensors."""


@pytest.mark.parametrize(
    ("arch", "width", "quants"),
    [
        *((arch, width, _QUANTS) for arch, width in (("llama", 256), ("llama", 96), ("olmo2", 320), ("qwen3moe", 256))),
        *((arch, 256, _SOME_QUANTS) for arch in ("phi3", "gemma3", "qwen2", "glm4", "apertus", "lfm2", "stablelm")),
        ("olmoe", 96, _SOME_QUANTS),
    ],
)
def test_the_recipe_is_llama_cpps(tmp_path: Path, arch: str, width: int, quants: tuple[str, ...]) -> None:
    dimensions = small(arch, n_layer=17, width=width)
    full = build_hollow(synthesize_header(dimensions, "F16"), tmp_path / "f16.gguf")
    script = "from weighin.engine.llama.quantize import *; load_library()\nfor q in sys.argv[2:]:"
    script += " quantize(Path(sys.argv[1]), Path(sys.argv[1]).with_name(q + '.gguf'), q, n_threads=1)"
    done = subprocess.run(
        [sys.executable, "-c", script, str(full.path), *quants],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for quant in quants:
        real = check_file(tmp_path / f"{quant}.gguf")
        ours = parse_header(synthesize_header(dimensions, quant))
        assert {t.name: (t.shape, t.type) for t in ours.tensors} == {t.name: (t.shape, t.type) for t in real.tensors}
        assert sum(t.size_bytes for t in ours.tensors) == sum(t.size_bytes for t in real.tensors)


def test_many_queries_on_one_key_change_the_recipe(tmp_path: Path) -> None:
    few = msgspec.structs.replace(small("llama"), n_head_kv=4)
    shapes = tensor_shapes(few)
    grouped = tensor_types(shapes, "IQ4_XS", n_layer=_LAYERS, n_head=8, n_head_kv=2)
    plain = tensor_types(shapes, "IQ4_XS", n_layer=_LAYERS, n_head=8, n_head_kv=4)
    assert grouped["blk.3.attn_v.weight"] == "Q5_K"
    assert plain["blk.3.attn_v.weight"] == "IQ4_XS"
