"""Ollama's stores: names as ``ollama list`` prints them, what cannot be used, what is not the same."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.errors import WeighinError
from weighin.engine.models.local import find_local_models, stored_at
from weighin.engine.models.ollama import find_ollama, parse_name
from weighin.engine.models.references import parse
from weighin.engine.models.resolve import LocalPath, resolve

DEFAULT = "registry.ollama.ai/library"


class Store:
    """An Ollama store in a folder."""

    def __init__(self, folder: Path, *, mark: str = "-") -> None:
        self.folder = folder
        self.env = {"HOME": str(folder / "home"), "OLLAMA_MODELS": str(folder)}
        self._mark = mark

    def blob(self, content: bytes) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        path = self.folder / f"blobs/sha256{self._mark}{digest}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return {"digest": f"sha256:{digest}", "size": len(content)}

    def add(self, where: str, *layers: tuple[str, bytes], **config: str) -> Path:
        manifest = self.folder / "manifests" / where
        manifest.parent.mkdir(parents=True, exist_ok=True)
        rows = [{"mediaType": f"application/vnd.ollama.image.{kind}", **self.blob(data)} for kind, data in layers]
        manifest.write_text(json.dumps({"config": self.blob(json.dumps(config).encode()), "layers": rows}))
        return manifest

    def names(self) -> dict[str, str | None]:
        return {model.name: model.problem for model in find_ollama(env=self.env)}

    def resolve(self, name: str) -> LocalPath:
        found = resolve(parse(name), env=self.env)
        assert isinstance(found, LocalPath)
        return found


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


MODEL = ("model", b"GGUF one")


@pytest.mark.parametrize(
    ("where", "printed", "also"),
    [
        (f"{DEFAULT}/tiny/latest", "tiny:latest", ["tiny", "TINY", "library/tiny", f"{DEFAULT}/tiny:latest"]),
        ("registry.ollama.ai/someone/tiny/1b", "someone/tiny:1b", ["registry.ollama.ai/someone/tiny:1b"]),
        (
            "hf.co/some-owner/Tiny/Q4_K_M",
            "hf.co/some-owner/Tiny:Q4_K_M",
            ["hf.co/SOME-owner/tiny:q4_k_m"],
        ),
        (
            "hf.co/some-owner/Tiny/latest",
            "hf.co/some-owner/Tiny:latest",
            ["https://hf.co/some-owner/Tiny"],
        ),
        ("my.registry/library/tiny/latest", "my.registry/library/tiny:latest", ["my.registry/library/tiny"]),
        ("localhost:5000/ns/tiny/1.5b-q4", "localhost:5000/ns/tiny:1.5b-q4", []),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="a colon cannot be in a file name")
def test_a_model_is_found_by_the_name_that_ollama_prints(
    store: Store, where: str, printed: str, also: list[str]
) -> None:
    store.add(where, MODEL)
    assert store.names() == {printed: None}
    for name in (printed, *also):
        found = store.resolve(f"ollama:{name}")
        assert found.stored == find_ollama(env=store.env)[0]
        assert found.title == printed


@given(st.text(max_size=40))
def test_any_text_is_a_name_or_none(text: str) -> None:
    name = parse_name(text)
    assert name is None or parse_name(str(name)) == name


def test_names_of_other_hosts_and_owners_are_not_mixed_up(store: Store) -> None:
    store.add(f"{DEFAULT}/tiny/latest", ("model", b"GGUF own"))
    store.add("my.registry/library/tiny/latest", ("model", b"GGUF other host"))
    store.add("registry.ollama.ai/someone/tiny/latest", ("model", b"GGUF other owner"))
    assert store.resolve("ollama:tiny").path.read_bytes() == b"GGUF own"
    assert store.resolve("tiny").path.read_bytes() == b"GGUF own"
    assert store.resolve("ollama:someone/tiny").path.read_bytes() == b"GGUF other owner"
    assert store.resolve("ollama:my.registry/library/tiny").path.read_bytes() == b"GGUF other host"
    with pytest.raises(WeighinError, match="no model"):
        store.resolve("ollama:tiny:1b")


def test_every_name_of_one_file_exists(store: Store) -> None:
    for tag in ("latest", "3b", "3b-instruct-q4_K_M"):
        store.add(f"{DEFAULT}/llama3.2/{tag}", MODEL)
    names = ["llama3.2:3b", "llama3.2:3b-instruct-q4_K_M", "llama3.2:latest"]
    assert [model.name for model in find_local_models(env=store.env)] == names
    assert len({store.resolve(f"ollama:{name}").path for name in [*names, "llama3.2"]}) == 1


def test_blobs_of_old_versions_are_found(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("a colon cannot be in a file name")
    store = Store(tmp_path, mark=":")
    store.add(f"{DEFAULT}/tiny/latest", MODEL, file_type="Q4_K_M")
    (model,) = find_ollama(env=store.env)
    assert (model.problem, model.quant, model.path.name[:7]) == (None, "Q4_K_M", "sha256:")
    assert stored_at(model.path, env=store.env) == model


def test_what_file_managers_leave_among_manifests_is_passed_over(store: Store) -> None:
    manifest = store.add(f"{DEFAULT}/tiny/latest", MODEL)
    for junk in (".DS_Store", "._latest", "Thumbs.db", "desktop.ini", "latest~"):
        manifest.with_name(junk).write_bytes(b"\0\5\x16\7")
    (store.folder / "manifests/.DS_Store").write_bytes(b"x")
    (store.folder / "manifests/registry.ollama.ai/stray").write_bytes(b"x")
    deep = manifest.parent / "deeper/still"
    deep.mkdir(parents=True)
    (deep / "x").write_bytes(b"x")
    assert store.names() == {"tiny:latest": None}


def test_models_that_cannot_be_used_are_listed_with_the_reason(store: Store) -> None:
    store.add(f"{DEFAULT}/cloud/latest", remote_host="https://ollama.com:443", remote_model="big")
    store.add(f"{DEFAULT}/tensors/latest", ("tensor", b"0"), ("json", b"{}"), model_format="safetensors")
    store.add(f"{DEFAULT}/bot/latest", MODEL, ("adapter", b"GGUF lora"))
    store.add(f"{DEFAULT}/two/latest", MODEL, ("model", b"GGUF two"))
    store.add(f"{DEFAULT}/none/latest", ("license", b"MIT"))
    store.add(f"{DEFAULT}/torn/latest").write_text('{"layers": [')
    reasons = {"cloud": "cloud", "tensors": "safetensors", "bot": "adapter", "two": "2 files", "none": "no GGUF file"}
    for name, reason in (reasons | {"torn": "cannot be read"}).items():
        assert reason in (store.names()[f"{name}:latest"] or ""), name
        with pytest.raises(WeighinError, match=reason):
            store.resolve(f"ollama:{name}")


def test_what_ollama_adds_to_a_file_is_known(store: Store) -> None:
    parts = [("template", b"{{ .Prompt }}"), ("system", b"Be brief."), ("messages", b"[]")]
    store.add(f"{DEFAULT}/bot/latest", MODEL, *parts, ("params", b'{"temperature": 0.1, "stop": ["Q:"], "num_ctx": 8}'))
    store.add(f"{DEFAULT}/plain/latest", MODEL, ("license", b"MIT"), ("params", b'{"num_ctx": 8}'))
    bot, plain = find_ollama(env=store.env)
    assert bot.unused == ("template", "system prompt", "messages", "parameter stop", "parameter temperature")
    assert plain.unused == ()
    # The file alone is the model that adds the least.
    assert stored_at(plain.path, env=store.env) == plain


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are made with POSIX calls")
def test_pipes_in_a_store_are_not_opened(store: Store) -> None:
    manifest = store.add(f"{DEFAULT}/tiny/latest", MODEL)
    os.mkfifo(manifest.with_name("pipe"))
    config = json.loads(manifest.read_text())["config"]["digest"].replace(":", "-")
    (store.folder / "blobs" / config).unlink()
    os.mkfifo(store.folder / "blobs" / config)
    assert store.names()["tiny:latest"] is None
    assert "cannot be read" in (store.names()["tiny:pipe"] or "")
