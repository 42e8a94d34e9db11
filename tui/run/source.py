"""Where a run's events come from: a running session or a replay. Screens cannot tell them apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import msgspec

from weighin.engine.events.run import Event, RunContinued, RunPaused
from weighin.engine.plan.model import Plan

if TYPE_CHECKING:
    from weighin.engine.run.session import Session

Control: TypeAlias = Literal["pause", "skip", "drop", "cancel"]
ALL_CONTROLS: frozenset[Control] = frozenset({"pause", "skip", "drop", "cancel"})
_LONGEST_WAIT_S = 2.0
"""Longer waits of the recorded run are cut to this."""


class RunSource(Protocol):
    """A run as the app follows it. Controls are called from the event loop while ``events`` is being read."""

    @property
    def run_id(self) -> str:
        """The run's id in the store; empty when it is not stored."""

    @property
    def title(self) -> str:
        """The run's name in the title bar."""

    @property
    def plan(self) -> Plan | None:
        """The run's plan; None when it is unknown."""

    @property
    def controls(self) -> frozenset[Control]:
        """The controls it accepts; the others do nothing."""

    @property
    def recorded(self) -> bool:
        """Whether the events happened earlier, so that their own times are the current time."""

    def events(self) -> AsyncIterator[Event]:
        """Every event in order. May raise a WeighinError, which ends the run and is shown."""

    def pause(self) -> None:
        """Pause after the current command."""

    def unpause(self) -> None:
        """Resume."""

    def skip(self, candidate: str) -> None:
        """Give a candidate no more items."""

    def drop_suite(self, suite: str) -> None:
        """Ask no more items of a suite."""

    def cancel(self) -> None:
        """Cancel the run; results are kept."""


class SessionSource:
    """A running session. ``earlier`` are the stored events of a resumed run, which come before the new ones."""

    controls = ALL_CONTROLS
    recorded = False

    def __init__(
        self, session: Session, *, title: str, earlier: tuple[Event, ...] = (), close: Callable[[], None] | None = None
    ) -> None:
        self._session = session
        self._close = close
        """Called when the run has ended, to close its store."""
        self._earlier = earlier
        self.run_id = session.run_id
        self.title = title
        self.plan: Plan | None = session.plan

    async def events(self) -> AsyncIterator[Event]:
        """The stored events, then the new ones."""
        try:
            for event in self._earlier:
                yield event
            async for event in self._session.run():
                yield event
        finally:
            if self._close is not None:
                self._close()

    def pause(self) -> None:
        self._session.pause()

    def unpause(self) -> None:
        self._session.unpause()

    def skip(self, candidate: str) -> None:
        self._session.skip(candidate)

    def drop_suite(self, suite: str) -> None:
        self._session.drop_suite(suite)

    def cancel(self) -> None:
        self._session.cancel()


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
