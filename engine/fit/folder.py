"""Where hollow files are while they are measured. They are deleted afterwards; after a kill, at the next start."""

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
    """A folder of its own, gone at the end. What processes that are no more have left is removed first."""
    base = paths.cache_dir() / "hollow"
    base.mkdir(parents=True, exist_ok=True)
    sweep(base)
    folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(base: Path) -> None:
    """Remove the folders of processes that have ended, and files that belong to none."""
    import psutil

    for entry in base.iterdir():
        if not entry.is_dir():
            entry.unlink(missing_ok=True)
            continue
        owner = entry.name.partition("-")[0]
        if not (owner.isdigit() and psutil.pid_exists(int(owner))):
            shutil.rmtree(entry, ignore_errors=True)
