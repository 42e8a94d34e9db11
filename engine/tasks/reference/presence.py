"""Whether a suite's data is on this machine already. Opens no connection."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from ..spec import SuiteSpec
from .datasets import local_files

Where = Literal["built in", "generated", "folder", "hub cache", "missing"]


class DataPresence(msgspec.Struct, frozen=True, kw_only=True):
    """Where a suite's data is."""

    where: Where
    files: tuple[Path, ...] = ()
    """Of a reference suite whose data is here."""
    size_bytes: int = 0
    """Of these files."""
    download: str = ""
    """About how much is fetched where it is missing, in words; empty where nobody noted it."""

    @property
    def here(self) -> bool:
        """Whether the suite can be run without a network."""
        return self.where != "missing"

    @property
    def words(self) -> str:
        """For a table."""
        if self.here:
            return self.where
        return f"needs {self.download}" if self.download else "to be fetched"


def data_presence(spec: SuiteSpec) -> DataPresence:
    """Where the data of ``spec`` is: with the program, in weighin's data folder, in the hub's cache, or nowhere here.

    Raises:
        DatasetError: the suite has a format and no data set.
    """
    if not spec.format:
        return DataPresence(where="generated" if spec.generator else "built in")
    where, files = local_files(spec)
    if where is None:
        return DataPresence(where="missing", download=spec.dataset.size_hint if spec.dataset else "")
    return DataPresence(where=where, files=tuple(files), size_bytes=sum(file.stat().st_size for file in files))
