"""What a GGUF file is, from its header."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.gguf_files import TEXT_TENSORS, write_gguf

from weighin.assets import asset
from weighin.engine.errors import ModelFileError
from weighin.engine.gguf.header import check_file, parse_header
from weighin.engine.gguf.kinds import other_than_text
from weighin.engine.toml import loads

LORA = ("blk.0.attn_q.weight.lora_a", "blk.0.attn_q.weight.lora_b")
IMATRIX = ("blk.0.attn_q.weight.in_sum2", "blk.0.attn_q.weight.counts")
HEAD = ("blk.28.nextn.eh_proj.weight", "blk.28.attn_q.weight", "token_embd.weight", "output_norm.weight")


@pytest.mark.parametrize(
    ("architecture", "keys", "tensors", "kind"),
    [
        ("qwen3", {"qwen3.pooling_type": 3}, TEXT_TENSORS, "embedding"),
        ("llama", {"llama.pooling_type": 1}, TEXT_TENSORS, "embedding"),
        ("qwen3", {"qwen3.attention.causal": False}, TEXT_TENSORS, "embedding"),
        ("gemma-embedding", {}, TEXT_TENSORS, "embedding"),
        ("gemma3", {}, (*TEXT_TENSORS, "dense_2.weight"), "embedding"),
        ("bert", {"bert.pooling_type": 2, "bert.attention.causal": False}, TEXT_TENSORS, "embedding"),
        ("bert", {}, TEXT_TENSORS, "encoder"),
        ("t5encoder", {}, TEXT_TENSORS, "encoder"),
        ("qwen3", {"qwen3.pooling_type": 4}, TEXT_TENSORS, "reranker"),
        ("qwen3", {"qwen3.classifier.output_labels": ["yes", "no"]}, TEXT_TENSORS, "reranker"),
        ("jina-bert-v2", {}, (*TEXT_TENSORS, "cls.output.weight"), "reranker"),
        ("t5", {}, TEXT_TENSORS, "encoder-decoder"),
        ("dream", {"dream.attention.causal": False}, TEXT_TENSORS, "diffusion"),
        ("llada-moe", {"llada-moe.pooling_type": 1}, TEXT_TENSORS, "diffusion"),
        ("qwen2", {"diffusion.shift_logits": True}, TEXT_TENSORS, "diffusion"),
        ("wavtokenizer-dec", {}, TEXT_TENSORS, "speech"),
        ("llama", {}, (), "vocabulary"),
        ("bert", {}, (), "vocabulary"),
        ("llama", {"general.type": "adapter", "adapter.type": "lora"}, LORA, "adapter"),
        ("llama", {}, LORA, "adapter"),
        ("clip", {"general.type": "mmproj"}, ("v.patch_embd.weight",), "projector"),
        ("clip", {}, ("v.patch_embd.weight",), "projector"),
        ("llama", {}, ("mm.0.weight", "v.patch_embd.weight"), "projector"),
        ("", {"general.type": "imatrix"}, IMATRIX, "imatrix"),
        ("", {}, IMATRIX, "imatrix"),
        ("controlvector", {}, ("direction.1", "direction.2"), "control vector"),
        ("eagle3", {}, TEXT_TENSORS, "draft"),
        ("gemma4-assistant", {}, TEXT_TENSORS, "draft"),
        ("glm4moe", {}, HEAD, "draft"),
        ("flux", {}, ("double_blocks.0.img_attn.qkv.weight",), "foreign"),
        ("", {}, ("model.diffusion_model.input_blocks.0.0.weight",), "foreign"),
        ("gptoss", {}, TEXT_TENSORS, "foreign"),
        ("gemma3", {}, (*TEXT_TENSORS, "v.patch_embedding.weight"), "foreign"),
        ("whisper", {}, ("encoder.conv1.weight",), "foreign"),
        ("never-heard-of", {}, TEXT_TENSORS, "unknown"),
        ("", {}, TEXT_TENSORS, "unknown"),
    ],
)
def test_a_file_that_writes_no_text_is_named_for_what_it_is(
    tmp_path: Path,
    architecture: str,
    keys: dict[str, str | bool | int | list[str]],
    tensors: tuple[str, ...],
    kind: str,
) -> None:
    path = write_gguf(tmp_path / "x.gguf", architecture, keys=keys, tensors=tensors)
    header = parse_header(path.read_bytes())
    other = other_than_text(header.metadata, [tensor.name for tensor in header.tensors])
    assert other is not None
    assert other.kind == kind
    with pytest.raises(ModelFileError) as caught:
        check_file(path)
    assert caught.value.what == f"{path} is {other.what}."
    assert caught.value.hint


@pytest.mark.parametrize(
    ("architecture", "keys", "tensors"),
    [
        ("llama", {}, TEXT_TENSORS),
        ("qwen3", {"qwen3.pooling_type": 0, "general.type": "model"}, TEXT_TENSORS),
        ("lfm2", {"lfm2.attention.causal": True}, TEXT_TENSORS),
        ("glm4moe", {}, (*TEXT_TENSORS, "blk.2.nextn.eh_proj.weight", "blk.2.attn_q.weight")),
        ("qwen2vl", {}, TEXT_TENSORS),
        ("deepseek4", {}, TEXT_TENSORS),
    ],
)
def test_a_model_that_writes_text_is_accepted(
    tmp_path: Path, architecture: str, keys: dict[str, str | bool | int | list[str]], tensors: tuple[str, ...]
) -> None:
    assert check_file(write_gguf(tmp_path / "x.gguf", architecture, keys=keys, tensors=tensors)).tensors


def test_no_architecture_is_listed_twice_and_all_of_the_gguf_package_are_known() -> None:
    from gguf.constants import MODEL_ARCH_NAMES

    table = loads(asset("gguf", "architectures.toml").read_text(encoding="utf-8"))
    names = [name for part in ("kinds", "foreign") for names in table[part].values() for name in names]
    assert len(names) == len(set(names))
    assert set(MODEL_ARCH_NAMES.values()) <= set(names)


def test_an_architecture_that_a_newer_llama_cpp_may_know_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert other_than_text({"general.architecture": "new"}, TEXT_TENSORS) is not None
    monkeypatch.setattr("importlib.metadata.version", lambda _name: "0.4.0")
    assert other_than_text({"general.architecture": "new"}, TEXT_TENSORS) is None


@pytest.mark.parametrize(("number", "whose"), [(139, "ik_llama.cpp"), (36, "bitnet.cpp"), (31, "ARM"), (4, "Ollama")])
def test_a_tensor_type_of_another_program_is_named(tmp_path: Path, number: int, whose: str) -> None:
    path = write_gguf(tmp_path / "x.gguf", tensors=["token_embd.weight"])
    data = bytearray(path.read_bytes())
    at = data.index(b"token_embd.weight") + len("token_embd.weight") + 4 + 8
    data[at] = number
    path.write_bytes(data)
    with pytest.raises(ModelFileError, match=f"type {number}, .*{whose}"):
        check_file(path)


def test_the_quant_of_a_file_type_that_llama_cpp_guessed(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "x.gguf", keys={"general.file_type": 1024 + 15})
    assert check_file(path).quant == "Q4_K_M"
