"""Some files of a data set on the hub, all of one commit, from the hub client's cache or fetched into it.

The cache is looked into first, and alone when ``HF_HUB_OFFLINE`` is set. Where a pattern may match several files the
hub is asked while it may be, because nothing in the cache tells whether an earlier fetch brought them all; files that
count themselves (``-00001-of-00003``) need no asking.
"""

from __future__ import annotations

import contextlib
import fnmatch
import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from ...errors import DatasetError, WeighinError
from ...files import write_atomically
from ...plan.model import DATA_SUFFIXES, HubSource
from ...safe_names import is_safe_path

MAX_FILE_BYTES = 200 * 2**20
"""As much as ``userdata`` reads; more is refused before it is fetched."""
_COMMIT = re.compile(r"^[0-9a-f]{40}$")
_COUNTED = re.compile(r"-of-(\d+)\.")


class HubFiles(msgspec.Struct, frozen=True, kw_only=True):
    """What a pattern means at one commit."""

    commit: str
    files: tuple[tuple[str, Path], ...]
    """Name in the repository and place in the cache, in the order of names."""


def cached_hub_files(source: HubSource) -> HubFiles | None:
    """What the cache has of it, whole or not; None when nothing matches.

    Raises:
        DatasetError: the cache cannot be read.
    """
    from ...hub.client import connect

    return _in_cache(connect().cache_dir, source)


def find_hub_files(source: HubSource) -> HubFiles:
    """The files of the data set ``repo`` that match ``pattern`` at ``revision`` (empty: ``main``).

    Raises:
        DatasetError: no file matches, one is too large, or they are not here and cannot be fetched.
        HubError: the hub does not know the data set, or refuses it.
    """
    from ...hub.client import connect, is_offline

    hub = connect()
    cached = _in_cache(hub.cache_dir, source)
    if cached is not None and (is_offline() or _is_whole(cached, source.pattern)):
        return cached
    if is_offline():
        raise DatasetError(
            f"{source.repo} has no {source.pattern} in the cache {hub.cache_dir}, and HF_HUB_OFFLINE is set.",
            hint="Fetch it where there is a network, or carry it with `weighin bundle create`.",
        )
    return _fetch(source.repo, source.pattern, source.revision or "main")


def _folder(cache: Path, repo: str) -> Path:
    return cache / ("datasets--" + repo.replace("/", "--"))


def _in_cache(cache: Path, source: HubSource) -> HubFiles | None:
    """What the cache has; None when nothing matches."""
    folder = _folder(cache, source.repo)
    revision = source.revision or "main"
    ref = folder / "refs" / revision
    try:
        commit = ref.read_text(encoding="utf-8").strip() if ref.is_file() else revision
        snapshot = folder / "snapshots" / commit
        if not _COMMIT.match(commit) or not snapshot.is_dir():
            return None
        here = {path.relative_to(snapshot).as_posix(): path for path in snapshot.rglob("*") if path.is_file()}
    except OSError as error:
        raise DatasetError(f"The cache {folder} cannot be read: {error}.", hint="Check its permissions.") from None
    names = sorted(name for name in here if fnmatch.fnmatchcase(name, source.pattern))
    return HubFiles(commit=commit, files=tuple((name, here[name]) for name in names)) if names else None


def _is_whole(cached: HubFiles, pattern: str) -> bool:
    """Whether no file that matches can be missing from the cache."""
    if not any(letter in pattern for letter in "*?["):
        return True
    counts = [_COUNTED.search(name) for name, _path in cached.files]
    return len({match and match[1] for match in counts}) == 1 and all(
        match is not None and int(match[1]) == len(counts) for match in counts
    )


def _fetch(repo: str, pattern: str, revision: str) -> HubFiles:
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    from ...hub.client import ask, connect

    hub = connect()
    subject, page = f"the data set {repo}", f"datasets/{repo}"
    api = HfApi(endpoint=hub.endpoint, token=hub.token or False)
    info = ask(
        hub,
        lambda: api.dataset_info(repo, revision=revision, files_metadata=True, timeout=hub.read_timeout_s),
        subject=subject,
        repo=page,
    )
    sizes = {each.rfilename: each.size or 0 for each in info.siblings or () if is_safe_path(each.rfilename)}
    names = sorted(name for name in sizes if fnmatch.fnmatchcase(name, pattern))
    if not names or not info.sha:
        raise DatasetError(f"{repo} has no file {pattern}.", hint=_others(sizes))
    large = next((name for name in names if sizes[name] > MAX_FILE_BYTES), "")
    if large:
        raise DatasetError(
            f"{large} of {repo} has {sizes[large] / 2**20:.0f} MiB; at most {MAX_FILE_BYTES // 2**20} are read.",
            hint="Name a smaller file of it.",
        )
    commit = info.sha
    silent = are_progress_bars_disabled()

    def fetch(name: str) -> Callable[[], str]:
        return lambda: hf_hub_download(
            repo,
            name,
            repo_type="dataset",
            revision=commit,
            cache_dir=hub.cache_dir,
            endpoint=hub.endpoint,
            token=hub.token or False,
        )

    try:
        disable_progress_bars()  # they would write over a screen
        files = tuple((name, Path(ask(hub, fetch(name), subject=f"{repo} {name}", repo=page))) for name in names)
    except WeighinError:
        raise
    except Exception as error:  # the client raises a dozen kinds; each means that the file is not to be had
        words = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise DatasetError(f"{subject} cannot be fetched: {words}") from None
    finally:
        if not silent:
            enable_progress_bars()
    _remember(_folder(hub.cache_dir, repo), revision, commit)
    return HubFiles(commit=commit, files=files)


def _others(sizes: dict[str, int]) -> str:
    usable = sorted(name for name in sizes if name.lower().endswith(DATA_SUFFIXES))
    if not usable:
        return "It has no Parquet, JSONL or CSV file; see its page for a branch that has."
    more = f" and {len(usable) - 8} more" if len(usable) > 8 else ""
    return f"It has {', '.join(usable[:8])}{more}."


def _remember(folder: Path, revision: str, commit: str) -> None:
    """Name the commit of a branch, as the client does, so that the cache is enough the next time."""
    if revision == commit:
        return
    ref = folder / "refs" / Path(*revision.split("/"))
    # A cache that several users share may let us add files but not move the branch.
    with contextlib.suppress(OSError):
        write_atomically(ref, commit)
