"""From a plan's ``OwnSuite`` to its files, their hash, and the spec and items in them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ...errors import DatasetError
from ...files import joint_sha256
from ...plan.model import DATA_SUFFIXES, FileSource, HubSource, OwnSuite
from ..harness.items import harness_files
from ..harness.yaml import is_harness_task
from ..items import Item
from ..spec import SuiteSpec
from .data import UserData, data_sha256, read_user_files
from .hub_files import HubFiles, cached_hub_files, find_hub_files
from .suite import user_spec


class OwnFiles(msgspec.Struct, frozen=True, kw_only=True):
    """The files behind a suite of your own data."""

    where: str
    """What messages call them all."""
    title: str
    files: tuple[tuple[Path, Path], ...]
    """For each file the name that messages use, and its place."""
    commit: str = ""
    """The commit of a data set on the hub; empty for files on this machine."""


def find_own_files(suite: OwnSuite) -> OwnFiles:
    """The suite's file, the files in its folder, its task file with the data that it names, or its data set on the hub.

    Downloads the files of a data set that are not here.

    Raises:
        DatasetError, HubError: the files are missing or cannot be downloaded.
    """
    if isinstance(suite.source, HubSource):
        return _hub_files(suite.source, suite.data_sha256)
    path = Path(suite.source.path)
    if is_harness_task(suite.source.path):
        return OwnFiles(where=str(path), title=path.name, files=tuple((file, file) for file in harness_files(path)))
    try:
        if not path.is_dir():
            return OwnFiles(where=str(path), title=path.name, files=((path, path),))
        inside = sorted(p for p in path.iterdir() if p.name.lower().endswith(DATA_SUFFIXES) and p.is_file())
    except (OSError, ValueError) as error:
        raise DatasetError(f"{str(path)[:200]} cannot be read ({str(error)[:60]}).") from None
    if not inside:
        raise DatasetError(f"The folder {path} holds no Parquet, JSONL or CSV file.", hint="Name the file itself.")
    return OwnFiles(where=str(path), title=path.name, files=tuple((file, file) for file in inside))


def _hub_files(source: HubSource, data_sha256: str) -> OwnFiles:
    title = f"{source.repo} {source.pattern}"

    def own(hub_files: HubFiles) -> OwnFiles:
        files = tuple((Path(source.repo, name), path) for name, path in hub_files.files)
        return OwnFiles(where=title, title=title, files=files, commit=hub_files.commit)

    # A run that has started knows the hash of its files: where the cache has them, the hub is not asked.
    if data_sha256 and (cached := cached_hub_files(source)) is not None:
        in_cache = own(cached)
        if own_sha256(in_cache) == data_sha256:
            return in_cache
    return own(find_hub_files(source))


def read_own(suite: OwnSuite, own_files: OwnFiles | None = None) -> UserData:
    """Every row of the data; rows that cannot be used become problems.

    Raises:
        DatasetError, HubError: the data as a whole is missing or cannot be used.
    """
    if isinstance(suite.source, FileSource) and is_harness_task(suite.source.path):
        raise DatasetError(f"{suite.source.path} is a task file, not data.", hint="Name its data instead.")
    own_files = own_files or find_own_files(suite)
    return read_user_files(own_files.files, where=own_files.where, asking=suite.asking)


def open_own(suite: OwnSuite) -> tuple[SuiteSpec, tuple[Item, ...]]:
    """Spec and items of the data, in the order of its rows.

    Raises:
        DatasetError, HubError: as ``read_own``; a row is bad, or something named in ``suite`` does not exist.
    """
    spec, data = open_own_data(suite)
    return spec, data.items


def open_own_data(suite: OwnSuite) -> tuple[SuiteSpec, UserData]:
    """Spec and data, with what a person should look at.

    Raises:
        DatasetError, HubError: as ``open_own``.
    """
    own_files = find_own_files(suite)
    data = read_own(suite, own_files)
    return own_spec(suite, own_files, data), data


def own_spec(suite: OwnSuite, own_files: OwnFiles, data: UserData) -> SuiteSpec:
    """The spec for data that was read.

    Raises:
        DatasetError: as ``open_own``.
    """
    return user_spec(data, name=suite.name, title=own_files.title, where=own_files.where, asking=suite.asking)


def own_sha256(own_files: OwnFiles) -> str:
    """SHA-256 of the file; for several files, of their hashes in order.

    Raises:
        DatasetError: a file cannot be read.
    """
    return joint_sha256(data_sha256(path) for _shown, path in own_files.files)
