"""`weighin bench`: refused model files, and its events as JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from fixtures.command_line import call, refusal


def test_a_missing_file_is_refused() -> None:
    assert "There is no file or folder /nowhere/model.gguf" in refusal("bench", "/nowhere/model.gguf")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").touch()
    assert "is empty" in refusal("bench", str(tmp_path / "m.gguf"))


def test_a_file_that_is_not_a_gguf_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_text("hello " * 100)
    assert "not a GGUF file" in refusal("bench", str(tmp_path / "m.gguf"))


@pytest.mark.parametrize("share", [0.01, 0.3, 0.99])
def test_a_truncated_gguf_is_refused(tmp_path: Path, tiny_models: list[Path], share: float) -> None:
    data = tiny_models[0].read_bytes()
    (tmp_path / "m.gguf").write_bytes(data[: int(len(data) * share)])
    assert "truncated" in refusal("bench", str(tmp_path / "m.gguf"))


def test_impossible_counts_in_a_header_are_refused(tmp_path: Path, tiny_models: list[Path]) -> None:
    data = bytearray(tiny_models[0].read_bytes())
    data[8:16] = (2**60).to_bytes(8, "little")
    (tmp_path / "m.gguf").write_bytes(data)
    assert "which is impossible" in refusal("bench", str(tmp_path / "m.gguf"))


def test_an_unsupported_architecture_is_refused(tmp_path: Path, tiny_models: list[Path]) -> None:
    data = tiny_models[0].read_bytes().replace(b"llama", b"zzama")
    (tmp_path / "m.gguf").write_bytes(data)
    assert "architecture 'zzama'" in refusal("bench", str(tmp_path / "m.gguf"))


def test_a_model_larger_than_memory_is_refused(tmp_path: Path, tiny_models: list[Path]) -> None:
    huge = tmp_path / "huge.gguf"
    huge.write_bytes(tiny_models[0].read_bytes())
    with huge.open("r+b") as file:
        file.truncate(2**43)  # a sparse file: 8 TiB that take no room
    assert "this machine can use only" in refusal("bench", str(huge))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may read everything")
def test_an_unreadable_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0)
    try:
        assert "cannot be read" in refusal("bench", str(tmp_path))
    finally:
        tmp_path.chmod(0o700)


def test_a_folder_without_models_is_refused(tmp_path: Path) -> None:
    assert "no .gguf file" in refusal("bench", str(tmp_path))


def test_json_is_one_event_per_line_with_the_verdict_last(tiny_models: list[Path]) -> None:
    done = call("bench", str(tiny_models[0]), "--json", "-p", "16", "-n", "4", "-r", "2", "-c", "512")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["event"] == "RunStarted"
    assert lines[-1]["event"] == "VerdictReached"
    assert sum(line["event"] == "SpeedMeasured" and line["final"] for line in lines) == 4
