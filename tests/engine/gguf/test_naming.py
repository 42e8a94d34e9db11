"""Quants, split files and what counts as a model file."""

from __future__ import annotations

import pytest

from weighin.engine.gguf.naming import is_model_file, model_name, quant_of, split_of


@pytest.mark.parametrize(
    ("name", "quant"),
    [
        ("Llama-3.2-1B-Instruct-Q4_K_M.gguf", "Q4_K_M"),
        ("qwen2.5-0.5b-instruct-q4_k_m.gguf", "Q4_K_M"),
        ("gemma-3-1b-it-UD-Q4_K_XL.gguf", "UD-Q4_K_XL"),
        ("mistral.Q5_0.gguf", "Q5_0"),
        ("phi-IQ2_XXS.gguf", "IQ2_XXS"),
        ("Phi-3-mini-4k-instruct-fp16.gguf", "F16"),
        ("model.BF16.gguf", "BF16"),
        ("x-Q6_K-00001-of-00002.gguf", "Q6_K"),
        ("x-Q6_K_L.gguf", "Q6_K_L"),
        ("x-Q4_0_4_4.gguf", "Q4_0_4_4"),
        ("gpt-oss-MXFP4.gguf", "MXFP4"),
        ("x-NVFP4.gguf", "NVFP4"),
        ("x-FP32.gguf", "F32"),
        ("x-TQ1_0.gguf", "TQ1_0"),
        ("Q8_0/model.gguf", "Q8_0"),
        ("Qwen3-4B.gguf", ""),
        ("plain.gguf", ""),
        ("Q4_K_M-based-F16.gguf", "F16"),
    ],
)
def test_quants(name: str, quant: str) -> None:
    assert quant_of(name) == quant


def test_splits_and_kinds() -> None:
    assert split_of("a/b-Q4_0-00002-of-00010.gguf") == ("a/b-Q4_0", 2, 10)
    assert split_of("b-Q4_0.gguf") is None
    assert model_name("a/b-Q4_0-00002-of-00010.gguf") == "b-Q4_0"
    assert is_model_file("X-Q4_0.GGUF")
    assert not is_model_file("mmproj-model-f16.gguf")
    assert not is_model_file("model.safetensors")
