"""Files of a data set on the hub, all from one commit, in the hub client's cache or downloaded into it.

The cache comes first, and is the only place when ``HF_HUB_OFFLINE`` is set. When a pattern can match several files, the
hub is asked as long as that is allowed, because the cache does not show whether an earlier download was complete. File
names with a total (``-00001-of-00003``) show it, so the hub is not asked.
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
from ...hub.bounded import files_up_to
from ...hub.client import ask, connect, is_offline
from ...hub.translate import without_secrets
from ...plan.model import DATA_SUFFIXES, HubSource
from ...safe_names import cache_folder, is_commit, is_safe_path

MAX_FILE_BYTES = 200 * 2**20
"""The most that ``data`` reads. Larger files fail before the download."""
_COUNTED = re.compile(r"-of-(\d+)\.")


class HubFiles(msgspec.Struct, frozen=True, kw_only=True):
    """The files that a pattern matches at one commit."""

    commit: str
    files: tuple[tuple[str, Path], ...]
    """Name in the repository and path in the cache, sorted by name."""


def cached_hub_files(source: HubSource) -> HubFiles | None:
    """The matching files in the cache, complete or not; None when nothing matches.

    Raises:
        DatasetError: the cache cannot be read.
    """
    return _in_cache(connect().cache_dir, source)


def find_hub_files(source: HubSource) -> HubFiles:
    """The data set's files that match the pattern at its revision, downloaded if necessary.

    Raises:
        DatasetError: no file matches, one is too large, or the files are not here and cannot be downloaded.
        HubError: the hub does not have the data set or denies access.
    """
    hub = connect()
    cached = _in_cache(hub.cache_dir, source)
    if cached is not None and (is_offline() or _is_whole(cached, source.pattern)):
        return cached
    if is_offline():
        raise DatasetError(
            f"{source.repo} has no {source.pattern} in the cache {hub.cache_dir}, and HF_HUB_OFFLINE is set.",
            hint="Download it on a machine with a network, or carry it over with `weighin bundle create`.",
        )
    return _fetch(source.repo, source.pattern, source.revision or "main")


def _folder(cache: Path, repo: str) -> Path:
    return cache / cache_folder(repo, "datasets")


def _in_cache(cache: Path, source: HubSource) -> HubFiles | None:
    """The matching files in the cache; None when nothing matches."""
    folder = _folder(cache, source.repo)
    revision = source.revision or "main"
    ref = folder / "refs" / revision
    try:
        commit = ref.read_text(encoding="utf-8").strip() if ref.is_file() else revision
        snapshot = folder / "snapshots" / commit
        if not is_commit(commit) or not snapshot.is_dir():
            return None
        cached = {path.relative_to(snapshot).as_posix(): path for path in snapshot.rglob("*") if path.is_file()}
    except OSError as error:
        raise DatasetError(f"The cache {folder} cannot be read: {error}.", hint="Check its permissions.") from None
    names = sorted(name for name in cached if fnmatch.fnmatchcase(name, source.pattern))
    return HubFiles(commit=commit, files=tuple((name, cached[name]) for name in names)) if names else None


def _is_whole(cached: HubFiles, pattern: str) -> bool:
    """Whether the cache certainly has every file that matches."""
    if not any(letter in pattern for letter in "*?["):
        return True
    counts = [_COUNTED.search(name) for name, _path in cached.files]
    return len({match and match[1] for match in counts}) == 1 and all(
        match is not None and int(match[1]) == len(counts) for match in counts
    )


def _fetch(repo: str, pattern: str, revision: str) -> HubFiles:
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    hub = connect()
    subject, page = f"the data set {repo}", f"datasets/{repo}"

    def call() -> tuple[dict[str, int], str]:
        api = HfApi(endpoint=hub.endpoint, token=hub.usable_token or False)
        info = api.dataset_info(repo, revision=revision, files_metadata=True, timeout=hub.read_timeout_s)
        listed = {each.rfilename: int(each.size or 0) for each in info.siblings or () if is_safe_path(each.rfilename)}
        return listed, str(info.sha or "")

    sizes, commit = ask(hub, call, subject=subject, repo=page)
    names = sorted(name for name in sizes if fnmatch.fnmatchcase(name, pattern))
    if not names or not is_commit(commit):
        raise DatasetError(f"{repo} has no file {pattern}.", hint=_others(sizes))
    large = next((name for name in names if sizes[name] > MAX_FILE_BYTES), "")
    if large:
        raise DatasetError(
            f"{large} of {repo} has {sizes[large] / 2**20:.0f} MiB; the maximum is {MAX_FILE_BYTES // 2**20}.",
            hint="Choose a smaller file.",
        )
    silent = are_progress_bars_disabled()

    def fetch(name: str) -> Callable[[], str]:
        return lambda: hf_hub_download(
            repo,
            name,
            repo_type="dataset",
            revision=commit,
            cache_dir=hub.cache_dir,
            endpoint=hub.endpoint,
            token=hub.usable_token or False,
        )

    try:
        disable_progress_bars()  # they would overwrite a screen
        with files_up_to(MAX_FILE_BYTES):
            files = tuple((name, Path(ask(hub, fetch(name), subject=f"{repo} {name}", repo=page))) for name in names)
    except WeighinError:
        raise
    except Exception as error:  # the client raises a dozen types; each means that the download failed
        reason = without_secrets((str(error).strip() or type(error).__name__).splitlines()[0])
        raise DatasetError(f"{subject} cannot be downloaded: {reason}") from None
    finally:
        if not silent:
            enable_progress_bars()
    _remember(_folder(hub.cache_dir, repo), revision, commit)
    return HubFiles(commit=commit, files=files)


def _others(sizes: dict[str, int]) -> str:
    usable = sorted(name for name in sizes if name.lower().endswith(DATA_SUFFIXES))
    if not usable:
        return "It has no Parquet, JSONL or CSV file; its page may list a branch that has one."
    more = f" and {len(usable) - 8} more" if len(usable) > 8 else ""
    return f"It has {', '.join(usable[:8])}{more}."


def _remember(folder: Path, revision: str, commit: str) -> None:
    """Record a branch's commit as the client does, so that the cache is enough next time."""
    if revision == commit:
        return
    ref = folder / "refs" / Path(*revision.split("/"))
    # A shared cache may let us add files but not move the branch.
    with contextlib.suppress(OSError):
        write_atomically(ref, commit)
