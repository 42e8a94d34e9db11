"""Finding models in folders and in the stores of other programs."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from weighin.engine.hub.errors import LocalStoreError
from weighin.engine.models.local import find_in_folder, find_local_models, find_ollama


def write(path: Path, data: bytes = b"GGUF....") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_models_in_a_folder_are_listed(tmp_path: Path) -> None:
    write(tmp_path / "a-Q4_0.gguf")
    write(tmp_path / "sub/b-Q8_0-00001-of-00002.gguf")
    write(tmp_path / "sub/b-Q8_0-00002-of-00002.gguf")
    write(tmp_path / "sub/mmproj-b.gguf")
    write(tmp_path / "c-F16-00002-of-00003.gguf")
    write(tmp_path / "d.gguf", b"<html>not found</html>")
    write(tmp_path / "e.gguf", b"")
    write(tmp_path / "notes.txt")
    found = {model.name: model for model in find_in_folder(tmp_path)}
    assert set(found) == {"a-Q4_0", "b-Q8_0", "c-F16", "d", "e"}
    assert (found["a-Q4_0"].quant, found["a-Q4_0"].size_bytes, found["a-Q4_0"].problem) == ("Q4_0", 8, None)
    assert (found["b-Q8_0"].size_bytes, found["b-Q8_0"].path.name) == (16, "b-Q8_0-00001-of-00002.gguf")
    assert "2 of 3 parts" in (found["c-F16"].problem or "")
    assert "not a GGUF" in (found["d"].problem or "")
    assert "empty" in (found["e"].problem or "")


def test_paths_that_are_not_folders_are_errors(tmp_path: Path) -> None:
    with pytest.raises(LocalStoreError, match="no folder"):
        find_in_folder(tmp_path / "missing")
    with pytest.raises(LocalStoreError, match="is not a folder"):
        find_in_folder(write(tmp_path / "file.gguf"))


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="this user may read everything")
def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0)
    try:
        with pytest.raises(LocalStoreError, match="cannot be read"):
            find_in_folder(locked)
        (entry,) = find_in_folder(tmp_path)
        assert "cannot be read" in (entry.problem or "")
    finally:
        locked.chmod(0o700)


def test_a_broken_link(tmp_path: Path) -> None:
    (tmp_path / "gone-Q4_0.gguf").symlink_to(tmp_path / "nowhere")
    (entry,) = find_in_folder(tmp_path)
    assert "broken link" in (entry.problem or "")


def ollama_store(root: Path) -> None:
    digest, config = "a" * 64, "b" * 64
    write(root / f"blobs/sha256-{digest}")
    write(root / f"blobs/sha256-{config}", json.dumps({"file_type": "Q4_K_M"}).encode())
    layers = [
        {"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:" + "c" * 64},
        {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}", "size": 8},
    ]
    manifest = {"config": {"digest": f"sha256:{config}"}, "layers": layers}
    write(root / "manifests/registry.ollama.ai/library/llama3.2/1b", json.dumps(manifest).encode())
    layers[1] = {"mediaType": layers[1]["mediaType"], "digest": "sha256:../../etc/passwd"}
    write(root / "manifests/registry.ollama.ai/someone/evil/latest", json.dumps(manifest).encode())
    write(root / "manifests/registry.ollama.ai/library/torn/latest", b'{"layers": [')
    write(root / "manifests/registry.ollama.ai/library/gone/latest", json.dumps(
        {"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:" + "d" * 64}]}
    ).encode())  # fmt: skip


def test_models_in_ollamas_store_are_listed(tmp_path: Path) -> None:
    ollama_store(tmp_path)
    found = {model.name: model for model in find_ollama(env={"OLLAMA_MODELS": str(tmp_path)})}
    good = found["llama3.2:1b"]
    assert (good.quant, good.size_bytes, good.source, good.problem) == ("Q4_K_M", 8, "ollama", None)
    assert good.path == tmp_path / ("blobs/sha256-" + "a" * 64)
    assert "names no blob" in (found["someone/evil:latest"].problem or "")
    assert "cannot be read" in (found["torn:latest"].problem or "")
    assert found["gone:latest"].problem is not None


def test_all_stores_and_each_file_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    ollama_store(home / ".ollama/models")
    lm = write(home / ".lmstudio/models/owner/repo/x-Q4_0.gguf")
    write(home / ".cache/lm-studio/models/owner/repo/old-Q4_0.gguf")
    blob = write(home / ".cache/huggingface/hub/models--o--r/blobs/" / Path("e" * 64))
    pointer = home / ".cache/huggingface/hub/models--o--r/snapshots/abc/y-Q8_0.gguf"
    pointer.parent.mkdir(parents=True)
    pointer.symlink_to(os.path.relpath(blob, pointer.parent))
    found = find_local_models([lm.parent], env={"HOME": str(home)})
    assert [(m.name, m.source) for m in found if m.problem is None] == [
        ("x-Q4_0", "folder"),
        ("llama3.2:1b", "ollama"),
        ("old-Q4_0", "lm-studio"),
        ("y-Q8_0", "hub-cache"),
    ]


def test_a_machine_without_any(tmp_path: Path) -> None:
    assert find_local_models(env={"HOME": str(tmp_path), "OLLAMA_MODELS": str(tmp_path / "none")}) == ()
