"""Finding models in folders and in the stores of other programs."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from fixtures.gguf_files import write_gguf

from weighin.engine.hub.cache import cached_from
from weighin.engine.hub.errors import LocalStoreError
from weighin.engine.models.local import find_in_folder, find_lm_studio, find_local_models, inspected, stored_at
from weighin.engine.models.ollama import find_ollama


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
    assert set(found) == {"a-Q4_0", "b-Q8_0", "c-F16", "d", "e", "mmproj-b"}
    assert (found["a-Q4_0"].quant, found["a-Q4_0"].size_bytes, found["a-Q4_0"].problem) == ("Q4_0", 8, None)
    assert (found["b-Q8_0"].size_bytes, found["b-Q8_0"].path.name) == (16, "b-Q8_0-00001-of-00002.gguf")
    assert "2 of 3 parts" in (found["c-F16"].problem or "")
    assert "web page" in (found["d"].problem or "")
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


def test_a_look_at_the_header_tells_the_quant_and_what_is_no_model(tmp_path: Path) -> None:
    write_gguf(tmp_path / "plain.gguf", keys={"general.file_type": 15})
    write_gguf(tmp_path / "vision.gguf", "clip", tensors=["v.patch_embd.weight"])
    plain, vision = map(inspected, find_in_folder(tmp_path))
    assert (plain.quant, plain.problem) == ("Q4_K_M", None)
    assert "projector" in (vision.problem or "")


def test_lm_studios_folders_are_found_wherever_they_were_moved(tmp_path: Path) -> None:
    home, disk, moved = tmp_path / "home", tmp_path / "disk", tmp_path / "moved"
    write(disk / "owner/repo/on-disk.gguf")
    write(moved / "models/owner/repo/moved.gguf")
    write(home / ".lmstudio/models/owner/repo/default.gguf")
    write(home / ".lmstudio/settings.json", json.dumps({"downloadsFolder": str(disk)}).encode())
    write(home / ".cache/lm-studio/models/owner/repo/old.gguf")
    write(home / ".lmstudio-home-pointer", f"{moved}\n".encode())
    (home / ".lmstudio/models/linked-owner").symlink_to(write(tmp_path / "far/repo/linked.gguf").parent.parent)
    found = {model.name: model for model in find_lm_studio(env={"HOME": str(home)})}
    assert set(found) == {"on-disk", "moved", "default", "old", "linked"}
    assert found["moved"].reference == "lm-studio:owner/repo/moved.gguf"
    assert found["linked"].reference == "lm-studio:linked-owner/repo/linked.gguf"
    stored = stored_at(found["on-disk"].path, env={"HOME": str(home)})
    assert stored is not None
    assert stored.reference == "lm-studio:owner/repo/on-disk.gguf"


@pytest.mark.parametrize("settings", [b"{", b"[]", b'{"downloadsFolder": 5}', b'{"downloadsFolder": "/no\\u0000/x"}'])
def test_settings_of_lm_studio_that_cannot_be_read_mean_the_usual_folder(tmp_path: Path, settings: bytes) -> None:
    write(tmp_path / ".lmstudio/settings.json", settings)
    write(tmp_path / ".lmstudio-home-pointer", b"")
    write(tmp_path / ".lmstudio/models/owner/repo/x.gguf")
    assert [model.name for model in find_lm_studio(env={"HOME": str(tmp_path)})] == ["x"]


def test_a_store_says_nothing_of_the_projector_beside_a_model(tmp_path: Path) -> None:
    write(tmp_path / ".lmstudio/models/o/r/mmproj-x.gguf")
    write(tmp_path / ".lmstudio/models/o/r/x.gguf")
    write(tmp_path / ".lmstudio/models/o/r/y.gguf.part")
    found = find_lm_studio(env={"HOME": str(tmp_path)})
    assert [(model.path.name, model.problem is None) for model in found] == [("x.gguf", True), ("y.gguf.part", False)]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and loops of links are made with POSIX calls")
def test_pipes_and_loops_of_links_are_told_and_not_opened(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").symlink_to(tmp_path / "b.gguf")
    (tmp_path / "b.gguf").symlink_to(tmp_path / "a.gguf")
    os.mkfifo(tmp_path / "pipe.gguf")
    problems = [model.problem or "" for model in find_local_models([tmp_path], env={"HOME": str(tmp_path / "home")})]
    assert sum("cannot be opened" in problem for problem in problems) >= 1
    assert sum("not a regular file" in problem for problem in problems) == 1
    assert cached_from(tmp_path / "a.gguf") is None


def test_a_machine_without_any(tmp_path: Path) -> None:
    assert find_local_models(env={"HOME": str(tmp_path), "OLLAMA_MODELS": str(tmp_path / "none")}) == ()
