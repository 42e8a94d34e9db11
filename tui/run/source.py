"""Where a run's events come from: a running session or a replay. Screens cannot tell them apart."""

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
        """Pause after the current command."""
        self._session.pause()

    def unpause(self) -> None:
        """Resume."""
        self._session.unpause()

    def skip(self, candidate: str) -> None:
        """Give a candidate no more items."""
        self._session.skip(candidate)

    def drop_suite(self, suite: str) -> None:
        """Ask no more items of a suite."""
        self._session.drop_suite(suite)

    def cancel(self) -> None:
        """Cancel the run; results are kept."""
        self._session.cancel()
