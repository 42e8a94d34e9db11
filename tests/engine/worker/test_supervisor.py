"""Real worker processes, killed, stopped and broken in every way we know of."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from weighin.engine.plan.model import Settings
from weighin.engine.tasks.requests import ChoiceRequest
from weighin.engine.worker.protocol import Beat, Loaded, LoadModel, MeasureSpeed, Ready, ScoreChoices, SpeedDone
from weighin.engine.worker.supervisor import Patience, Worker, WorkerLostError, WorkerRefusedError

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="signals and /proc as Linux has them")


def load(model: Path) -> LoadModel:
    return LoadModel(path=str(model), settings=Settings(n_ctx=256, n_threads=1))


LONG = MeasureSpeed(kind="generation", n_tokens=200)


@pytest_asyncio.fixture
async def worker(tmp_path: Path) -> AsyncIterator[Worker]:
    started = Worker("test", logs=tmp_path / "logs", patience=Patience(stuck_s=1.0))
    await started.start()
    yield started
    await started.kill()


async def test_a_worker_loads_a_model_and_measures_speed(worker: Worker, tiny_models: list[Path]) -> None:
    loaded = await worker.ask(load(tiny_models[0]))
    assert isinstance(loaded, Loaded)
    assert (loaded.architecture, loaded.prompt_style, loaded.n_threads) == ("llama", "plain", 1)
    done = await worker.ask(MeasureSpeed(kind="prompt", n_tokens=64))
    assert isinstance(done, SpeedDone)
    assert done.elapsed_s > 0
    assert done.peak_rss_bytes > 10 * 2**20


async def test_an_impossible_command_is_refused_and_the_worker_lives(worker: Worker, tiny_models: list[Path]) -> None:
    with pytest.raises(WorkerRefusedError, match="No model is loaded"):
        await worker.ask(LONG)
    with pytest.raises(WorkerRefusedError, match="could not load") as refused:
        await worker.ask(load(Path("/nowhere.gguf")))
    assert refused.value.hint.endswith(f"Its log is {worker.log_path}.")
    await worker.ask(load(tiny_models[0]))
    with pytest.raises(WorkerRefusedError, match="do not fit the context"):
        await worker.ask(MeasureSpeed(kind="prompt", n_tokens=1000))
    assert isinstance(await worker.ask(MeasureSpeed(kind="prompt", n_tokens=8)), SpeedDone)


async def lost(worker: Worker, number: int, tiny_models: list[Path]) -> WorkerLostError:
    """Send a signal to the worker while it computes."""
    await worker.ask(load(tiny_models[0]))
    assert worker.pid is not None
    asking = asyncio.ensure_future(worker.ask(LONG))
    await asyncio.sleep(0)
    os.kill(worker.pid, number)
    with pytest.raises(WorkerLostError) as caught:
        await asking
    return caught.value


@linux_only
async def test_a_worker_killed_from_outside_is_reported_as_killed(worker: Worker, tiny_models: list[Path]) -> None:
    error = await lost(worker, signal.SIGKILL, tiny_models)
    assert error.failure == "killed"
    assert "killed from outside" in error.what
    assert worker.pid is None


@linux_only
async def test_an_abort_as_on_a_failed_ggml_assertion_is_reported(worker: Worker, tiny_models: list[Path]) -> None:
    error = await lost(worker, signal.SIGABRT, tiny_models)
    assert error.failure == "aborted"


@linux_only
async def test_a_crash_in_native_code_is_reported_with_its_signal(worker: Worker, tiny_models: list[Path]) -> None:
    error = await lost(worker, signal.SIGSEGV, tiny_models)
    assert (error.failure, "SIGSEGV" in error.what) == ("aborted", True)


@linux_only
async def test_a_hanging_worker_is_noticed_and_killed(worker: Worker, tiny_models: list[Path]) -> None:
    pid = worker.pid
    error = await lost(worker, signal.SIGSTOP, tiny_models)
    assert error.failure == "hung"
    assert pid is not None
    assert not psutil.pid_exists(pid)


async def started_as(tmp_path: Path, program: str, *, start_s: float = 60) -> WorkerLostError:
    command = (sys.executable, "-c", program)
    worker = Worker("test", logs=tmp_path, patience=Patience(start_s=start_s), command=command)
    with pytest.raises(WorkerLostError) as caught:
        await worker.start()
    assert worker.pid is None
    return caught.value


async def test_a_line_that_is_not_a_report_is_quoted(tmp_path: Path) -> None:
    error = await started_as(tmp_path, "print('llama_model_loader: hello', flush=True); import time; time.sleep(60)")
    assert error.failure == "garbled"
    assert "llama_model_loader" in error.what


async def test_the_last_log_line_explains_a_failure_to_start(tmp_path: Path) -> None:
    error = await started_as(tmp_path, "raise SystemExit('no such library')")
    assert error.failure == "aborted"
    assert "no such library" in error.what
    assert error.log_tail[-1] == "no such library"


async def test_a_worker_that_does_not_answer_at_start_is_killed(tmp_path: Path) -> None:
    error = await started_as(tmp_path, "import time; time.sleep(60)", start_s=0.5)
    assert error.failure == "could not start"


@linux_only
def test_workers_die_with_a_killed_parent(tmp_path: Path, tiny_models: list[Path]) -> None:
    program = f"""
