"""How much is in the sandbox's folder, as far as its owner lets us see."""

from __future__ import annotations

import contextlib
import os


def is_too_full(folder: str, *, n_bytes: int, n_files: int) -> bool:
    """Whether the files in ``folder`` take more than ``n_bytes`` of disk, or are, with the folders, more than
    ``n_files``; or whether it holds a folder that cannot be read.

    What is deleted but still open is not seen: the limits on open files and on a file's size bound it.
    """
    unreadable: list[OSError] = []
    try:
        # By descriptors, because a path may be made longer than any call takes.
        for _, folders, files, place in os.fwalk(folder, onerror=unreadable.append):
            n_files -= len(folders) + len(files)
            for name in files:
                with contextlib.suppress(FileNotFoundError):
                    n_bytes -= os.stat(name, dir_fd=place, follow_symlinks=False).st_blocks * 512
            if n_files < 0 or n_bytes < 0:
                return True
    except FileNotFoundError:  # deleted while we looked
        return False
    except OSError:
        return True
    return any(not isinstance(error, FileNotFoundError) for error in unreadable)
