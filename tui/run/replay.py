"""Plays a stored run through the screens, faster or slower than it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

import msgspec

from weighin.engine.events.run import Event, RunContinued, RunPaused
from weighin.engine.plan.model import Plan

from .source import Control

_LONGEST_WAIT_S = 2.0
"""Longer waits of the recorded run are cut to this."""


class ReplaySource:
    """A recorded run. Waits between events as long as the run did, divided by ``speed``; 0 does not wait at all."""

    controls: frozenset[Control] = frozenset({"pause", "cancel"})
    recorded = True

    def __init__(
        self,
        events: Sequence[Event],
        *,
        title: str = "replay",
        plan: Plan | None = None,
        speed: float = 1.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        run_id: str = "",
    ) -> None:
        self._events = events
        self._speed = speed
        self._sleep = sleep
        self._going = asyncio.Event()
        self._going.set()
        self._cancelled = False
        self._notices: list[Event] = []
        self.run_id = run_id
        self.title = title
        self.plan = plan

    async def events(self) -> AsyncIterator[Event]:
        """The recorded events, with the user's pauses in between."""
        before = self._events[0].at if self._events else 0.0
        for event in self._events:
            if self._speed > 0 and event.at > before:
                await self._sleep(min(_LONGEST_WAIT_S, (event.at - before) / self._speed))
            before = max(before, event.at)
            for notice in self._taken():
                yield msgspec.structs.replace(notice, at=before)
            await self._going.wait()
            for notice in self._taken():
                yield msgspec.structs.replace(notice, at=before)
            if self._cancelled:
                break
            yield event
        if self._cancelled:
            # The rest is shown at once, so that a cancelled replay still ends on its verdict.
            for event in self._events:
                yield event

    def pause(self) -> None:
        if self._going.is_set():
            self._going.clear()
            self._notices.append(RunPaused())

    def unpause(self) -> None:
        if not self._going.is_set():
            self._notices.append(RunContinued())
            self._going.set()

    def skip(self, candidate: str) -> None:
        """Does nothing: a recorded run cannot change."""

    def drop_suite(self, suite: str) -> None:
        """Does nothing: a recorded run cannot change."""

    def cancel(self) -> None:
        """Jump to the end."""
        self._cancelled = True
        self._going.set()

    def _taken(self) -> Iterable[Event]:
        notices, self._notices = self._notices, []
        return notices
