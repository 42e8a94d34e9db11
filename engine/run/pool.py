"""The workers of a run, one per candidate: started and loaded when first needed, given up when the user interrupts."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import msgspec

from .. import paths
from ..errors import WeighinError
from ..events.notes import Note
from ..events.run import ModelLoaded, WorkerFailure
from ..llama.probe import Shape
from ..plan.model import Candidate, Settings
from ..worker.protocol import Command, Loaded, LoadModel, Report
from ..worker.supervisor import BeatSink, Worker, WorkerRefusedError

T = TypeVar("T")

_RETRIED: frozenset[WorkerFailure] = frozenset({"killed", "hung"})
"""Failures that may have been bad luck. What aborts llama.cpp once will do so again."""


class Interrupted(Exception):  # noqa: N818 - not an error: the user's wish
    """The command under way was given up; its worker is gone."""


class WorkerPool:
    """Worker processes by candidate id. Setting ``interrupt`` gives up the command under way.

    ``noticed`` is told what a worker finds that the user must know, with the candidate's id. ``needs`` are the shapes
    of the chats that the run asks.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        interrupt: asyncio.Event,
        noticed: Callable[[str, Note], None],
        needs: tuple[Shape, ...] = (),
    ) -> None:
        self.loading_s = 0.0
        """Time spent on starting workers and loading models so far."""
        self._noticed = noticed
        self.interrupt = interrupt
        self._needs = needs
        self._settings = settings
        self._workers: dict[str, Worker] = {}
        self._deaths: dict[str, int] = {}

    def has(self, candidate: str) -> bool:
        """Whether the candidate has a process; it may have died since."""
        return candidate in self._workers

    async def load(self, candidate: Candidate, beat: BeatSink) -> ModelLoaded | None:
        """Make sure the candidate's model is loaded; None if it already was.

        Raises:
            WorkerLostError: the process died, now or since the last command.
            WorkerRefusedError: the model cannot be loaded.
            Interrupted: the user gave it up.
        """
        worker = self._workers.get(candidate.id)
        if worker is not None:
            worker.check()
            return None
        started = time.monotonic()
        worker = Worker(candidate.id, logs=paths.logs_dir(), noticed=partial(self._noticed, candidate.id))
        self._workers[candidate.id] = worker
        await self._unless_interrupted(candidate.id, worker.start())
        command = LoadModel(
            path=candidate.path, settings=self._settings, prompt_style=candidate.prompt_style, needs=self._needs
        )
        loaded = await self.ask(candidate.id, command, beat)
        if not isinstance(loaded, Loaded):
            raise WorkerRefusedError(f"The worker for {candidate.id} answered {type(loaded).__name__} to LoadModel.")
        self.loading_s += time.monotonic() - started
        facts = msgspec.structs.asdict(loaded)
        return ModelLoaded(candidate=candidate.id, flash_attention=self._settings.flash_attention, **facts)

    async def ask(self, candidate: str, command: Command, beat: BeatSink) -> Report:
        """Send a command to a loaded candidate's worker. Raises as ``load`` does."""
        return await self._unless_interrupted(candidate, self._workers[candidate].ask(command, beat))

    async def unload(self, candidate: str) -> None:
        """End the candidate's process, if it has one."""
        worker = self._workers.pop(candidate, None)
        if worker is not None:
            await worker.stop()

    def may_restart(self, candidate: str, failure: WorkerFailure) -> bool:
        """Remove a lost worker; whether starting another one is worthwhile."""
        self._workers.pop(candidate, None)
        self._deaths[candidate] = self._deaths.get(candidate, 0) + 1
        return failure in _RETRIED and self._deaths[candidate] < 2

    async def kill_all(self) -> None:
        """End every process at once."""
        await asyncio.gather(*(worker.kill() for worker in self._workers.values()), return_exceptions=True)

    async def _unless_interrupted(self, candidate: str, asked: Awaitable[T]) -> T:
        asking = asyncio.ensure_future(asked)
        interrupted = asyncio.ensure_future(self.interrupt.wait())
        try:
            await asyncio.wait({asking, interrupted}, return_when=asyncio.FIRST_COMPLETED)
            if asking.done():
                return asking.result()
            asking.cancel()
            with contextlib.suppress(asyncio.CancelledError, WeighinError):
                await asking
            self._workers.pop(candidate, None)
            raise Interrupted
        finally:
            interrupted.cancel()
            if not asking.done():
                asking.cancel()
