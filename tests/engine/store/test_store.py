"""The run database: what is stored stays, and every problem with it is one sentence."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from weighin.engine.errors import RunBusyError, StoreError, StoreGoneError
from weighin.engine.events.run import AnswerScored, Event, RunFinished, SuiteDropped
from weighin.engine.plan.model import Candidate, Plan
from weighin.engine.store import store as store_module
from weighin.engine.store.locks import RunLocks
from weighin.engine.store.store import Store

PLAN = Plan(candidates=(Candidate(id="a", path="/a.gguf", name="A"),))


def answer(item: str, *, output: str = "x") -> AnswerScored:
    return AnswerScored(
        candidate="a", suite="s", item=item, correct=True, scores={"acc": 1.0}, prompt="p" * 50, output=output,
        extracted=output, expected="x",
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    opened = Store.open(tmp_path / "runs.sqlite3", clock=lambda: 12.5)
    opened.create_run("20260101-a", "first", PLAN)
    return opened


def test_events_are_read_back_in_the_order_they_were_stored(store: Store) -> None:
    events: list[Event] = [answer("1"), SuiteDropped(suite="s"), RunFinished(outcome="completed")]
    store.append("20260101-a", events)
    assert Store.open(store.path).events("20260101-a") == events
    assert store.events("20260101-a", "SuiteDropped") == [events[1]]
    assert store.plan("20260101-a") == PLAN


def test_only_the_first_answer_to_an_item_is_kept(store: Store) -> None:
    store.append("20260101-a", [answer("1", output="first")])
    store.append("20260101-a", [answer("1", output="second"), answer("2")])
    found = [e.output for e in store.events("20260101-a") if isinstance(e, AnswerScored)]
    assert found == ["first", "x"]


def test_a_run_is_found_by_the_beginning_of_its_id(store: Store) -> None:
    store.create_run("20260202-b", "second", PLAN)
    assert store.find("20260101").name == "first"
    assert store.find("").id in {"20260101-a", "20260202-b"}
    with pytest.raises(StoreError, match="2 runs begin with"):
        store.find("2026")
    with pytest.raises(StoreError, match="no run 'zzz'"):
        store.find("zzz")


def test_a_run_can_be_renamed_and_deleted(store: Store) -> None:
    store.append("20260101-a", [answer("1")])
    store.rename("20260101-a", "better name")
    assert [(row.name, row.answers, row.created_at) for row in store.runs()] == [("better name", 1, 12.5)]
    store.delete("20260101-a")
    assert store.runs() == []
    assert store.events("20260101-a") == []


HOLD = """
import sys, time
from pathlib import Path
from weighin.engine.store.store import Store
with Store.open(Path(sys.argv[1])).locks.hold("20260101-a"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_process_cannot_work_on_the_same_run(store: Store) -> None:
    command = [sys.executable, "-c", HOLD, str(store.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert store.runs()[0].locked
        assert RunLocks(store.path.parent).any_held()
        with pytest.raises(RunBusyError, match="Another process"), store.locks.hold("20260101-a"):
            pass
        with pytest.raises(RunBusyError):
            store.delete("20260101-a")
        other.kill()  # the kernel lets go of a dead process's lock
    with store.locks.hold("20260101-a"):
        assert store.runs()
    assert not RunLocks(store.path.parent).any_held()


def test_a_full_disk_is_reported_and_what_was_stored_is_safe(store: Store) -> None:
    store.append("20260101-a", [answer("1")])
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")  # SQLite then fails as on a full disk
    with pytest.raises(StoreError, match="is full"):
        store.append("20260101-a", [answer(str(n)) for n in range(2, 200)])
    assert [e.item for e in store.events("20260101-a") if isinstance(e, AnswerScored)] == ["1"]
    store._connection.execute("PRAGMA max_page_count = 100000")
    store.append("20260101-a", [answer("2")])
    assert len(store.events("20260101-a")) == 2


def test_a_file_that_is_not_a_database_and_a_newer_database_are_reported(tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish.sqlite3"
    rubbish.write_bytes(os.urandom(4096))
    with pytest.raises(StoreError, match="not a usable run database"):
        Store.open(rubbish)
    newer = tmp_path / "newer.sqlite3"
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version = 999")
    with pytest.raises(StoreError, match="newer weighin"):
        Store.open(newer)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open(tmp_path / "file" / "runs.sqlite3")


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("plan", "future_key = 1", "future_key"),
        ("plan", "", "its plan is empty"),
        ("plan", "[[candidates", "not valid TOML"),
        ("plan", "item_limit = " + "9" * 5000, "its plan"),
        ("plan", "a = " + "[" * 50_000, "its plan"),
        ("plan", "item_limit = 1e23\n", "item_limit"),
    ],
)
def test_a_damaged_run_hides_no_other(store: Store, column: str, value: str, said: str) -> None:
    store.append("20260101-a", [answer("1")])
    store.create_run("20260202-b", "second", PLAN)
    with sqlite3.connect(store.path) as other:
        other.execute(f"UPDATE run SET {column} = ?, created_at = 99 WHERE id = '20260202-b'", (value,))
    damaged, sound = store.runs()
    assert (damaged.id, damaged.can_resume, damaged.candidates) == ("20260202-b", False, ())
    assert said in damaged.damage
    assert (sound.id, sound.damage, sound.answers) == ("20260101-a", "", 1)
    assert store.find("").id == "20260101-a"
    assert store.find("20260202-b").id == "20260202-b"
    with pytest.raises(StoreError, match=r"Run 20260202-b cannot be read: .* `weighin runs` lists the others"):
        store.plan("20260202-b")
    store.delete("20260202-b")
    assert [row.id for row in store.runs()] == ["20260101-a"]


def test_a_damaged_event_says_which_run_it_is_in(store: Store) -> None:
    store.append("20260101-a", [answer("1")])
    store.create_run("20260202-b", "second", PLAN)
    with sqlite3.connect(store.path) as other:
        other.execute("INSERT INTO event (run_id, at, kind, body) VALUES ('20260202-b', 0, 'Future', '{}')")
    with pytest.raises(StoreError, match="Run 20260202-b cannot be read"):
        store.events("20260202-b")
    assert len(store.events("20260101-a")) == 1


@pytest.mark.parametrize("created_at", [1e18, -1e300, 253402300800.0 * 10])
def test_times_that_no_calendar_has_are_unknown(store: Store, created_at: float) -> None:
    with sqlite3.connect(store.path) as other:
        other.execute("UPDATE run SET created_at = ?", (created_at,))
    assert store.runs()[0].started is None


def test_text_that_is_not_unicode_hides_no_run(store: Store) -> None:
    with sqlite3.connect(store.path) as other:
        other.execute("UPDATE run SET name = CAST(x'ff41' AS TEXT)")
    assert store.runs()[0].name == "�A"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_nobody_else_can_read_the_database(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    (folder / "runs.sqlite3").touch(mode=0o644)  # as older versions made it
    folder.chmod(0o755)
    with Store.open(folder / "runs.sqlite3") as store:
        store.create_run("r", "name", PLAN)
        with store.locks.hold("r"):
            modes = {path.name: path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())}
    assert modes.pop("data") == 0o700
    assert set(modes.values()) == {0o600}
    assert {"runs.sqlite3", "runs.sqlite3-wal", "run-r.lock"} <= set(modes)


def test_a_database_that_is_replaced_is_noticed(store: Store) -> None:
    store.check_present()
    moved = store.path.rename(store.path.with_name("elsewhere"))
    with pytest.raises(StoreGoneError):
        store.check_present()
    store.path.touch()
    with pytest.raises(StoreGoneError):
        store.check_present()
    moved.rename(store.path)
    store.check_present()


def test_the_lock_of_a_run_leaves_no_file(store: Store) -> None:
    locks = store.path.parent
    with store.locks.hold("20260101-a"):
        assert len(list(locks.glob("*.lock"))) == 1
    assert not list(locks.glob("*.lock"))
    (locks / "run-20260101-a.lock").touch()  # as a killed process leaves it
    assert not store.runs()[0].locked
    with store.locks.hold("20260101-a"):
        assert store.path.exists()
    assert not list(locks.glob("*.lock"))


@pytest.mark.parametrize("closed", [True, False])
def test_runs_on_a_disk_that_cannot_be_written_are_read(
    store: Store, closed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append("20260101-a", [answer("1"), RunFinished(outcome="completed")])
    if closed:
        store.close()
    before = {path.name: path.read_bytes() for path in store.path.parent.iterdir()}
    assert bool(before.get("runs.sqlite3-wal")) is not closed  # the newest events are in the log, or in the database
    monkeypatch.setattr(store_module, "_can_write", lambda _path: False)
    with Store.open(store.path) as there:
        assert [(row.name, row.answers) for row in there.runs()] == [("first", 1)]
        assert len(there.events("20260101-a")) == 2
        with pytest.raises(StoreError, match=r"read-only.*WEIGHIN_HOME"):
            there.rename("20260101-a", "x")
        with pytest.raises(StoreError, match=r"read-only.*WEIGHIN_HOME"):
            there.append("20260101-a", [answer("2")])
    assert {path.name: path.read_bytes() for path in store.path.parent.iterdir()} == before
