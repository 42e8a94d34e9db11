"""Memory needs estimated from a header, and the layers that go on a GPU."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.catalog.loading import load_catalog
from weighin.engine.catalog.quants import kv_cache_bytes
from weighin.engine.fit import placement
from weighin.engine.fit.needs import estimate_needs
from weighin.engine.fit.placement import best_gpu_layers, gpu_free_bytes, place
from weighin.engine.fit.source import CatalogSource
from weighin.engine.gguf.header import GgufHeader, parse_header
from weighin.engine.gguf.rewrite import layer_bytes, number_array
from weighin.engine.hardware.gpu_reading import GpuReading
from weighin.engine.llama.backend import Build, Device, DeviceKind
from weighin.engine.plan.model import KvType, Settings


def header_of(name: str) -> GgufHeader:
    return parse_header(CatalogSource(load_catalog().find(name), "Q4_K_M").header())


@pytest.mark.parametrize("name", ["llama-3.2-1b-instruct", "qwen3-8b", "gemma-2-2b-it", "phi-3-mini-4k-instruct"])
@pytest.mark.parametrize("n_ctx", [512, 8192])
def test_kv_and_weights_are_those_of_the_catalog(name: str, n_ctx: int) -> None:
    header, model = header_of(name), load_catalog().find(name)
    needs = estimate_needs(header, Settings(n_ctx=n_ctx))
    weights = sum(tensor.size_bytes for tensor in header.tensors)
    kv = sum(needs.layers) - sum(layer_bytes(header))
    if name != "phi-3-mini-4k-instruct":  # its GGUF files state no window, so llama.cpp uses none
        assert kv == kv_cache_bytes(model, n_ctx)
    assert sum(layer_bytes(header)) + needs.output + needs.rest == weights
    assert sum(needs.layers) + needs.output + needs.rest + needs.compute > weights + kv


@pytest.mark.parametrize(("kv_type", "share"), [("q8_0", 34 / 64), ("q4_0", 18 / 64)])
def test_smaller_kv_types(kv_type: KvType, share: float) -> None:
    header = header_of("qwen3-8b")
    weights = sum(layer_bytes(header))
    full = sum(estimate_needs(header, Settings(n_ctx=4096)).layers) - weights
    small = sum(estimate_needs(header, Settings(n_ctx=4096, kv_type=kv_type)).layers) - weights
    assert small == pytest.approx(full * share)


def test_layers_without_attention_hold_no_kv() -> None:
    source = CatalogSource(load_catalog().find("lfm2-1.2b"), "Q4_K_M")
    header, heads = parse_header(source.header()), number_array(source.header(), "lfm2.attention.head_count_kv")
    assert sorted(set(heads)) == [0, 8]
    needs = estimate_needs(header, Settings(n_ctx=4096), heads)
    assert sum(needs.layers) - sum(layer_bytes(header)) == 6 * 8 * 2 * 64 * 4096 * 2
    assert number_array(source.header(), "lfm2.block_count") == []


_SIZES = st.lists(st.integers(0, 1000), min_size=1, max_size=40)


@given(_SIZES, st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 50_000))
def test_as_many_layers_as_fit_go_on_the_gpu(layers: list[int], output: int, compute: int, free: int) -> None:
    count = best_gpu_layers(layers, output, compute, free)

    def takes(number: int) -> int:
        if number == 0:
            return 0
        rest = output if number > len(layers) else 0
        return compute + rest + sum(layers[max(0, len(layers) - number) :])

    assert takes(count) <= free
    assert 0 <= count <= len(layers) + 1
    if count <= len(layers):
        assert takes(count + 1) > free


def test_the_gpu_gets_the_layers_it_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(n_ctx=4096)
    needs = estimate_needs(header_of("qwen3-8b"), settings)
    weights = sum(needs.layers) + needs.output + needs.rest

    def card(free_bytes: int) -> None:
        monkeypatch.setattr(placement, "gpu_free_bytes", lambda: free_bytes)

    card(80 * 2**30)
    everything = place(needs, settings)
    assert (everything.settings, everything.gpu_layers) == (settings, None)
    assert everything.host_bytes == needs.rest
    card(4 * 2**30)
    some = place(needs, settings)
    assert some.gpu_layers is not None
    assert 0 < some.gpu_layers < 36
    assert some.settings.n_gpu_layers == some.gpu_layers
    assert needs.rest + needs.output < some.host_bytes < weights
    assert place(needs, Settings(n_ctx=4096, n_gpu_layers=5)).host_bytes == weights - sum(needs.layers[-5:])
    card(2**20)
    assert (place(needs, settings).gpu_layers, place(needs, settings).host_bytes) == (0, weights)
    card(0)
    assert place(needs, settings).settings == settings
    assert (place(needs, settings).gpu_layers, place(needs, settings).host_bytes) == (None, weights)


def test_only_gpus_that_the_build_can_use_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def device(kind: DeviceKind) -> Device:
        return Device(name=kind, description="", kind=kind, memory_total_bytes=100, memory_free_bytes=70)

    real = subprocess.run

    def build(*, offload: bool) -> None:
        found = Build(version="1", features=(), gpu_offload=offload, devices=(device("cpu"), device("gpu")))
        script = f"print({msgspec.json.encode(found).decode()!r})"
        monkeypatch.setattr(subprocess, "run", lambda _command, **more: real([sys.executable, "-c", script], **more))

    card = GpuReading(name="card", vendor="NVIDIA", memory_total_bytes=100, memory_free_bytes=80)
    monkeypatch.setattr(placement, "read_gpus", lambda: (card,))
    build(offload=True)
    assert gpu_free_bytes() == 70
    build(offload=False)
    assert gpu_free_bytes() == 0
    monkeypatch.setattr(placement, "read_gpus", tuple)
    monkeypatch.setattr(sys, "platform", "linux")
    build(offload=True)
    assert gpu_free_bytes() == 0
