"""What MODEL means: the order of readings, what the cache has, and hints that lead on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fixtures.standin_hub import StandIn

from weighin.engine.hub import errors
from weighin.engine.hub.cache import cached_from
from weighin.engine.hub.client import RetryPolicy
from weighin.engine.hub.download import download_model
from weighin.engine.hub.listing import list_repo
from weighin.engine.models.references import (
    CatalogRef,
    RepoFileRef,
    RepoQuantRef,
    RepoRef,
    parse,
)
from weighin.engine.models.resolve import (
    CatalogEntry,
    LocalPath,
    RemoteModel,
    catalog_entry,
    find_on_hub,
    license_note,
    resolve,
)

REPO = "owner/some-GGUF"
LLAMA = ("bartowski/Llama-3.2-1B-Instruct-GGUF", "unsloth/Llama-3.2-1B-Instruct-GGUF")


@pytest.fixture
def env(tmp_path: Path) -> Any:
    return {"HOME": str(tmp_path / "user"), "OLLAMA_MODELS": str(tmp_path / "ollama")}


def studio_model(tmp_path: Path, name: str) -> Path:
    path = tmp_path / "user/.lmstudio/models/owner/repo" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"GGUF....")
    return path


def ollama_model(tmp_path: Path, name: str, tag: str, digit: str) -> Path:
    root = tmp_path / "ollama"
    blob = root / f"blobs/sha256-{digit * 64}"
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(b"GGUF....")
    manifest = root / f"manifests/registry.ollama.ai/library/{name}/{tag}"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digit * 64}"}
    manifest.write_text(json.dumps({"layers": [layer]}))
    return blob


def cache(hub: Any, standin: StandIn, repo: Any, name: Any, data: Any) -> Any:
    standin.add(repo, {name: data})
    listed = list_repo(hub, repo)
    return download_model(hub, listed, listed.models[0])


# What is meant


def test_the_order_of_readings(env: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = studio_model(tmp_path, "my-model-Q4_0.gguf")
    studio_model(tmp_path, "llama-3.2-1b-instruct.gguf")
    blob = ollama_model(tmp_path, "small", "latest", "a")

    def resolved(text: Any) -> Any:
        return resolve(parse(text), env=env)

    entry = resolved("llama-3.2-1b-instruct")  # the catalog's comes first
    assert isinstance(entry, CatalogEntry)
    assert entry.entry.licenses == ("llama3.2",)
    studio, small = resolved("MY-MODEL-q4_0"), resolved("small")
    assert (studio.path, studio.stored.reference) == (path, "lm-studio:owner/repo/my-model-Q4_0.gguf")
    assert resolved("lm-studio:owner/repo/my-model-Q4_0.gguf") == studio
    assert (small.path, small.stored.reference) == (blob, "ollama:small:latest")
    assert resolved("ollama:small") == resolved("ollama:small:latest") == small
    assert resolved("owner/my-model:Q4_0") == RemoteModel(RepoQuantRef("owner/my-model", "Q4_0"), None)
    known = resolved(LLAMA[0])
    assert isinstance(known, RemoteModel)
    assert known.entry == entry.entry
    Path("small").mkdir()
    assert resolved("small") == LocalPath(Path("small"))  # and a path before everything


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lama-3.2-1b-instruct", "Did you mean llama-3.2-1b-instruct"),
        ("my-modell-Q4_0", "my-model-Q4_0"),
        ("entirely-unheard-of-zzz", "weighin models"),
        ("ollama:smal", "Did you mean ollama:small:latest"),
        ("lm-studio:nothing-like-it", "weighin local"),
    ],
)
def test_an_unknown_name_suggests_the_closest_one(env: Any, tmp_path: Path, text: str, words: str) -> None:
    studio_model(tmp_path, "my-model-Q4_0.gguf")
    ollama_model(tmp_path, "small", "latest", "a")
    with pytest.raises(errors.ModelReferenceError, match=words):
        resolve(parse(text), env=env)


def test_a_store_entry_that_is_broken_says_so(env: Any, tmp_path: Path) -> None:
    ollama_model(tmp_path, "torn", "1b", "b").unlink()
    with pytest.raises(errors.ModelReferenceError, match="cannot be used"):
        resolve(parse("ollama:torn:1b"), env=env)


# What the cache has


def test_the_cache_answers_without_the_hub(
    standin: StandIn, make_hub: Callable[..., Any], make_content: Callable[..., bytes], tmp_path: Path
) -> None:
    hub = make_hub()
    path = cache(hub, standin, REPO, "some-Q4_K_M.gguf", make_content(1000))
    asked = len(standin.requests)
    for ref in (RepoRef(REPO), RepoQuantRef(REPO, "Q4_K_M"), RepoFileRef(REPO, "some-Q4_K_M.gguf")):
        found = find_on_hub(hub, ref)
        assert found.cached
        assert download_model(hub, found.repo, found.model) == path
    assert len(standin.requests) == asked
    assert not find_on_hub(hub, RepoRef(REPO), newest=True).cached
    assert len(standin.requests) > asked


def test_another_quant_in_the_cache_is_not_what_a_bare_repo_means(
    standin: StandIn, make_hub: Callable[..., Any], make_content: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = make_hub()
    cache(hub, standin, REPO, "some-Q8_0.gguf", make_content(1000, 1))
    standin.repos[REPO].files["some-Q4_K_M.gguf"] = make_content(800, 2)
    found = find_on_hub(hub, RepoRef(REPO))
    assert (found.cached, found.model.quant) == (False, "Q4_K_M")
    assert "Q8_0" in found.note
    monkeypatch.setattr("weighin.engine.models.resolve.is_offline", lambda: True)
    found = find_on_hub(hub, RepoRef(REPO))
    assert (found.cached, found.model.quant) == (True, "Q8_0")


def test_an_older_commit_in_the_cache_counts(
    standin: StandIn, make_hub: Callable[..., Any], make_content: Callable[..., bytes]
) -> None:
    hub = make_hub()
    path = cache(hub, standin, REPO, "some-Q4_K_M.gguf", make_content(1000))
    folder = path.parents[2]
    (folder / "refs/main").write_text("f" * 40)
    (folder / "snapshots" / ("f" * 40)).mkdir()
    standin.repos.clear()
    found = find_on_hub(hub, RepoQuantRef(REPO, "Q4_K_M"))
    assert found.cached
    assert found.repo.sha == path.parent.name


def test_without_a_connection_the_cached_model_is_used_and_noted(
    standin: StandIn, make_hub: Callable[..., Any], make_content: Callable[..., bytes]
) -> None:
    hub = make_hub(retry=RetryPolicy(attempts=1))
    cache(hub, standin, REPO, "some-Q8_0.gguf", make_content(1000))
    dead = make_hub(endpoint="http://127.0.0.1:9", retry=RetryPolicy(attempts=1))
    found = find_on_hub(dead, RepoRef(REPO))
    assert found.cached
    assert "cannot be reached" in found.note
    assert "some-Q8_0.gguf, which is on this machine" in found.note
    with pytest.raises(errors.NoConnectionError):
        find_on_hub(dead, RepoQuantRef(REPO, "Q4_0"))


def test_a_cache_without_links_is_used_too(
    make_hub: Callable[..., Any], tiny_gguf: Callable[[int], bytes], tmp_path: Path
) -> None:
    """As on Windows, where the snapshot holds the bytes and nothing tells their hash."""
    from weighin.engine.models.fetch import Fetched, fetch_all

    hub = make_hub(endpoint="http://127.0.0.1:9")
    path = hub.cache_dir / "models--owner--some-GGUF/snapshots" / ("a" * 40) / "some-Q4_K_M.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(tiny_gguf(1))
    (outcome,) = fetch_all([REPO], report=lambda progress: None, hub=hub)
    assert isinstance(outcome, Fetched)
    assert outcome.path == path


@pytest.mark.parametrize("text", [f"{REPO}:Q8_0", f"{REPO}:some-Q8_0.gguf"])
def test_a_broken_link_in_the_cache_is_told_as_such(
    make_hub: Callable[..., Any], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a cache that was copied by hand: without refs, and with links to blobs that were left behind."""
    monkeypatch.setattr("weighin.engine.models.resolve.is_offline", lambda: True)
    hub = make_hub(endpoint="http://127.0.0.1:9")
    snapshot = hub.cache_dir / "models--owner--some-GGUF/snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "some-Q4_K_M.gguf").write_bytes(b"GGUF....")
    (snapshot / "some-Q8_0.gguf").symlink_to("../../blobs/" + "b" * 64)
    assert find_on_hub(hub, RepoQuantRef(REPO, "Q4_K_M")).cached
    ref = parse(text)
    assert isinstance(ref, RepoQuantRef | RepoFileRef)
    with pytest.raises(errors.LocalStoreError, match=r"some-Q8_0\.gguf is a broken link"):
        find_on_hub(hub, ref)
    with pytest.raises(errors.HubError, match="not on this machine"):
        find_on_hub(hub, RepoQuantRef(REPO, "Q2_K"))


