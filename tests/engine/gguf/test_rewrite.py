"""Headers made from headers: split models in one piece, and models with fewer layers."""

from __future__ import annotations

import random
import struct
import time
from pathlib import Path

import pytest

from weighin.engine.errors import ModelFileError
from weighin.engine.gguf.architectures import ARCHITECTURES, Dimensions
from weighin.engine.gguf.header import GgufHeader, HeaderError, NeedMoreError, parse_header
from weighin.engine.gguf.hollow import build_hollow
from weighin.engine.gguf.rewrite import (
    layer_bytes,
    layer_period,
    layer_subset,
    merged_header,
    number_array,
)
from weighin.engine.gguf.synthesize import synthesize_header
from weighin.engine.gguf.tiny import write_tiny_model
from weighin.engine.plan.model import Settings
from weighin.engine.worker.protocol import Loaded, LoadModel, MeasureSpeed, SpeedDone
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


def table(header: GgufHeader) -> dict[str, tuple[tuple[int, ...], str]]:
    return {tensor.name: (tensor.shape, tensor.type) for tensor in header.tensors}


@pytest.mark.parametrize("arch", ["llama", "gemma3", "olmo2", "apertus", "lfm2"])
async def test_a_part_of_the_layers_runs(tmp_path: Path, arch: str) -> None:
    assert arch in ARCHITECTURES
    part = layer_subset(deep(arch), 6)
    header = parse_header(part)
    assert header.n_layer == 6
    assert len(layer_bytes(header)) == 6
    hollow = build_hollow(part, tmp_path / "part.gguf")
    worker = Worker(arch, logs=tmp_path)
    await worker.start()
    try:
        settings = Settings(n_ctx=256, n_threads=1)
        loaded = await worker.ask(LoadModel(path=str(hollow.path), settings=settings, prompt_style="plain"))
        assert isinstance(loaded, Loaded)
        done = await worker.ask(MeasureSpeed(kind="generation", n_tokens=2, depth=200))
        assert isinstance(done, SpeedDone)
    finally:
        await worker.kill()


def test_the_layers_taken_are_of_typical_size_and_the_rest_stays() -> None:
    whole = parse_header(deep("llama"))
    part = parse_header(layer_subset(deep("llama"), 3))
    mean = sum(layer_bytes(whole)) / 24
    assert sum(layer_bytes(part)) == pytest.approx(3 * mean, rel=0.05)
    # while the first three are all larger
    assert sum(layer_bytes(whole)[:3]) > 3 * mean * 1.05
    kept = {name: row for name, row in table(part).items() if not name.startswith("blk.")}
    assert kept == {name: row for name, row in table(whole).items() if not name.startswith("blk.")}
    assert part.metadata["general.file_type"] == whole.metadata["general.file_type"]


def test_a_run_begins_where_the_kinds_of_layers_do() -> None:
    assert layer_period(parse_header(deep("llama"))) == 1
    assert layer_period(parse_header(deep("gemma3"))) == 6
    assert layer_period(parse_header(deep("olmo2"))) == 4


@pytest.mark.parametrize("count", [0, 24, 30])
def test_no_part_is_no_part(count: int) -> None:
    with pytest.raises(ModelFileError, match="24 layers"):
        layer_subset(deep("llama"), count)


def split(data: bytes, count: int) -> list[bytes]:
    """The header of a tiny model as ``llama-gguf-split`` would cut it: all keys in the first part."""
    header = parse_header(data)

    def key(name: str, value: int) -> bytes:
        return struct.pack("<Q", len(name)) + name.encode() + struct.pack("<IH", 2, value)

    def row(name: str, shape: tuple[int, ...], offset: int) -> bytes:
        return (
            struct.pack("<Q", len(name)) + name.encode() + struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
            + struct.pack("<IQ", 0, offset)
        )  # fmt: skip

    keys_at = 24
    whole = layer_free_keys(data, header)
    parts = []
    for number in range(count):
        rows, offset = [], 0
        for tensor in header.tensors[number::count]:
            rows.append(row(tensor.name, tensor.shape, offset))
            offset += -(-tensor.size_bytes // 32) * 32
        own = key("split.no", number) + key("split.count", count)
        keys = own + (data[keys_at : whole[0]] if number == 0 else b"")
        head = struct.pack("<IQQ", 3, len(rows), 2 + (whole[1] if number == 0 else 0))
        part = b"GGUF" + head + keys + b"".join(rows)
        parts.append(part.ljust(-(-len(part) // 32) * 32, b"\0"))
    return parts


def layer_free_keys(data: bytes, header: GgufHeader) -> tuple[int, int]:
    """Where the keys end, and how many there are."""
    first = header.tensors[0].name.encode()
    return data.index(struct.pack("<Q", len(first)) + first), len(header.metadata)


@pytest.mark.parametrize("count", [2, 3])
def test_the_parts_of_a_split_model_make_one_header(tmp_path: Path, count: int) -> None:
    write_tiny_model(tmp_path / "whole.gguf")
    data = (tmp_path / "whole.gguf").read_bytes()
    whole = parse_header(data)
    parts = split(data[: whole.data_offset], count)
    assert parse_header(parts[0]).split_count == count
    merged = parse_header(merged_header(parts))
    assert table(merged) == table(whole)
    assert merged.metadata == whole.metadata
    assert merged.split_count == 1
    with pytest.raises(ModelFileError, match="same tensor"):
        merged_header([parts[0], parts[0]])


_NUMBERS = (0, 1, 2, 255, 65_535, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63, 2**64 - 1)


@pytest.mark.parametrize("arch", ["gemma3", "lfm2"])
def test_headers_that_pass_for_sound_break_nothing(arch: str) -> None:
    sound, rng = deep(arch), random.Random(5)
    outcomes = {"refused": 0, "done": 0}
    for _ in range(300):
        changed = bytearray(sound)
        at = rng.randrange(24, 2000)
        if rng.random() < 0.5:
            changed[at : at + 4] = struct.pack("<I", rng.choice(_NUMBERS) & 0xFFFFFFFF)
        else:
            changed[at] ^= 1 << rng.randrange(8)
        try:
            header = parse_header(bytes(changed))
        except (HeaderError, NeedMoreError):
            continue
        start = time.process_time()
        try:
            layer_bytes(header)
            number_array(bytes(changed), f"{arch}.attention.head_count_kv")
            parse_header(layer_subset(bytes(changed), 6))
            merged_header([bytes(changed)])
            outcomes["done"] += 1
        except ModelFileError:
            outcomes["refused"] += 1
        assert time.process_time() - start < 20  # milliseconds, unless a number in the header sets how long
    assert all(outcomes.values()), outcomes


def test_absurd_layer_counts_are_refused() -> None:
    key = b"llama.block_count" + struct.pack("<I", 4)
    at = deep("llama").index(key) + len(key)
    data = bytearray(deep("llama"))
    data[at : at + 4] = struct.pack("<I", 2**32 - 1)
    with pytest.raises(ModelFileError, match="4,294,967,295 layers"):
        layer_bytes(parse_header(bytes(data)))
