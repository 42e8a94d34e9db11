"""Measures the sandbox's folder, as far as its owner allows."""

from __future__ import annotations

import contextlib
import os


def is_too_full(folder: str, *, n_bytes: int, n_files: int) -> bool:
    """Whether ``folder`` takes more than ``n_bytes`` on disk, has more than ``n_files`` files and folders, or has a
    folder that cannot be read.

    Files that are deleted but still open are not counted; the limits on open files and on file size bound them.
    """
    unreadable: list[OSError] = []
    try:
        # By descriptors, because code can make a path longer than any call accepts.
        for _, folders, files, place in os.fwalk(folder, onerror=unreadable.append):
            n_files -= len(folders) + len(files)
            for name in files:
                with contextlib.suppress(FileNotFoundError):
                    n_bytes -= os.stat(name, dir_fd=place, follow_symlinks=False).st_blocks * 512
            if n_files < 0 or n_bytes < 0:
                return True
    except FileNotFoundError:  # deleted in the meantime
        return False
    except OSError:
        return True
    return any(not isinstance(error, FileNotFoundError) for error in unreadable)
