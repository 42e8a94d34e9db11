"""List the models of a repo on the hub, and search for repos.

Names, sizes and hashes come from one response for one commit, which is the revision of all later requests.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

import msgspec

from ..gguf.naming import is_model_file, quant_of, split_of
from ..safe_names import is_commit, is_repo_id, is_safe_path
from .client import Hub, ask, origin, raise_for_status, session
from .errors import GatedModelError, HubError, HubNotFoundError, ServerTroubleError

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo

Gating = Literal["no", "auto", "manual"]
_MAX_TREE_PAGES = 50
_MAX_HEADERS_ASKED = 200
"""Files of one repo that are asked for one by one."""
_SHA256_LENGTH = 64


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

    def call() -> tuple[ModelInfo, list[HubFile], list[str], tuple[str, ...]]:
        api = HfApi(endpoint=hub.endpoint, token=hub.usable_token or False)
        info = api.model_info(repo, revision=revision, files_metadata=True, timeout=hub.read_timeout_s)
        return info, *_listed(info), tuple(tag for tag in info.tags or () if isinstance(tag, str))

    info, files, unsized, tags = ask(hub, call, subject=repo, repo=repo)
    if not isinstance(info.sha, str) or not is_commit(info.sha):
        raise ServerTroubleError(f"{hub.endpoint} sent no commit for {repo}.", hint="Try again later.")
    if unsized:
        files += _files_by_other_means(hub, repo, info.sha, unsized)
    models, incomplete = group_files(files)
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


def _listed(info: ModelInfo) -> tuple[list[HubFile], list[str]]:
    """The files of a repo, and the names of model files without a size. Raises anything for a malformed list."""
    files, unsized = [], []
    for sibling in info.siblings or ():
        if not is_safe_path(sibling.rfilename):
            continue
        lfs = sibling.lfs
        size = lfs.size if lfs else sibling.size
        if size is None:
            if is_model_file(sibling.rfilename):
                unsized.append(sibling.rfilename)
        elif _is_count(int(size)):
            files.append(
                HubFile(sibling.rfilename, int(size), str(lfs.sha256 if lfs else ""), str(sibling.blob_id or ""))
            )
    return files, unsized


def _files_by_other_means(hub: Hub, repo: str, sha: str, names: Sequence[str]) -> list[HubFile]:
    """The files by name, from a hub that lists them without sizes.

    Some mirrors drop the parameter that asks for sizes and hashes. The list of the tree has them, and so do the headers
    of each file.
    """
    found = _tree(hub, repo, sha)
    for name in [name for name in names if name not in found][:_MAX_HEADERS_ASKED]:
        with contextlib.suppress(HubNotFoundError):
            found[name] = _file_by_headers(hub, repo, sha, name)
    return [found[name] for name in names if name in found]


def _tree(hub: Hub, repo: str, sha: str) -> dict[str, HubFile]:
    """The files of a commit by name; empty when the hub does not list trees."""
    url = f"{hub.endpoint}/api/models/{repo}/tree/{sha}?recursive=true"
    found: dict[str, HubFile] = {}
    for _page in range(_MAX_TREE_PAGES):

        def call(url: str = url) -> tuple[Any, str]:
            response = session().get(url, headers=hub.headers(), timeout=hub.read_timeout_s)
            raise_for_status(response)
            return response.json(), str(response.links.get("next", {}).get("url") or "")

        try:
            rows, url = ask(hub, call, subject=repo, repo=repo)
        except HubError:  # each file is asked for then, and tells what is wrong
            return found
        for row in rows if isinstance(rows, list) else ():
            file = _tree_file(row)
            if file is not None:
                found[file.name] = file
        if not url or origin(url) != origin(hub.endpoint):
            break
    return found


def _tree_file(row: object) -> HubFile | None:
    if not isinstance(row, dict) or row.get("type") != "file" or not isinstance(row.get("path"), str):
        return None
    lfs = row.get("lfs") if isinstance(row.get("lfs"), dict) else {}
    assert isinstance(lfs, dict)
    size = lfs.get("size", row.get("size"))
    if not _is_count(size) or not is_safe_path(row["path"]):
        return None
    return HubFile(row["path"], size, str(lfs.get("oid") or ""), str(row.get("oid") or ""))


def _file_by_headers(hub: Hub, repo: str, sha: str, name: str) -> HubFile:
    """A file from the headers that huggingface_hub downloads by: its size, and its hash as the ETag."""
    from huggingface_hub import get_hf_file_metadata

    url = hub.file_url(repo, sha, name)
    facts = ask(
        hub,
        lambda: get_hf_file_metadata(
            url, token=hub.usable_token or False, timeout=hub.read_timeout_s, endpoint=hub.endpoint
        ),
        subject=f"{repo}:{name}",
        repo=repo,
    )
    if facts.size is None or not facts.etag:
        raise ServerTroubleError(
            f"{hub.endpoint} states neither the size nor the hash of {repo}:{name}.",
            hint="Check that HF_ENDPOINT is a full mirror.",
        )
    large = len(facts.etag) == _SHA256_LENGTH
    return HubFile(name, facts.size, facts.etag if large else "", "" if large else facts.etag)


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
    # A name becomes a command to copy, so that anything but a name is left out.
    return tuple(_hit(row) for row in rows if isinstance(row, dict) and is_repo_id(str(row.get("id"))))


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
    return value if _is_count(value) else 0


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and 0 <= value < 2**63
