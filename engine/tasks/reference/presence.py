"""Whether a suite's data is already on this machine. Opens no connection."""

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
    """The files of a reference suite whose data is here."""
    size_bytes: int = 0
    """Size of these files."""
    download: str = ""
    """Approximate download size of missing data, in words; empty when unknown."""

    @property
    def here(self) -> bool:
        """Whether the suite can run without a network."""
        return self.where != "missing"

    @property
    def words(self) -> str:
        """The state in a few words, for a table."""
        if self.here:
            return self.where
        return f"needs {self.download}" if self.download else "needs a download"


def data_presence(spec: SuiteSpec) -> DataPresence:
    """Where the data of ``spec`` is: part of weighin, in its data folder, in the hub client's cache, or missing.

    Raises:
        DatasetError: the suite has a format and no data set.
    """
    if not spec.format:
        return DataPresence(where="generated" if spec.generator else "built in")
    where, files = local_files(spec)
    if where is None:
        return DataPresence(where="missing", download=spec.dataset.size_hint if spec.dataset else "")
    return DataPresence(where=where, files=tuple(files), size_bytes=sum(file.stat().st_size for file in files))
