"""From what a plan says of the user's own data to a suite: where the files are, their hash, their items."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ...errors import DatasetError
from ...files import joint_sha256
from ...plan.model import DATA_SUFFIXES, OWN_OPTIONS, SuiteChoice
from ..harness.yaml import is_harness_task
from ..items import Item
from ..spec import SuiteSpec
from .data import UserData, data_sha256, read_user_files
from .suite import UserScoring, user_spec


class OwnFiles(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a suite of the user's own."""

    where: str
    """What sentences call them."""
    title: str
    files: tuple[tuple[Path, Path], ...]
    """The name each is told by, and its place."""
    commit: str = ""
    """Of a data set of the hub."""


def find_own_files(choice: SuiteChoice) -> OwnFiles:
    """The user's file, the files of their folder, a task file with the data that it names, or a data set of the hub.

    What is not here of the last is fetched.

    Raises:
        DatasetError, HubError: they are not there or cannot be had.
    """
    if choice.hub_repo:
        return _hub_files(choice)
    path = Path(choice.data)
    if is_harness_task(choice.data):
        from ..harness.items import harness_files

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


def _hub_files(choice: SuiteChoice) -> OwnFiles:
    from .hub_files import HubFiles, cached_hub_files, find_hub_files

    named = {"repo": choice.hub_repo, "pattern": choice.hub_file, "revision": choice.hub_revision}
    title = f"{choice.hub_repo} {choice.hub_file}"

    def own(found: HubFiles) -> OwnFiles:
        files = tuple((Path(choice.hub_repo, name), path) for name, path in found.files)
        return OwnFiles(where=title, title=title, files=files, commit=found.commit)

    # A run that started knows the hash of all files: where the cache has them, no hub is asked.
    if choice.data_sha256 and (cached := cached_hub_files(**named)) is not None:
        here = own(cached)
        if own_sha256(here) == choice.data_sha256:
            return here
    return own(find_hub_files(**named))


def read_own(choice: SuiteChoice, found: OwnFiles | None = None) -> UserData:
    """Every row of the user's data; rows that cannot be used are problems.

    Raises:
        DatasetError, HubError: the data as a whole cannot be had or used.
    """
    if is_harness_task(choice.data):
        raise DatasetError(f"{choice.data} is a task file, not data.", hint="Its data can be read by itself.")
    found = found or find_own_files(choice)
    return read_user_files(
        found.files, where=found.where, columns=choice.columns, shots=choice.shots, scorer=choice.scorer
    )


def open_own(choice: SuiteChoice) -> tuple[SuiteSpec, tuple[Item, ...]]:
    """Spec and items of the user's data, in the order of its rows.

    Raises:
        DatasetError, HubError: as ``read_own``; a row is bad, or something named in ``choice`` does not exist.
    """
    found = find_own_files(choice)
    data = read_own(choice, found)
    return own_spec(choice, found, data), data.items


def own_spec(choice: SuiteChoice, found: OwnFiles, data: UserData) -> SuiteSpec:
    """The spec for rows that were read.

    Raises:
        DatasetError: as ``open_own``.
    """
    how = UserScoring(**{field: getattr(choice, field) for field in OWN_OPTIONS})
    return user_spec(data, name=choice.name, title=found.title, where=found.where, how=how)


def own_sha256(found: OwnFiles) -> str:
    """SHA-256 of the one file; of several, of their hashes in order, as of the parts of a split model.

    Raises:
        DatasetError: a file cannot be read.
    """
    return joint_sha256(data_sha256(path) for _shown, path in found.files)
