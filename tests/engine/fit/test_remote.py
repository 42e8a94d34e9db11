"""Models on the hub, measured from the first bytes of their files."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from weighin.engine.fit.measure import measure_fit
from weighin.engine.fit.norms import remote_norms
from weighin.engine.fit.source import FileSource, HubSource, named_source
from weighin.engine.gguf.architectures import Dimensions
from weighin.engine.gguf.header import parse_header
from weighin.engine.gguf.hollow import build_hollow, is_norm
from weighin.engine.gguf.synthesize import synthesize_header
from weighin.engine.hub.listing import list_repo
from weighin.engine.hub.remote import remote_header
from weighin.engine.plan.model import Settings

pytestmark = pytest.mark.usefixtures("own_hub_settings")

REPO = "owner/big-GGUF"
EIGHT_B = Dimensions(
    arch="llama", n_layer=32, n_embd=4096, n_ff=14336, n_head=32, n_head_kv=8, head_dim=128, n_vocab=128_256,
    n_ctx_train=131_072, rope="llama3",
)  # fmt: skip


def with_vocabulary(header: bytes, n_vocab: int) -> bytes:
    """The header with a vocabulary like a real file's, which is most of its bytes."""
    name = b"tokenizer.ggml.tokens"
    token = struct.pack("<Q", 40) + b"t" * 40
    field = struct.pack("<Q", len(name)) + name + struct.pack("<IIQ", 9, 8, n_vocab) + token * n_vocab
    tensors, keys = struct.unpack_from("<QQ", header, 8)
    longer = header[:8] + struct.pack("<QQ", tensors, keys + 1) + field + header[24:].rstrip(b"\0") + bytes(8)
    return longer.ljust(-(-len(longer) // 32) * 32, b"\0")


class Unseen:
    """A file that starts with ``start``, followed by zeros up to ``size``. Slices are made on demand."""

    def __init__(self, start: bytes, size: int) -> None:
        self._start, self._size = start, size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        first, last, _step = part.indices(self._size)
        return self._start[first:last].ljust(last - first, b"\0")

    def __radd__(self, before: bytes) -> bytes:
        return before


def sent_bytes(standin: Any) -> int:
    return sum(request.sent for request in standin.requests if request.port == "storage")


def test_the_header_of_an_8b_model_costs_little(standin: Any, make_hub: Callable[..., Any], tmp_path: Path) -> None:
    data = with_vocabulary(synthesize_header(EIGHT_B, "Q4_K_M"), EIGHT_B.n_vocab)
    header = parse_header(data)
    assert header.n_vocab == EIGHT_B.n_vocab
    assert header.data_offset > 5_000_000
    size = header.size_bytes
    assert size > 4.9e9
    standin.add(REPO, {"big-Q4_K_M.gguf": Unseen(data, size)}, wrong_sha="a" * 64)
    source = named_source(f"{REPO}:Q4_K_M", make_hub())
    assert isinstance(source, HubSource)
    assert parse_header(source.header()).tensors == header.tensors
    assert source.size_bytes() == size
    # the header, and the norms of one layer with the last one and the rotary factors
    norms = 3 * EIGHT_B.n_embd * 4 + EIGHT_B.head_dim // 2 * 4
    assert sum(len(values) for _name, values in source.norms) == norms
    assert header.data_offset <= sent_bytes(standin) - norms < 2 * header.data_offset
    assert sent_bytes(standin) < 0.03 * size
    with source.open(tmp_path) as (path, label):
        assert path.stat().st_size == size
        assert label == "measured (hollow)"


async def test_a_split_model_is_measured_from_the_headers_of_its_parts(
    standin: Any, make_hub: Callable[..., Any], tiny_split: dict[str, bytes], tmp_path: Path
) -> None:
    padded = {name.replace("part-F32", "part-Q8_0"): data + bytes(2_000_000) for name, data in tiny_split.items()}
    standin.add(REPO, padded)
    source = named_source(f"{REPO}:Q8_0", make_hub())
    assert isinstance(source, HubSource)
    assert source.size_bytes() == sum(map(len, padded.values()))
    assert sent_bytes(standin) <= len(padded) * 256 * 2**10 + 2**10
    fit = await measure_fit(source, Settings(n_ctx=256, n_threads=1))
    assert (fit.problem, fit.label) == ("", "measured (hollow)")
    for name, data in tiny_split.items():
        (tmp_path / name).write_bytes(data)
    local = FileSource(tmp_path / min(tiny_split))
    assert parse_header(local.header()).tensors == parse_header(source.header()).tensors
    assert build_hollow(local.header(), tmp_path / "whole.gguf").header.split_count == 1


@pytest.mark.parametrize("damage", ["hostile", "text", "cut"])
def test_an_invalid_header_gives_one_sentence(standin: Any, make_hub: Callable[..., Any], damage: str) -> None:
    from weighin.engine.errors import WeighinError

    sound = synthesize_header(EIGHT_B, "Q4_K_M")
    data = {
        "hostile": b"GGUF" + struct.pack("<IQQ", 3, 2**60, 1) + bytes(1000),
        "text": b"<html>no such page</html>" * 100,
        "cut": sound[:3000],
    }[damage]
    standin.add(REPO, {"big-Q4_K_M.gguf": data})
    with pytest.raises(WeighinError) as caught:
        named_source(f"{REPO}:Q4_K_M", make_hub())
    assert REPO in caught.value.what
    assert caught.value.hint


def test_norms_come_from_the_model(
    standin: Any, make_hub: Callable[..., Any], tiny_gguf: Callable[[int], bytes], tmp_path: Path
) -> None:
    data = bytearray(tiny_gguf(1))
    header = parse_header(bytes(data))
    norms = [tensor for tensor in header.tensors if is_norm(tensor)]
    assert len(norms) == 5
    for tensor in norms:
        at = header.data_offset + tensor.offset
        data[at : at + tensor.size_bytes] = struct.pack("<f", 0.5) * tensor.shape[0]
    standin.add(REPO, {"tiny-F32.gguf": bytes(data)})
    hub = make_hub()
    source = named_source(f"{REPO}:F32", hub)
    assert isinstance(source, HubSource)
    assert {name for name, _values in source.norms} == {"output_norm.weight", "attn_norm.weight", "ffn_norm.weight"}
    with source.open(tmp_path) as (path, _label):
        hollow = path.read_bytes()
    for tensor in norms:
        at = header.data_offset + tensor.offset
        assert hollow[at : at + tensor.size_bytes] == data[at : at + tensor.size_bytes]
    asked = len(standin.seen("storage"))
    assert named_source(f"{REPO}:F32", hub) == source
    assert len(standin.seen("storage")) == asked


def test_a_header_without_norms_is_enough(
    standin: Any, make_hub: Callable[..., Any], tiny_gguf: Callable[[int], bytes]
) -> None:
    standin.add(REPO, {"tiny-F32.gguf": tiny_gguf(1) + bytes(1_000_000)})
    hub = make_hub()
    repo = list_repo(hub, REPO)
    header = remote_header(hub, repo, repo.models[0])
    standin.fault("status", status=404, times=100)
    assert remote_norms(hub, repo, repo.models[0].parts[0], header) == {}
