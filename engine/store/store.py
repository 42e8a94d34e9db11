"""The run database: append-only events under a run, in SQLite with a write-ahead log.

An event is committed before anyone hears of it, so a process that is killed at any instruction loses only what was
still being computed. To read a run is to fold its events.
"""

from __future__ import annotations

import datetime
import errno
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import msgspec

from ..errors import PlanError, StoreError, StoreGoneError
from ..events.run import AnswerScored, Event
from ..events.wire import WireError, decode_event, encode_event
from ..files import create_private, make_private
from ..plan.files import plan_from_toml, plan_to_toml
from ..plan.model import Plan
from ..visible import visible
from .locks import RunLocks
from .read_only import open_read_only

_COPY_IT = "To change it, copy its folder to where you can write, and set WEIGHIN_HOME to the copy."
_MIGRATIONS = Path(__file__).parent / "migrations"


def new_run_id() -> str:
    """An id that sorts by time and is unique among runs started in the same second."""
    return f"{datetime.datetime.now().astimezone():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """A run in the list of runs."""

    id: str
    name: str
    created_at: float
    """Wall-clock time, seconds since the epoch."""
    status: str
    """An outcome, or ``running``: it is running, or its process was killed and it can be resumed."""
    candidates: tuple[str, ...]
    suites: tuple[str, ...]
    answers: int
    locked: bool
    """Another process is working on it now."""
    damage: str = ""
    """Why it cannot be read. Such a run can only be renamed and deleted; its candidates and suites are unknown."""

    @property
    def can_resume(self) -> bool:
        """Whether it is incomplete, readable, and no process is working on it."""
        return self.status != "completed" and not self.locked and not self.damage

    @property
    def started(self) -> datetime.datetime | None:
        """When it was created, in local time; None for a time that no calendar has."""
        try:
            return datetime.datetime.fromtimestamp(self.created_at).astimezone()
        except (ValueError, OverflowError, OSError):
            return None


class Store:
    """The open database. Close it, or use it in a ``with`` block."""

    def __init__(self, connection: sqlite3.Connection, path: Path, clock: Callable[[], float]) -> None:
        self._connection = connection
        self._clock = clock
        self.path = path
        self.locks = RunLocks(path.parent)
        self._file = _identity(path)

    @classmethod
    def open(cls, path: Path, *, clock: Callable[[], float] = time.time) -> Store:
        """Open ``path``; create or migrate it as needed. Where nothing can be written, its runs can still be read.

        Raises:
            StoreError: it cannot be created or read, is not a database, or comes from a newer version.
        """
        read_only = path.exists() and not _can_write(path)
        try:
            if read_only:
                connection = open_read_only(path)
            else:
                make_private(path.parent)
                create_private(path)
                connection = sqlite3.connect(path, isolation_level=None, timeout=10.0)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"The run database {path} cannot be opened: {error}.",
                hint="Set WEIGHIN_HOME to a folder you can write to.",
            ) from None
        # A damaged text must not keep the other rows from being read.
        connection.text_factory = lambda content: content.decode("utf-8", "replace")
        store = cls(connection, path, clock)
        with explained(path):
            if not read_only:
                connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")  # safe against killed processes, which is what happens
            connection.execute("PRAGMA foreign_keys = ON")
            store._migrate()
        return store

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def check_present(self) -> None:
        """Notice that the database is no longer where it was opened. SQLite goes on writing to the deleted file.

        Raises:
            StoreGoneError: its file was deleted, moved or replaced.
        """
        if _identity(self.path) != self._file:
            raise StoreGoneError(
                f"The run database {self.path} was deleted, moved or replaced during the run, so it cannot continue.",
                hint="Put it back and run `weighin resume`, or start a new run.",
            )

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Runs

    def create_run(self, run_id: str, name: str, plan: Plan) -> None:
        """Add a run that is about to start."""
        with explained(self.path):
            self._connection.execute(
                "INSERT INTO run (id, name, created_at, status, plan) VALUES (?, ?, ?, 'running', ?)",
                (run_id, visible(name), self._clock(), plan_to_toml(plan)),
            )

    def runs(self) -> list[RunRow]:
        """All runs, the newest first. A damaged one is listed as such and hides no other."""
        with explained(self.path):
            rows = self._connection.execute(
                "SELECT id, name, created_at, status, plan FROM run ORDER BY created_at DESC, id DESC"
            ).fetchall()
        return [self._row(*row) for row in rows]

    def _row(self, run_id: str, name: str, created_at: float, status: str, plan_text: str) -> RunRow:
        damage, answers = "", 0
        plan = Plan()
        try:
            plan = _stored_plan(run_id, plan_text)
            with explained(self.path):
                (answers,) = self._connection.execute(
                    "SELECT count(*) FROM event WHERE run_id = ? AND kind = 'AnswerScored'", (run_id,)
                ).fetchone()
        except StoreError as error:
            damage = error.what
        return RunRow(
            id=run_id,
            name=name,
            created_at=created_at,
            status=status,
            candidates=tuple(c.name for c in plan.candidates),
            suites=tuple(s.name for s in plan.suites),
            answers=answers,
            locked=self.locks.is_held(run_id),
            damage=damage,
        )

    def find(self, prefix: str) -> RunRow:
        """The run whose id begins with ``prefix``, or the newest run that can be read if that is empty.

        Raises:
            StoreError: no run matches, or several do.
        """
        rows = self.runs()
        matching = [row for row in rows if row.id == prefix] or [row for row in rows if row.id.startswith(prefix)]
        if not prefix:
            matching = [row for row in rows if not row.damage] or rows
        if not rows:
            raise StoreError("There are no runs yet.", hint="Start one with: weighin run --model FILE.gguf")
        if not matching:
            raise StoreError(f"There is no run {prefix!r}.", hint="`weighin runs` lists them.")
        if len(matching) > 1 and prefix:
            names = ", ".join(row.id for row in matching[:5])
            raise StoreError(f"{len(matching)} runs begin with {prefix!r}: {names}.", hint="Give more of its id.")
        return matching[0]

    def plan(self, run_id: str) -> Plan:
        """The frozen plan of the run.

        Raises:
            StoreError: there is no such run, or its plan cannot be read.
        """
        with explained(self.path):
            row = self._connection.execute("SELECT plan FROM run WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            raise StoreError(f"There is no run {run_id!r}.", hint="`weighin runs` lists them.")
        return _stored_plan(run_id, row[0])

    def set_status(self, run_id: str, status: str) -> None:
        """Set the run's status: ``running`` or its outcome."""
        with explained(self.path):
            self._connection.execute("UPDATE run SET status = ? WHERE id = ?", (status, run_id))

    def rename(self, run_id: str, name: str) -> None:
        """Rename the run."""
        with explained(self.path):
            self._connection.execute("UPDATE run SET name = ? WHERE id = ?", (visible(name), run_id))

    def delete(self, run_id: str) -> None:
        """Delete the run with all its events.

        Raises:
            RunBusyError: another process is working on it.
        """
        with self.locks.hold(run_id), explained(self.path):
            self._connection.execute("DELETE FROM run WHERE id = ?", (run_id,))
        self.locks.remove(run_id)

    # Events

    def append(self, run_id: str, events: Iterable[Event]) -> None:
        """Store ``events`` in one transaction. An answer that is stored already keeps its first version."""
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
        with explained(self.path):
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
        """The run's events in the order they were stored; ``kind`` selects one type by its name.

        Raises:
            StoreError: one cannot be read.
        """
        query = "SELECT body FROM event WHERE run_id = ?"
        values: tuple[str, ...] = (run_id,)
        if kind is not None:
            query, values = query + " AND kind = ?", (run_id, kind)
        with explained(self.path):
            rows = self._connection.execute(query + " ORDER BY seq", values).fetchall()
        try:
            return [decode_event(body) for (body,) in rows]
        except WireError as error:
            raise StoreError(
                f"Run {run_id} cannot be read: {error.what.rstrip('.')}.",
                hint="It is damaged, or comes from a newer weighin. Other runs are not affected.",
            ) from None

    # Underneath

    def _migrate(self) -> None:
        files = sorted(_MIGRATIONS.glob("[0-9]*.sql"))
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(files):
            raise StoreError(
                f"The run database {self.path} was created by a newer weighin.",
                hint="Update weighin, or set WEIGHIN_HOME.",
            )
        if version < len(files) and self._connection.execute("PRAGMA query_only").fetchone()[0]:
            raise StoreError(
                f"The run database {self.path} is from an older weighin and cannot be updated where it is.",
                hint=_COPY_IT,
            )
        for number, file in enumerate(files[version:], version + 1):
            script = file.read_text(encoding="utf-8")
            self._connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")


