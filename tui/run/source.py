"""Where a run's events come from: a session at work, or a replay. Screens cannot tell them apart."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from weighin.engine.events.run import Event
from weighin.engine.plan.model import Plan

if TYPE_CHECKING:
    from weighin.engine.run.session import Session

Control: TypeAlias = Literal["pause", "skip", "drop", "cancel"]
ALL_CONTROLS: frozenset[Control] = frozenset({"pause", "skip", "drop", "cancel"})


class RunSource(Protocol):
    """A run as the app follows it. Controls are called from the event loop while ``events`` goes on."""

    @property
    def run_id(self) -> str:
        """Identifies the run in the store; empty when it is not there."""
        ...

    @property
    def title(self) -> str:
        """What the title bar calls it."""
        ...

    @property
    def plan(self) -> Plan | None:
        """What was asked for, where it is known."""
        ...

    @property
    def controls(self) -> frozenset[Control]:
        """What can be asked of it; the others do nothing."""
        ...

    @property
    def recorded(self) -> bool:
        """Whether the events' times are of another day, so that the board's own time counts."""
        ...

    def events(self) -> AsyncIterator[Event]:
        """Every event in order. May raise a WeighinError, which ends the run and is shown."""
        ...

    def pause(self) -> None:
        """Hold on after the command under way."""
        ...

    def unpause(self) -> None:
        """Go on."""
        ...

    def skip(self, candidate: str) -> None:
        """Ask nothing more of a candidate."""
        ...

    def drop_suite(self, suite: str) -> None:
        """Ask no more items of a suite."""
        ...

    def cancel(self) -> None:
        """End the run; results stay."""
        ...


class SessionSource:
    """A session at work. ``earlier`` are the events a resumed run has stored already, shown before the new ones."""

    controls = ALL_CONTROLS
    recorded = False

    def __init__(
        self, session: Session, *, title: str, earlier: tuple[Event, ...] = (), close: Callable[[], None] | None = None
    ) -> None:
        self._session = session
        self._close = close
        """Called when the run has ended, such as to close its store."""
        self._earlier = earlier
        self.run_id = session.run_id
        self.title = title
        self.plan: Plan | None = session.plan

    async def events(self) -> AsyncIterator[Event]:
        """What is stored, then what happens."""
        try:
            for event in self._earlier:
                yield event
            async for event in self._session.run():
                yield event
        finally:
            if self._close is not None:
                self._close()

    def pause(self) -> None:
        """Hold on after the command under way."""
        self._session.pause()

    def unpause(self) -> None:
        """Go on."""
        self._session.unpause()

    def skip(self, candidate: str) -> None:
        """Ask nothing more of a candidate."""
        self._session.skip(candidate)

    def drop_suite(self, suite: str) -> None:
        """Ask no more items of a suite."""
        self._session.drop_suite(suite)

    def cancel(self) -> None:
        """End the run; results stay."""
        self._session.cancel()