def test_where_a_cached_file_is_from(
    standin: StandIn, make_hub: Callable[..., Any], make_content: Callable[..., bytes], tmp_path: Path
) -> None:
    path = cache(make_hub(), standin, REPO, "sub/some-Q4_K_M.gguf", make_content(1000))
    found = cached_from(path)
    assert found is not None
    assert (found.repo, found.commit, found.name) == (REPO, path.parts[-3], "sub/some-Q4_K_M.gguf")
    assert found.blob == path.resolve()
    assert cached_from(path.resolve()) is None
    elsewhere = tmp_path / "link.gguf"
    elsewhere.symlink_to(os.path.relpath(path.resolve(), tmp_path))
    assert cached_from(elsewhere) is None


# Catalog models


def test_a_gated_or_missing_repo_of_a_catalog_model_is_passed_over(
    standin: StandIn, make_hub: Callable[..., Any], make_content: Callable[..., bytes]
) -> None:
    name = "Llama-3.2-1B-Instruct-Q4_K_M.gguf"
    standin.add(LLAMA[0], {name: make_content(1000)}, gated="manual")
    with pytest.raises(errors.GatedModelError, match=f"{standin.url}/{LLAMA[0]}"):
        find_on_hub(make_hub(), CatalogRef("llama-3.2-1b-instruct"))
    standin.add(LLAMA[1], {name: make_content(1000)})
    found = find_on_hub(make_hub(), CatalogRef("llama-3.2-1b-instruct"))
    assert found.repo.repo == LLAMA[1]
    assert f"Using {LLAMA[1]} instead." in found.note
    with pytest.raises(errors.HubNotFoundError, match="has no IQ1_S"):
        find_on_hub(make_hub(), CatalogRef("llama-3.2-1b-instruct", "IQ1_S"))


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (["Llama-3.2-1B-Instruct-Q4_K_M.gguf"], ""),
        (["llama-3.2-1b-instruct-q4_k_m.gguf"], ""),
        (["Llama-3.2-1B-Q4_K_M.gguf"], "the hub has Llama-3.2-1B-Q4_K_M.gguf, which is used"),
        (
            [f"Llama-3.2-1B-Instruct-Q4_K_M-0000{part}-of-00002.gguf" for part in (1, 2)],
            "The catalog names Llama-3.2-1B-Instruct-Q4_K_M.gguf; the hub has"
            " Llama-3.2-1B-Instruct-Q4_K_M-00001-of-00002.gguf in 2 parts, which is used.",
        ),
    ],
)
def test_files_that_the_catalog_names_differently_are_used_and_told(
    standin: StandIn,
    make_hub: Callable[..., Any],
    make_content: Callable[..., bytes],
    files: list[str],
    told: str,
) -> None:
    standin.add(LLAMA[0], {name: make_content(1000) for name in files})
    found = find_on_hub(make_hub(), CatalogRef("llama-3.2-1b-instruct", "Q4_K_M"))
    assert [part.name for part in found.model.parts] == files
    assert told in found.note
    assert told or not found.note


def test_the_license_is_the_base_models(standin: StandIn, make_hub: Callable[..., Any]) -> None:
    standin.add("me/my-finetune-GGUF", {"x-Q4_0.gguf": b"GGUF"}, tags=("base_model:meta-llama/Llama-3.2-1B-Instruct",))
    standin.add("me/own-GGUF", {"x-Q4_0.gguf": b"GGUF"}, tags=("license:mit",))
    standin.add("me/silent-GGUF", {"x-Q4_0.gguf": b"GGUF"}, tags=())
    hub = make_hub()
    tuned, own, silent = (list_repo(hub, name) for name in ("me/my-finetune-GGUF", "me/own-GGUF", "me/silent-GGUF"))
    entry = catalog_entry(tuned)
    assert entry is not None
    assert entry.id == "llama-3.2-1b-instruct"
    assert license_note(tuned).startswith("Llama 3.2 Community License; ")
    assert "mit, according to the uploader" in license_note(own)
    assert license_note(silent) == f"not stated; see {standin.url}/me/silent-GGUF"
