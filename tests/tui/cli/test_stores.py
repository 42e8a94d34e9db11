"""Models in stores and folders through the commands: what is taken, what is told."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from fixtures.command_line import QUICK_SPEED, Weighin
from fixtures.gguf_files import write_gguf
from fixtures.scripted_models import write_scripted_model


def add_to_ollama(home: Path, where: str, **layers: bytes) -> None:
    """Add a model to Ollama's store in ``home``; ``layers`` are by kind."""
    store = home / ".ollama/models"
    rows: list[dict[str, Any]] = []
    for kind, data in layers.items():
        digest = hashlib.sha256(data).hexdigest()
        blob = store / f"blobs/sha256-{digest}"
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(data)
        rows.append({"mediaType": f"application/vnd.ollama.image.{kind}", "digest": f"sha256:{digest}"})
    manifest = store / "manifests" / where
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text(json.dumps({"layers": rows}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one model and with files that are none."""
    folder = tmp_path / "models"
    folder.mkdir()
    write_scripted_model(folder / "good.gguf", "7")
    write_gguf(folder / "vision.gguf", "clip", tensors=["v.patch_embd.weight"])
    (folder / "page.gguf").write_text("<html>")
    (folder / "half.gguf.part").write_bytes(b"GGUF")
    return folder


def test_a_run_tells_what_it_left_out_and_runs_the_winner_where_it_is(
    weighin: Weighin, tmp_path: Path, folder: Path
) -> None:
    model = write_scripted_model(tmp_path / "bot.gguf", "42").read_bytes()
    add_to_ollama(tmp_path / "user", "hf.co/owner/bot/1b", model=model, system=b"Be brief.", params=b'{"stop":["x"]}')
    add_to_ollama(tmp_path / "user", "hf.co/owner/bot/adapted", model=model, adapter=b"GGUF")
    (tmp_path / "rows.jsonl").write_text("\n".join(json.dumps({"prompt": f"{n}?", "answer": "42"}) for n in range(8)))
    (tmp_path / "plan.toml").write_text(f"[consistency]\nitems = 0\n[speed]\n{QUICK_SPEED}")
    command = ("run", "plan.toml", "-d", "rows.jsonl", "-t", "1", "-c", "512", "--no-race")
    code, out, err = weighin(*command, "-m", "ollama:hf.co/owner/bot:1b", "-m", str(folder))
    assert code == 0, err
    skipped = [line for line in err.splitlines() if "Skipped" in line]
    assert len(skipped) == 3
    for name, reason in (("vision", "projector"), ("page", "web page"), ("half", "unfinished")):
        assert any(name in line and reason in line for line in skipped)
    assert "without Ollama's own system prompt and parameters (stop)" in " ".join(out.split())
    assert "ollama run hf.co/owner/bot:1b" in out
    code, _, err = weighin(*command, "-m", "ollama:hf.co/owner/bot:adapted")
    assert code == 2
    assert "adapter" in err


@pytest.mark.parametrize("command", ["run", "bench", "fit"])
def test_a_file_that_is_no_model_is_an_error_only_when_it_is_named_alone(
    weighin: Weighin, tmp_path: Path, folder: Path, command: str
) -> None:
    options = ("-m",) if command == "run" else ()
    (tmp_path / "broken.gguf").symlink_to("nowhere")
    for path, reason in (
        (folder / "vision.gguf", "is a projector"),
        (folder / "page.gguf", "is a web page"),
        (tmp_path / "broken.gguf", "is a broken link"),
    ):
        code, out, err = weighin(command, *options, str(path))
        assert code != 0
        assert reason in out + err
    (tmp_path / "none").mkdir()
    write_gguf(tmp_path / "none/embed.gguf", keys={"llama.pooling_type": 3})
    code, _, err = weighin(command, *options, str(tmp_path / "none"))
    assert code != 0
    assert "embedding model" in err


def test_the_license_of_a_folder_is_that_of_its_only_model(weighin: Weighin, tmp_path: Path) -> None:
    folder = tmp_path / "one"
    write_gguf(folder / "a.gguf", keys={"general.license": "mit"})
    (folder / "page.gguf").write_text("<html>")
    code, out, _ = weighin("license", str(folder))
    assert code == 0
    assert "a.gguf" in out
    write_gguf(folder / "b.gguf")
    code, _, err = weighin("license", str(folder))
    assert code == 2
    assert "has 2 models" in err


def test_local_names_strays_with_their_reasons_and_speaks_about_an_empty_folder(
    weighin: Weighin, tmp_path: Path, folder: Path
) -> None:
    lines = weighin("local", str(folder))[1].splitlines()
    assert len(lines) == 4
    assert [line for line in lines if "vision.gguf" in line and "projector" in line]
    assert [line for line in lines if "good.gguf" in line and "F32" in line]
    (tmp_path / "empty").mkdir()
    code, _, err = weighin("local", str(tmp_path / "empty"))
    assert code == 0
    assert f"There is no .gguf file in {tmp_path / 'empty'}." in err
