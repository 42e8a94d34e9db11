"""Repos according to the cache on this machine, for ``HF_HUB_OFFLINE`` and machines without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ..safe_names import cache_folder, is_commit, is_safe_path
from .client import Hub
from .errors import LocalStoreError
from .listing import HubFile, HubModel, HubRepo, group_files

_HASH = re.compile(r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")


def cached_repo(hub: Hub, repo: str, revision: str = "main") -> HubRepo | None:
    """The cached part of a repo, with hashes from the names of the blobs; None when nothing is cached.

    Raises:
        LocalStoreError: the cache cannot be read.
    """
    if not is_safe_path(revision):
        return None
    folder = hub.cache_dir / cache_folder(repo)
    try:
        ref = folder / "refs" / revision
        commit = ref.read_text(encoding="utf-8").strip() if ref.is_file() else revision
        snapshot = folder / "snapshots" / commit
        if not is_commit(commit) or not snapshot.is_dir():
            return None
        files = [_cached(snapshot, path) for path in sorted(snapshot.rglob("*")) if path.is_file()]
    except OSError as error:
        raise LocalStoreError(f"{folder} cannot be read: {error}.", hint="Check its permissions.") from error
    models, incomplete = group_files(files)
    if not models:
        return None
    return HubRepo(
        repo=repo,
        sha=commit,
        revision=revision,
        gated="no",
        license="",
        base_models=(),
        models=models,
        incomplete=incomplete,
        page=f"{hub.endpoint}/{repo}",
    )


def cached_repos(hub: Hub, repo: str) -> Iterator[HubRepo]:
    """Every commit of a repo with models in the cache: that of ``main`` first, then the newest.

    Raises:
        LocalStoreError: the cache cannot be read.
    """
    first = cached_repo(hub, repo)
    if first is not None:
        yield first
    folder = hub.cache_dir / cache_folder(repo) / "snapshots"
    try:
        snapshots = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    except FileNotFoundError:
        return
    except OSError as error:
        raise LocalStoreError(f"{folder} cannot be read: {error}.", hint="Check its permissions.") from error
    for snapshot in snapshots:
        found = None if first is not None and snapshot.name == first.sha else cached_repo(hub, repo, snapshot.name)
        if found is not None:
            yield found


def broken_links(hub: Hub, repo: str) -> dict[str, Path]:
    """Links in a repo's cache that lead nowhere, by the file's name in the repo, as a copied cache can have them."""
    snapshots = hub.cache_dir / cache_folder(repo) / "snapshots"
    found: dict[str, Path] = {}
    for path in sorted(snapshots.glob("*/**/*")):
        if path.is_symlink() and not path.exists():
            found.setdefault(Path(*path.relative_to(snapshots).parts[1:]).as_posix(), path)
    return found


def unchecked_path(hub: Hub, repo: HubRepo, model: HubModel) -> Path | None:
    """The path of a cached model whose hashes the cache does not know, else None.

    On Windows without permission to create links, the snapshot has the bytes themselves, and no name has their hash.
    """
    if all(part.sha256 or part.blob_id for part in model.parts):
        return None
    return hub.cache_dir / cache_folder(repo.repo) / "snapshots" / repo.sha / model.name


def _cached(snapshot: Path, path: Path) -> HubFile:
    """A file with the hash in its blob's name; without one when the snapshot has the bytes itself."""
    blob = path.resolve().name
    etag = blob if _HASH.match(blob) else ""
    sha256, blob_id = (etag, "") if len(etag) == 64 else ("", etag)
    return HubFile(path.relative_to(snapshot).as_posix(), path.stat().st_size, sha256, blob_id)