def _stored_plan(run_id: str, text: str) -> Plan:
    """The plan stored with a run.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        plan = plan_from_toml(text, where="its plan")
        reason = "" if plan.candidates else "its plan is empty"
    except PlanError as error:
        reason = error.what.rstrip(".")
    except (ValueError, OverflowError, RecursionError) as error:
        reason = f"its plan holds {error}"
    if reason:
        raise StoreError(
            f"Run {run_id} cannot be read: {reason}.",
            hint="It is damaged, or comes from a newer weighin. `weighin runs` lists the others.",
        )
    return plan


def _can_write(path: Path) -> bool:
    """Whether the database at ``path`` can be written, and the files that SQLite needs beside it."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _identity(path: Path) -> tuple[int, int] | None:
    """What stays the same as long as it is the same file; None without one."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about the database at ``path`` into errors with a hint.

    Raises:
        StoreError: in place of them.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "full" in text or "disk I/O" in text:
            raise StoreError(
                f"The disk with the run database {path} is full; what was stored so far is safe.",
                hint="Free some space, then run `weighin resume`.",
            ) from None
        if "readonly" in text:
            raise StoreError(f"The run database {path} is read-only: its runs can be shown.", hint=_COPY_IT) from None
        if "locked" in text or "busy" in text:
            raise StoreError(f"The run database {path} is busy.", hint="Try again in a moment.") from None
        raise StoreError(f"The run database {path} failed: {text}.") from None
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{path} is not a usable run database: {error}.", hint="Move it away, or set WEIGHIN_HOME."
        ) from None
    except OSError as error:
        what = "is full" if error.errno == errno.ENOSPC else f"failed: {error}"
        raise StoreError(f"The disk with the run database {path} {what}.") from None
