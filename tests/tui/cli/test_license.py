"""`weighin license`: catalog names, license ids and GGUF files; verdicts in words and in JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fixtures.command_line import call, refusal


@pytest.mark.parametrize(
    ("arguments", "verdict", "reason"),
    [
        (["llama-3.1-8b-instruct", "--users", "800M"], "not allowed", "700 million"),
        (["llama-3.1-8b-instruct", "--users", "5M"], "allowed if", "§1.b.i"),
        (["llama-3.1-8b-instruct", "--users", "1,000", "--redistribute"], "allowed if", "names of derived models"),
        (["llama-3.1-8b-instruct:Q4_K_M", "--users", "800M"], "not allowed", "700 million"),
        (["hermes-3-llama-3.1-8b", "--train"], "not allowed", "comes from its base"),
        (["qwen2.5-3b-instruct", "--use", "research"], "allowed", "research or evaluation"),
        (["lfm2-1.2b", "--revenue", "$20M"], "not allowed", "USD 10 million"),
        (["hunyuan-7b-instruct", "--region", "FR"], "not allowed", "European Union"),
        (["gemma"], "allowed if", "Prohibited Use Policy"),
        (["apache-2.0", "--osi"], "allowed", "§2"),
        (["stablelm-2-1-6b-chat"], "unknown (treat as not allowed)", "terms are unknown"),
    ],
)
def test_the_verdict_and_its_reason_are_shown(arguments: list[str], verdict: str, reason: str) -> None:
    done = call("license", *arguments)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[0].partition(": ")[2].rstrip(":") == verdict
    assert reason in done.stdout
    assert "not legal advice" in done.stdout


def test_a_file_without_license_information_is_unknown(tiny_models: list[Path]) -> None:
    done = call("license", str(tiny_models[0]))
    assert done.exit_code == 0
    assert "unknown (treat as not allowed)" in done.stdout
    assert "neither in a LICENSE file nor in the file's header" in done.stdout


def test_a_file_without_a_suffix_is_read(tiny_models: list[Path], tmp_path: Path) -> None:
    """As they lie in Ollama's store."""
    (tmp_path / "sha256-abc").write_bytes(tiny_models[0].read_bytes())
    assert "unknown" in call("license", str(tmp_path / "sha256-abc")).stdout


def test_json_has_verdict_licenses_and_sources() -> None:
    report = json.loads(call("license", "ministral-8b-instruct-2410", "--json").stdout)
    assert report["verdict"]["type"] == "not-allowed"
    assert report["licenses"] == ["mrl"]
    assert "not legal advice" in report["disclaimer"]
    assert report["sources"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["llama-3.1-8b-instrct"], "Did you mean llama-3.1-8b-instruct"),
        (["/nowhere/model.gguf"], "no file"),
        (["phi-4", "--users", "many"], "--users is 'many', which is not a number of people"),
        (["phi-4", "--revenue", "lots"], "--revenue is 'lots', which is not a number of dollars"),
    ],
)
def test_bad_input_is_one_sentence(arguments: list[str], problem: str) -> None:
    assert problem in refusal("license", *arguments)


def test_a_file_that_is_not_a_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_text("hello " * 100)
    assert "not a GGUF file" in refusal("license", str(tmp_path / "m.gguf"))
