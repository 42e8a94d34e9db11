"""The run database: append-only events under a run, in SQLite with a write-ahead log.

An event is committed before anybody else hears of it, so that a process killed at any instruction loses only what
was still being computed. Reading a run means folding its events.
"""

from __future__ import annotations

import datetime
import errno
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import filelock
import msgspec

from ..errors import RunBusyError, StoreError
from ..events.run import AnswerScored, Event
from ..events.wire import decode_event, encode_event
from ..plan.files import plan_from_toml, plan_to_toml
from ..plan.model import Plan

_MIGRATIONS = Path(__file__).parent / "migrations"


def new_run_id() -> str:
    """Sorts by time, and is unique among runs started in the same second."""
    return f"{datetime.datetime.now().astimezone():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """A run as a list shows it."""

    id: str
    name: str
    created_at: float
    """Wall-clock time, seconds since the epoch."""
    status: str
    """``running`` also when the process working on it was killed; then it can be resumed."""
    candidates: tuple[str, ...]
    suites: tuple[str, ...]
    answers: int
    locked: bool
    """Another process is working on it now."""

    @property
    def can_resume(self) -> bool:
        """Whether it is incomplete and no process is working on it."""
        return self.status != "completed" and not self.locked


class Store:
    """The open database. Close it, or use it in a ``with`` block."""

    def __init__(self, connection: sqlite3.Connection, path: Path, clock: Callable[[], float]) -> None:
        self._connection = connection
        self._clock = clock
        self.path = path

    @classmethod
    def open(cls, path: Path, *, clock: Callable[[], float] = time.time) -> Store:
        """Open ``path``, making it and bringing it up to date as needed.

        Raises:
            StoreError: it cannot be made or read, is no database, or comes from a newer version.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, isolation_level=None, timeout=10.0)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"The run database {path} cannot be opened: {error}.",
                hint="Set WEIGHIN_HOME to a folder that can be written.",
            ) from None
        store = cls(connection, path, clock)
        with store._explained():
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")  # safe against killed processes, which is what happens
            connection.execute("PRAGMA foreign_keys = ON")
            store._migrate()
        return store

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Runs

    def create_run(self, run_id: str, name: str, plan: Plan) -> None:
        """Add a run that is about to start."""
        with self._explained():
            self._connection.execute(
                "INSERT INTO run (id, name, created_at, status, plan) VALUES (?, ?, ?, 'running', ?)",
                (run_id, name, self._clock(), plan_to_toml(plan)),
            )

    def runs(self) -> list[RunRow]:
        """All runs, the newest first."""
        with self._explained():
            rows = self._connection.execute(
                "SELECT id, name, created_at, status, plan,"
                " (SELECT count(*) FROM event WHERE run_id = run.id AND kind = 'AnswerScored')"
                " FROM run ORDER BY created_at DESC, id DESC"
            ).fetchall()
        found = []
        for run_id, name, created_at, status, text, answers in rows:
            plan = plan_from_toml(text, where=f"run {run_id}")
            found.append(
                RunRow(
                    id=run_id,
                    name=name,
                    created_at=created_at,
                    status=status,
                    candidates=tuple(c.name for c in plan.candidates),
                    suites=tuple(s.name for s in plan.suites),
                    answers=answers,
                    locked=self._is_locked(run_id),
                )
            )
        return found

    def find(self, prefix: str) -> RunRow:
        """The run whose id begins with ``prefix``; empty means the newest.

        Raises:
            StoreError: there is none, or more than one.
        """
        rows = self.runs()
        matching = [row for row in rows if row.id.startswith(prefix)]
        if not rows:
            raise StoreError("There are no runs yet.", hint="Start one with: weighin run --model FILE.gguf")
        if not matching:
            raise StoreError(f"There is no run {prefix!r}.", hint="`weighin runs` lists them.")
        if len(matching) > 1 and prefix:
            names = ", ".join(row.id for row in matching[:5])
            raise StoreError(f"{len(matching)} runs begin with {prefix!r}: {names}.", hint="Give more of the id.")
        return matching[0]

    def plan(self, run_id: str) -> Plan:
        """What the run was asked."""
        with self._explained():
            row = self._connection.execute("SELECT plan FROM run WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            raise StoreError(f"There is no run {run_id!r}.", hint="`weighin runs` lists them.")
        return plan_from_toml(row[0], where=f"run {run_id}")

    def set_status(self, run_id: str, status: str) -> None:
        """Note how the run stands."""
        with self._explained():
            self._connection.execute("UPDATE run SET status = ? WHERE id = ?", (status, run_id))

    def rename(self, run_id: str, name: str) -> None:
        """Call the run ``name``."""
        with self._explained():
            self._connection.execute("UPDATE run SET name = ? WHERE id = ?", (name, run_id))

    def delete(self, run_id: str) -> None:
        """Remove the run with all its events.

        Raises:
            RunBusyError: a process is working on it.
        """
        with self.lock(run_id), self._explained():
            self._connection.execute("DELETE FROM run WHERE id = ?", (run_id,))
        self._lock_path(run_id).unlink(missing_ok=True)

    # Events

    def append(self, run_id: str, events: Iterable[Event]) -> None:
        """Store ``events`` in one transaction. An answer that is there already stays as it was first stored."""
        rows = [
            (
                run_id,
                event.at,
                type(event).__name__,
                getattr(event, "candidate", ""),
                getattr(event, "suite", ""),
                event.item if isinstance(event, AnswerScored) else "",
                event.repeat if isinstance(event, AnswerScored) else 0,
                encode_event(event).decode(),
            )
            for event in events
        ]
        with self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.executemany(
                    "INSERT OR IGNORE INTO event (run_id, at, kind, candidate, suite, item, repeat, body)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    rows,
                )
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def events(self, run_id: str, kind: str | None = None) -> list[Event]:
        """The run's events in the order they were stored; ``kind`` picks one type by its name."""
        query = "SELECT body FROM event WHERE run_id = ?"
        values: tuple[str, ...] = (run_id,)
        if kind is not None:
            query, values = query + " AND kind = ?", (run_id, kind)
        with self._explained():
            rows = self._connection.execute(query + " ORDER BY seq", values).fetchall()
        return [decode_event(body) for (body,) in rows]

    # Locking

    @contextmanager
    def lock(self, run_id: str) -> Iterator[None]:
        """Hold the run for this process; the kernel lets go when the process dies.

        Raises:
            RunBusyError: another process holds it.
        """
        lock = filelock.FileLock(self._lock_path(run_id))
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise RunBusyError(
                f"Another process is working on run {run_id}.", hint="Wait until it ends, or stop it."
            ) from None
        except OSError as error:
            raise StoreError(f"The lock of run {run_id} cannot be made: {error}.") from None
        try:
            yield
        finally:
            lock.release()

    def _is_locked(self, run_id: str) -> bool:
        path = self._lock_path(run_id)
        if not path.exists():
            return False
        try:
            with filelock.FileLock(path).acquire(timeout=0):
                return False
        except filelock.Timeout:
            return True
        except OSError:
            return False

    def _lock_path(self, run_id: str) -> Path:
        return self.path.parent / f"run-{run_id}.lock"

    # Underneath

    def _migrate(self) -> None:
        files = sorted(_MIGRATIONS.glob("[0-9]*.sql"))
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(files):
            raise StoreError(
                f"The run database {self.path} was made by a newer weighin.",
                hint="Update weighin, or set WEIGHIN_HOME.",
            )
        for number, file in enumerate(files[version:], version + 1):
            script = file.read_text(encoding="utf-8")
            self._connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """SQLite's errors as ours."""
        try:
            yield
        except sqlite3.OperationalError as error:
            text = str(error)
            if "full" in text or "disk I/O" in text:
                raise StoreError(
                    f"The disk with the run database is full ({self.path}); what was stored so far is safe.",
                    hint="Free some space, then `weighin resume`.",
                ) from None
            if "locked" in text or "busy" in text:
                raise StoreError(f"The run database {self.path} is busy.", hint="Try again in a moment.") from None
            raise StoreError(f"The run database {self.path}: {text}.") from None
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{self.path} is no usable run database: {error}.", hint="Move it away, or set WEIGHIN_HOME."
            ) from None
        except OSError as error:
            what = "is full" if error.errno == errno.ENOSPC else f"failed: {error}"
            raise StoreError(f"The disk with the run database {what} ({self.path}).") from None
