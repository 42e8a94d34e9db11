"""How to run the winner: by the program that has it, and safely whatever its name."""

from __future__ import annotations

import shlex

from weighin.engine.events.notes import StoreSettingsUnused
from weighin.engine.judging.notes_text import note_text
from weighin.engine.judging.wording import commands
from weighin.engine.plan.model import Candidate, Plan


def commands_of(path: str, *, model_id: str = "a", store: str = "") -> dict[str, str]:
    return commands(Candidate(id=model_id, path=path, name="A", store=store), Plan())


def test_a_model_of_ollamas_store_is_run_there_by_its_own_name() -> None:
    found = commands_of("/blobs/sha256-0", store="ollama:hf.co/owner/repo:Q4_K_M")
    assert list(found) == ["ollama", "llama-server"]
    assert found["ollama"] == "ollama run hf.co/owner/repo:Q4_K_M"


def test_a_model_of_lm_studio_is_loaded_there_by_its_path_in_the_store() -> None:
    found = commands_of("/m/owner/re po/x.gguf", store="lm-studio:owner/re po/x.gguf")
    words = shlex.split(found["LM Studio"])
    assert words == ["lms", "load", "--exact", "owner/re po/x.gguf", "--context-length", str(Plan().settings.n_ctx)]


def test_the_parts_of_a_split_model_are_merged_before_ollama_reads_them() -> None:
    words = shlex.split(commands_of("/m/my x-Q8_0-00001-of-00002.gguf")["ollama"])
    assert words[:4] == ["llama-gguf-split", "--merge", "/m/my x-Q8_0-00001-of-00002.gguf", "my x-Q8_0.gguf"]
    assert "FROM ./my x-Q8_0.gguf" in words
    assert "llama-gguf-split" not in commands_of("/m/x-Q8_0.gguf")["ollama"]


def test_a_name_is_one_word_of_the_shell() -> None:
    for found in (commands_of("/m/x.gguf", model_id="a; touch X #"), commands_of("/b", store="ollama:a; touch X #")):
        assert "touch" not in shlex.split(found["ollama"])
        assert any("touch" in word for word in shlex.split(found["ollama"]))


def test_what_ollama_adds_is_told_in_one_sentence() -> None:
    parts = ("template", "system prompt", "parameter stop", "parameter temperature")
    assert note_text(StoreSettingsUnused(store="ollama:bot:latest", parts=parts)) == (
        "measured without Ollama's own template, system prompt and parameters (stop, temperature),"
        " so answers in Ollama can differ."
    )
    assert "own system prompt, so" in note_text(StoreSettingsUnused(store="ollama:b:1", parts=("system prompt",)))
