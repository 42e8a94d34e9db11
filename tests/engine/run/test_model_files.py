"""A model's file that changes during a run is noticed; one that is only touched or moved away is not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from fixtures.runs import choice_suite, run_plan, tiny_plan, write_choice_file

from weighin.engine.events.run import AnswerScored, CandidateStopped, Event, SpeedMeasured
from weighin.engine.gguf.files import file_sha256
from weighin.engine.plan.model import Candidate, Plan
from weighin.engine.run.model_files import ModelFiles
from weighin.engine.store.store import Store
from weighin.engine.worker.supervisor import WorkerRefusedError


async def test_only_other_content_is_a_change(tiny_models: list[Path], tmp_path: Path) -> None:
    path = Path(shutil.copy(tiny_models[0], tmp_path / "m.gguf"))
    candidate = Candidate(id="m", path=str(path), name="m", sha256=file_sha256(path))
    files = ModelFiles(Plan(candidates=(candidate,)))
    await files.check(candidate)
    os.utime(path, (1, 1))
    await files.check(candidate)
    path.unlink()
    await files.check(candidate)
    shutil.copy(tiny_models[0], path)
    await files.check(candidate)
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    os.utime(path, (2, 2))
    with pytest.raises(WorkerRefusedError, match="was changed during the run"):
        await files.check(candidate)


def test_a_model_that_is_overwritten_while_it_is_measured_fails_and_its_answers_are_not_kept(
    tiny_models: list[Path], tmp_path: Path
) -> None:
    path = Path(shutil.copy(tiny_models[0], tmp_path / "m.gguf"))
    plan = tiny_plan([path], choice_suite(write_choice_file(tmp_path)))

    def overwrite(_session: object, event: Event) -> None:
        if isinstance(event, SpeedMeasured) and path.stat().st_mtime_ns != 0:
            content = bytearray(path.read_bytes())
            content[-1] ^= 1
            with path.open("r+b") as file:
                file.write(content)
            os.utime(path, (0, 0))

    with Store.open(tmp_path / "runs.sqlite3") as store:
        events = run_plan(plan, store, react=overwrite)
    (stopped,) = [event for event in events if isinstance(event, CandidateStopped)]
    assert stopped.reason == "failed"
    assert "was changed during the run" in stopped.detail
    assert not [event for event in events if isinstance(event, AnswerScored)]
