"""Repos as the cache on this machine knows them: for ``HF_HUB_OFFLINE`` and for boxes without a network."""

from __future__ import annotations

from pathlib import Path

from .client import Hub, is_offline
from .errors import LocalStoreError, OfflineError
from .listing import HubFile, HubRepo, group_files, list_repo
from .naming import is_safe_path


def find_repo(hub: Hub, repo: str, *, revision: str = "main") -> HubRepo:
    """The repo from the hub, or what the cache has of it when ``HF_HUB_OFFLINE`` is set.

    Raises:
        HubError: not found, gated, no connection, offline and not here, …
    """
    if not is_offline():
        return list_repo(hub, repo, revision=revision)
    found = cached_repo(hub, repo, revision=revision)
    if found is None:
        raise OfflineError(
            f"Nothing of {repo} is on this machine, and HF_HUB_OFFLINE is set.",
            hint="Unset HF_HUB_OFFLINE, or bring the model in a bundle.",
        )
    return found


def cached_repo(hub: Hub, repo: str, *, revision: str = "main") -> HubRepo | None:
    """What the cache has of a repo, hashes taken from the names of the blobs; None when it has nothing.

    Raises:
        LocalStoreError: the cache cannot be read.
    """
    if not is_safe_path(revision):
        return None
    folder = hub.cache_dir / ("models--" + repo.replace("/", "--"))
    try:
        ref = folder / "refs" / revision
        commit = ref.read_text(encoding="utf-8").strip() if ref.is_file() else revision
        snapshot = folder / "snapshots" / commit
        if not is_safe_path(commit) or not snapshot.is_dir():
            return None
        files = [_cached(snapshot, path) for path in sorted(snapshot.rglob("*")) if path.is_file()]
    except OSError as error:
        raise LocalStoreError(f"{folder} cannot be read: {error}.", hint="Check its permissions.") from error
    models, incomplete = group_files(files)
    if not models:
        return None
    in_models = {part.name for model in models for part in model.parts}
    return HubRepo(
        repo=repo,
        sha=commit,
        revision=revision,
        gated="no",
        private=False,
        license="",
        base_models=(),
        models=models,
        incomplete=incomplete,
        other_files=tuple(file for file in files if file.name not in in_models),
        page=f"{hub.endpoint}/{repo}",
    )


def _cached(snapshot: Path, path: Path) -> HubFile:
    etag = path.resolve().name
    is_sha256 = len(etag) == 64
    return HubFile(
        path.relative_to(snapshot).as_posix(), path.stat().st_size, etag if is_sha256 else "", "" if is_sha256 else etag
    )
