"""Notices that a model's file is overwritten while it is measured: llama.cpp reads weights from the file as it goes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ..errors import ModelFileError
from ..gguf.files import file_sha256, split_parts
from ..gguf.naming import split_of
from ..plan.model import Candidate, Plan
from ..worker.supervisor import WorkerRefusedError

_Stamp = tuple[tuple[int, int, int] | None, ...]


class ModelFiles:
    """The candidates' files as they were when the run began."""

    def __init__(self, plan: Plan) -> None:
        self._stamps = {candidate.id: _stamp(candidate) for candidate in plan.candidates}

    async def check(self, candidate: Candidate) -> None:
        """Check that the candidate's files are still the same. A deleted file is not missed by who has it open.

        Raises:
            WorkerRefusedError: they were overwritten or replaced.
        """
        stamp = _stamp(candidate)
        if stamp == self._stamps[candidate.id] or None in stamp or not candidate.sha256:
            return
        try:
            same = await asyncio.to_thread(file_sha256, Path(candidate.path)) == candidate.sha256
        except (OSError, ModelFileError):
            same = False
        if not same:
            raise WorkerRefusedError(f"{candidate.path} was changed during the run.", hint="Start a new run.")
        self._stamps[candidate.id] = stamp


def _stamp(candidate: Candidate) -> _Stamp:
    path = Path(candidate.path)
    split = split_of(path.name)
    return tuple(map(_stamp_of, split_parts(path, split[2]) if split else [path]))


def _stamp_of(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino
