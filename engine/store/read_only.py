"""Open a run database on a disk that cannot be written, such as a backup or another machine's."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path


def open_read_only(path: Path) -> sqlite3.Connection:
    """A connection that reads the database at ``path`` as it is now, and refuses to write.

    Raises:
        OSError, sqlite3.Error: it cannot be read.
    """
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        # The newest events are in the log, and SQLite reads it only where it can write.
        connection = sqlite3.connect(":memory:", isolation_level=None)
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, path.name)
            shutil.copyfile(path, copy)
            shutil.copyfile(log, copy.with_name(log.name))
            source = sqlite3.connect(copy)
            try:
                source.backup(connection)
            finally:
                source.close()
    else:
        # Without "immutable", SQLite wants to make files beside the database.
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True, isolation_level=None)
    connection.execute("PRAGMA query_only = ON")
    return connection
