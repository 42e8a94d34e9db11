"""List the models of a repo on the hub, and search for repos.

Names, sizes and hashes come from one response for one commit, which is the revision of all later requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from ..gguf.naming import is_model_file, quant_of, split_of
from ..safe_names import is_safe_path
from .client import Hub, ask, raise_for_status, session
from .errors import GatedModelError, ServerTroubleError

Gating = Literal["no", "auto", "manual"]


class HubFile(msgspec.Struct, frozen=True):
    """One file of a repo."""

    name: str
    """Path in the repo."""
    size_bytes: int
    sha256: str
    """Empty for a small file that is stored in git itself."""
    blob_id: str
    """Git's id. For a small file, the SHA-1 of its content with git's header."""


class HubModel(msgspec.Struct, frozen=True):
    """One model in a repo: a GGUF file, or all parts of a split one in order."""

    name: str
    """Path of the first part in the repo."""
    quant: str
    """From the name; empty when the name has none."""
    parts: tuple[HubFile, ...]

    @property
    def size_bytes(self) -> int:
        """Total size of all parts."""
        return sum(part.size_bytes for part in self.parts)


class HubRepo(msgspec.Struct, frozen=True, kw_only=True):
    """A repo at one commit."""

    repo: str
    sha: str
    revision: str
    """The requested revision, such as ``main``."""
    gated: Gating
    """``auto``: accepting the terms is enough. ``manual``: the owner must approve."""
    license: str
    """The uploader's tag, such as ``apache-2.0``; empty when there is none. It is a claim, not the license itself."""
    base_models: tuple[str, ...]
    """Repos that it was made from, according to the uploader."""
    models: tuple[HubModel, ...]
    incomplete: tuple[str, ...]
    """Stems of split models with missing parts."""
    page: str
    """The web page where people read about the repo and accept its terms."""


class SearchHit(msgspec.Struct, frozen=True, kw_only=True):
    """A repo in the search results."""

    repo: str
    gated: Gating
    private: bool
    license: str
    downloads: int
    likes: int
    parameters: int
    """Number of weights according to the hub; 0 when unknown."""
    architecture: str


def list_repo(hub: Hub, repo: str, *, revision: str = "main") -> HubRepo:
    """The GGUF models of a repo with sizes and hashes.

    Raises:
        HubError: not found, gated, no connection, …
    """
    from huggingface_hub import HfApi

    api = HfApi(endpoint=hub.endpoint, token=hub.token or False)
    info = ask(
        hub,
        lambda: api.model_info(repo, revision=revision, files_metadata=True, timeout=hub.read_timeout_s),
        subject=repo,
        repo=repo,
    )
    if not info.sha:
        raise ServerTroubleError(f"{hub.endpoint} sent no commit for {repo}.", hint="Try again later.")
    files = []
    for sibling in info.siblings or ():
        lfs = sibling.lfs
        size = lfs.size if lfs else sibling.size
        if size is None or not is_safe_path(sibling.rfilename):
            continue
        files.append(HubFile(sibling.rfilename, int(size), lfs.sha256 if lfs else "", sibling.blob_id or ""))
    models, incomplete = group_files(files)
    tags = tuple(info.tags or ())
    return HubRepo(
        repo=repo,
        sha=info.sha,
        revision=revision,
        gated=_gating(info.gated),
        license=_license(tags),
        base_models=_base_models(tags),
        models=models,
        incomplete=incomplete,
        page=f"{hub.endpoint}/{repo}",
    )


def check_access(hub: Hub, repo: str) -> None:
    """Check that files of a repo can be downloaded, before starting on a long list of them.

    Raises:
        GatedModelError: the terms must be accepted first.
        HubError: another reason.
    """

    # The client's own auth_check has no time limit.
    def call() -> None:
        url = f"{hub.endpoint}/api/models/{repo}/auth-check"
        raise_for_status(session().get(url, headers=hub.headers(), timeout=hub.read_timeout_s))

    ask(hub, call, subject=repo, repo=repo)


def access_problem(hub: Hub, repo: HubRepo) -> GatedModelError | None:
    """Why files of a gated repo cannot be downloaded; None when they can. Other errors are raised."""
    if repo.gated == "no":
        return None
    try:
        check_access(hub, repo.repo)
    except GatedModelError as error:
        return error
    return None


def search(hub: Hub, words: str, *, limit: int = 30) -> tuple[SearchHit, ...]:
    """Search for GGUF repos, the most downloaded first.

    Raises:
        HubError: no connection, …
    """
    wanted = ("downloads", "gated", "gguf", "likes", "private", "tags")

    # The client's own list_models has no time limit, so a stalled hub would block the caller forever.
    def call() -> Any:
        response = session().get(
            f"{hub.endpoint}/api/models",
            params={"search": words, "filter": "gguf", "sort": "downloads", "limit": limit, "expand": list(wanted)},
            headers=hub.headers(),
            timeout=hub.read_timeout_s,
        )
        raise_for_status(response)
        return response.json()

    rows = ask(hub, call, subject=f"the search {words!r}")
    if not isinstance(rows, list):
        raise ServerTroubleError(f"{hub.endpoint} sent no list for the search {words!r}.", hint="Try again later.")
    return tuple(_hit(row) for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str))


def group_files(files: Sequence[HubFile]) -> tuple[tuple[HubModel, ...], tuple[str, ...]]:
    """Models with their parts, the smallest first, and the stems of split models with missing parts."""
    models: list[HubModel] = []
    splits: dict[tuple[str, int], dict[int, HubFile]] = {}
    for file in files:
        if not is_model_file(file.name):
            continue
        split = split_of(file.name)
        if split is None:
            models.append(HubModel(file.name, quant_of(file.name), (file,)))
        else:
            splits.setdefault((split[0], split[2]), {})[split[1]] = file
    incomplete = []
    for (stem, count), parts in splits.items():
        if set(parts) != set(range(1, count + 1)):
            incomplete.append(stem)
            continue
        ordered = tuple(parts[number] for number in sorted(parts))
        models.append(HubModel(ordered[0].name, quant_of(stem + ".gguf"), ordered))
    return tuple(sorted(models, key=lambda model: (model.size_bytes, model.name))), tuple(sorted(incomplete))


def _gating(value: object) -> Gating:
    if value == "manual":
        return "manual"
    return "auto" if value in ("auto", True) else "no"


def _license(tags: Sequence[str]) -> str:
    return next((tag[8:] for tag in tags if tag.startswith("license:")), "")


def _base_models(tags: Sequence[str]) -> tuple[str, ...]:
    found = [tag.split(":")[-1] for tag in tags if tag.startswith("base_model:")]
    return tuple(dict.fromkeys(found))


def _hit(row: dict[str, Any]) -> SearchHit:
    tags = [tag for tag in row.get("tags") or () if isinstance(tag, str)]
    gguf = row.get("gguf") if isinstance(row.get("gguf"), dict) else {}
    assert isinstance(gguf, dict)
    return SearchHit(
        repo=row["id"],
        gated=_gating(row.get("gated")),
        private=row.get("private") is True,
        license=_license(tags),
        downloads=_count(row.get("downloads")),
        likes=_count(row.get("likes")),
        parameters=_count(gguf.get("total")),
        architecture=str(gguf.get("architecture") or ""),
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and value >= 0 else 0
