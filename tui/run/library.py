"""The stored runs, as the app reads and changes them. Calls may be slow; the app makes them in a thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from weighin.engine.events.run import Event, VerdictReached
from weighin.engine.plan.model import Plan

from .source import RunSource, SessionSource

if TYPE_CHECKING:
    from weighin.engine.prepare.freeze import OpenedRun
    from weighin.engine.report.export import ExportFormat
    from weighin.engine.store.store import RunRow as RunRow  # screens may not import the store
    from weighin.engine.store.store import Store


class StoreLibrary:
    """Runs in the database at ``path``. Each call opens it anew, so that threads never share a connection.

    Every call may raise a WeighinError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def _open(self) -> Store:
        from weighin.engine.store.store import Store

        return Store.open(self._path)

    def runs(self) -> list[RunRow]:
        """Newest first."""
        with self._open() as store:
            rows = store.runs()
        return sorted(rows, key=lambda row: -row.created_at)

    def load(self, run_id: str) -> tuple[Plan, list[Event]]:
        """The plan and the stored events. When the run ended without a verdict, one is reached now."""
        from weighin.engine.judging.verdict import reach_verdict

        with self._open() as store:
            plan, events = store.plan(run_id), store.events(run_id)
        if not events or not isinstance(events[-1], VerdictReached):
            events.append(reach_verdict(plan, events))
        return plan, events

    def rename(self, run_id: str, name: str) -> None:
        with self._open() as store:
            store.rename(run_id, name)

    def delete(self, run_id: str) -> None:
        with self._open() as store:
            store.delete(run_id)

    def reopen(self, run_id: str) -> OpenedRun:
        """Check that the run's files are still the same, and open its suites. Slow: call it in a thread.

        Raises:
            WeighinError: a file is missing or has changed.
        """
        from weighin.engine.prepare.freeze import freeze_plan

        with self._open() as store:
            plan = store.plan(run_id)
        return freeze_plan(plan)

    def resume(self, run_id: str, opened: OpenedRun) -> RunSource:
        """The run that ``reopen`` opened, ready to continue; the session keeps the store open until it ends."""
        from weighin.engine.run.session import Session

        store = self._open()
        row = store.find(run_id)
        events = store.events(run_id)
        return SessionSource(Session(opened, store, run_id), title=row.name, earlier=tuple(events), close=store.close)

    def start(self, opened: OpenedRun) -> RunSource:
        """A new run; the session keeps the store open until it ends."""
        from weighin.engine.prepare.machine import machine_line
        from weighin.engine.run.session import Session
        from weighin.engine.store.store import new_run_id

        store, run_id = self._open(), new_run_id()
        store.create_run(run_id, "wizard", opened.plan)
        session = Session(opened, store, run_id, machine=machine_line())
        return SessionSource(session, title="wizard", close=store.close)

    def formats(self) -> tuple[ExportFormat, ...]:
        """The export formats of the command line."""
        from weighin.engine.report.export import formats

        return formats()

    def export(self, run_id: str, format_name: str, path: Path) -> Path:
        """Write the run to ``path``."""
        from weighin.engine.report.export import export

        with self._open() as store:
            plan, events = store.plan(run_id), store.events(run_id)
        export(run_id, plan, events, format_name, path)
        return path