import asyncio
from pathlib import Path
from weighin.engine.worker.supervisor import Worker
from weighin.engine.plan.model import Settings
from weighin.engine.tasks.requests import ChoiceRequest
from weighin.engine.worker.protocol import LoadModel, MeasureSpeed
async def main():
    worker = Worker("orphan", logs=Path({str(tmp_path)!r}))
    await worker.start()
    await worker.ask(LoadModel(path={str(tiny_models[0])!r}, settings=Settings(n_ctx=256, n_threads=1)))
    print(worker.pid, flush=True)
    while True:
        await worker.ask(MeasureSpeed(kind="generation", n_tokens=200))
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        parent.kill()
    deadline = time.monotonic() + 60
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the worker outlived its parent"
        time.sleep(0.05)


async def test_beats_arrive_while_a_command_is_carried_out(worker: Worker, sample_model: Path) -> None:
    beats: list[Beat] = []
    settings = Settings(n_ctx=512, n_threads=1)
    await worker.ask(LoadModel(path=str(sample_model), settings=settings))
    requests = tuple(
        ChoiceRequest(item=f"item {n}", contexts=(f"The number after {n} is" * 4,), continuations=(" one", " two"))
        for n in range(6)
    )
    await worker.ask(ScoreChoices(requests=requests), beats.append)
    assert any(beat.note.startswith("item") and beat.share for beat in beats)


async def test_warming_up_is_reported_however_short_loading_was(worker: Worker, tiny_models: list[Path]) -> None:
    beats: list[Beat] = []
    await worker.ask(load(tiny_models[0]), beats.append)
    assert [beat.note for beat in beats][-1] == "warming up"


async def test_giving_up_a_starting_worker_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = asyncio.Event()

    async def silent(_worker: Worker) -> Ready:
        waiting.set()
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(Worker, "_next_report", silent)
    starting = Worker("test", logs=tmp_path / "logs")
    task = asyncio.create_task(starting.start())
    await waiting.wait()
    pid = starting.pid
    assert pid is not None
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert starting.pid is None
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize("name", ["../../../outside", "/outside", "a/../b", "x" * 255, "..", ""])
def test_a_log_stays_in_its_folder_whatever_the_worker_is_called(name: str, tmp_path: Path) -> None:
    path = Worker(name, logs=tmp_path).log_path
    assert path.parent == tmp_path
    assert len(path.name) < 200


async def test_native_output_goes_to_the_log(
    worker: Worker, tiny_models: list[Path], capfd: pytest.CaptureFixture[str]
) -> None:
    await worker.ask(load(tiny_models[0]))
    shown = capfd.readouterr()
    assert (shown.out, shown.err) == ("", "")
    assert "llama" in worker.log_path.read_text()
