"""The folder for hollow files. They are deleted after the measurement, or by the next one after a kill."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import paths


@contextmanager
def hollow_folder() -> Iterator[Path]:
    """A folder that is deleted at the end. Folders of processes that have ended are removed first."""
    base = paths.cache_dir() / "hollow"
    base.mkdir(parents=True, exist_ok=True)
    sweep(base)
    folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(base: Path) -> None:
    """Remove folders of processes that have ended, and files that belong to no process."""
    import psutil

    for entry in base.iterdir():
        if not entry.is_dir():
            entry.unlink(missing_ok=True)
            continue
        owner = entry.name.partition("-")[0]
        if not (owner.isdigit() and psutil.pid_exists(int(owner))):
            shutil.rmtree(entry, ignore_errors=True)
