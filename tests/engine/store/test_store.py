"""The run database: what is stored stays, and every problem with it is one sentence."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from weighin.engine.errors import RunBusyError, StoreError
from weighin.engine.events.run import AnswerScored, Event, RunFinished, SuiteDropped
from weighin.engine.plan.model import Candidate, Plan
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
