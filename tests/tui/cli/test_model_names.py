"""Every command reads model names in the same way."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.command_line import refusal

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("run", "-m"),
    ("bench",),
    ("fit",),
    ("pull",),
    ("license",),
    ("models",),
)


@pytest.fixture(autouse=True)
def _nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "ollama"))


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_model_is_the_same_sentence_in_every_command(command: tuple[str, ...]) -> None:
    assert "There is no model named 'nosuch'." in refusal(*command, "nosuch")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_suggests_the_closest_model(command: tuple[str, ...]) -> None:
    error = refusal(*command, "qwen3-17b")
    assert "There is no model named 'qwen3-17b'." in error
    assert "Did you mean qwen3-1.7b?" in error


@pytest.mark.parametrize("command", COMMANDS[:-1])
@pytest.mark.parametrize("path", ["missing.gguf", "folder/missing.gguf", "./missing"])
def test_a_missing_file_is_the_same_sentence_in_every_command(command: tuple[str, ...], path: str) -> None:
    assert f"There is no file or folder {path}." in refusal(*command, path)


@pytest.mark.parametrize("command", COMMANDS[:-1])
def test_a_name_in_another_programs_store_is_looked_for_by_every_command(command: tuple[str, ...]) -> None:
    assert "There is no model named 'ollama:nosuch'." in refusal(*command, "ollama:nosuch")


def test_a_misspelled_license_is_suggested_too() -> None:
    assert "Did you mean apache-2.0?" in refusal("license", "apach-2.0")
