"""Earlier runs, as the app reads and changes them. Calls may be slow; the app makes them in a thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from weighin.engine.events.run import Event, VerdictReached
from weighin.engine.plan.model import Plan

from .source import RunSource, SessionSource


@dataclass(frozen=True)
class RunLine:
    """A run as the history lists it."""

    id: str
    name: str
    created_at: float
    status: str
    candidates: tuple[str, ...] = ()
    suites: tuple[str, ...] = ()
    answers: int = 0
    locked: bool = False
    """Another process is working on it."""

    @property
    def can_resume(self) -> bool:
        """Whether there is something left to do and nobody does it."""
        return self.status != "completed" and not self.locked


class RunLibrary(Protocol):
    """Where runs are kept. Every call may raise a WeighinError."""

    def runs(self) -> list[RunLine]:
        """Newest first."""
        ...

    def load(self, run_id: str) -> tuple[Plan, list[Event]]:
        """The plan and the stored events; the last is a verdict on them."""
        ...

    def rename(self, run_id: str, name: str) -> None:
        """Give it another name."""
        ...

    def delete(self, run_id: str) -> None:
        """Remove it with all its answers."""
        ...

    def resume(self, run_id: str) -> RunSource:
        """The run, ready to go on. Called in the event loop's thread."""
        ...

    def start(self, plan: Plan) -> RunSource:
        """A new run of a frozen plan, stored and ready to go."""
        ...

    def formats(self) -> tuple[str, ...]:
        """Names of the export formats."""
        ...

    def export(self, run_id: str, format_name: str, path: Path) -> Path:
        """Write the run to ``path``; gives the file written."""
        ...


class StoreLibrary:
    """Runs in the database at ``path``; each call opens it for itself, so that threads never share a connection."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def runs(self) -> list[RunLine]:
        """Newest first."""
        from weighin.engine.store.store import Store

        with Store.open(self._path) as store:
            rows = store.runs()
        lines = [
            RunLine(r.id, r.name, r.created_at, r.status, tuple(r.candidates), tuple(r.suites), r.answers, r.locked)
            for r in rows
        ]
        return sorted(lines, key=lambda line: -line.created_at)

    def load(self, run_id: str) -> tuple[Plan, list[Event]]:
        """The plan and the stored events; a verdict is reached when the run ended without one."""
        from weighin.engine.judging.verdict import reach_verdict
        from weighin.engine.store.store import Store

        with Store.open(self._path) as store:
            plan, events = store.plan(run_id), store.events(run_id)
        if not events or not isinstance(events[-1], VerdictReached):
            events.append(reach_verdict(plan, events))
        return plan, events

    def rename(self, run_id: str, name: str) -> None:
        """Give it another name."""
        from weighin.engine.store.store import Store

        with Store.open(self._path) as store:
            store.rename(run_id, name)

    def delete(self, run_id: str) -> None:
        """Remove it with all its answers."""
        from weighin.engine.store.store import Store

        with Store.open(self._path) as store:
            store.delete(run_id)

    def resume(self, run_id: str) -> RunSource:
        """The run, ready to go on; the session keeps the store open until it ends."""
        from weighin.engine.run.session import Session
        from weighin.engine.store.store import Store

        store = Store.open(self._path)
        row = store.find(run_id)
        plan, events = store.plan(run_id), store.events(run_id)
        return SessionSource(Session(plan, store, run_id), title=row.name, earlier=tuple(events), close=store.close)

    def start(self, plan: Plan) -> RunSource:
        """A new run; the session keeps the store open until it ends."""
        from weighin.engine.prepare.machine import machine_line
        from weighin.engine.run.session import Session
        from weighin.engine.store.store import Store, new_run_id

        store, run_id = Store.open(self._path), new_run_id()
        store.create_run(run_id, "wizard", plan)
        session = Session(plan, store, run_id, machine=machine_line())
        return SessionSource(session, title="wizard", close=store.close)

    def formats(self) -> tuple[str, ...]:
        """Names of the export formats."""
        from weighin.engine.report.export import EXPORTERS

        return tuple(EXPORTERS)

    def export(self, run_id: str, format_name: str, path: Path) -> Path:
        """Write the run to ``path``."""
        from weighin.engine.report.export import export
        from weighin.engine.store.store import Store

        with Store.open(self._path) as store:
            plan, events = store.plan(run_id), store.events(run_id)
        export(run_id, plan, events, format_name, path)
        return path
