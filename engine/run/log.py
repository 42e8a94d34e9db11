"""The events of a run at work: each durable one is stored before anyone hears of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import msgspec

from ..events.run import DURABLE, Event, Phase, PhaseChanged
from ..store.store import Store

Listener = Callable[[Event], None]


class RunLog:
    """Stores events, passes them to ``listeners`` in the order given, then to whoever waits for the ``next``."""

    def __init__(self, store: Store, run_id: str, *, listeners: tuple[Listener, ...]) -> None:
        self._store = store
        self._run_id = run_id
        self._listeners = listeners
        # Times differ by what a clock that nobody sets says: from them a resumed run computes how long this one worked.
        self._began_at, self._began = time.time(), time.monotonic()
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()

    def emit(self, *events: Event) -> None:
        """Store the durable ones among ``events`` in one transaction, then tell all of them.

        Raises:
            StoreError: the database failed; nothing was told.
        """
        at = self._began_at + time.monotonic() - self._began
        stamped = [msgspec.structs.replace(event, at=at) for event in events]
        durable = [event for event in stamped if isinstance(event, DURABLE)]
        if durable:
            self._store.check_present()
            self._store.append(self._run_id, durable)
        for event in stamped:
            for listener in self._listeners:
                listener(event)
            self._queue.put_nowait(event)

    def phase(self, candidate: str, phase: Phase, detail: str = "") -> None:
        """Tell what a candidate is doing."""
        self.emit(PhaseChanged(candidate=candidate, phase=phase, detail=detail))

    async def stored(self) -> list[Event]:
        """All stored events of the run, in order. Read in a thread: a long run has many.

        Raises:
            StoreError: they cannot be read. A database that is gone is not made anew.
        """
        self._store.check_present()

        def read() -> list[Event]:
            with Store.open(self._store.path) as store:
                return store.events(self._run_id)

        return await asyncio.to_thread(read)

    async def next(self) -> Event | None:
        """The next event; None after the last one."""
        return await self._queue.get()

    def close(self) -> None:
        """Say that there will be no more events."""
        self._queue.put_nowait(None)
