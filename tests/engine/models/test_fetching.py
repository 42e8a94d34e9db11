"""Several models at once through the interface that screens use: states, outcomes, cancelling, nothing half done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fixtures.standin_hub import Clock, StandIn

from weighin.engine.errors import ModelFileError
from weighin.engine.hub import errors
from weighin.engine.hub.client import RetryPolicy
from weighin.engine.models.fetch import Fetch, Fetched, FetchProgress, NotFetched, fetch_all
from weighin.engine.models.fetch_text import PlainLines, progress_text, time_text

A, B, C = "a/a-GGUF", "b/b-GGUF", "c/c-GGUF"


@pytest.fixture
def three(standin: StandIn, tiny_gguf: Callable[[int], bytes]) -> None:
    for number, repo in enumerate((A, B, C)):
        standin.add(repo, {f"{repo[0]}-Q4_0.gguf": tiny_gguf(number)})


@pytest.fixture
def fetch(make_hub: Callable[..., Any]) -> Any:
    def run(*names: Any, hub: Any = None, **more: Any) -> Any:
        fetching = Fetch(names, hub=hub or make_hub(), **more)
        seen = list(fetching)
        return fetching.outcomes, seen

    return run


def states(seen: list[FetchProgress], name: str) -> list[str]:
    """The states of one model, each once in a row."""
    found = [progress.state for progress in seen if progress.name == name]
    return [state for number, state in enumerate(found) if number == 0 or found[number - 1] != state]


def test_states_in_order_and_what_is_done_is_there(three: Any, fetch: Any, tiny_gguf: Callable[[int], bytes]) -> None:
    outcomes, seen = fetch(A, C)
    assert [type(outcome) for outcome in outcomes] == [Fetched, Fetched]
    for name, outcome, number in ((A, outcomes[0], 0), (C, outcomes[1], 2)):
        assert outcome.path.read_bytes() == tiny_gguf(number)
        assert states(seen, name) == ["waiting", "downloading", "verifying", "done"]
        last = [progress for progress in seen if progress.name == name][-1]
        assert (last.done_bytes, last.total_bytes, last.path) == (outcome.size_bytes, outcome.size_bytes, outcome.path)


def test_what_is_here_is_verified_and_not_fetched(three: Any, fetch: Any, standin: StandIn) -> None:
    fetch(A)
    asked = len(standin.requests)
    (outcome,), seen = fetch(f"{A}:Q4_0")
    assert outcome.choice.cached
    assert states(seen, f"{A}:Q4_0") == ["waiting", "verifying", "done"]
    assert len(standin.requests) == asked


def test_one_that_fails_does_not_stop_the_others(three: Any, fetch: Any, standin: StandIn) -> None:
    standin.repos[B].gated = "manual"
    outcomes, seen = fetch(A, B, C, "no-such-model")
    assert [type(o) for o in outcomes] == [Fetched, NotFetched, Fetched, NotFetched]
    assert isinstance(outcomes[1].error, errors.GatedModelError)
    assert isinstance(outcomes[3].error, errors.ModelReferenceError)
    failed = [progress for progress in seen if progress.name == B][-1]
    assert failed.state == "failed"
    assert f"Accept the terms on {standin.url}/{B}" in failed.reason


def test_the_same_model_under_two_names_comes_once(
    three: Any, fetch: Any, standin: StandIn, tiny_gguf: Callable[[int], bytes]
) -> None:
    outcomes, _ = fetch(A, f"{A}:a-Q4_0.gguf")
    assert outcomes[0].path == outcomes[1].path
    assert standin.bytes_sent() == len(tiny_gguf(0))


def test_what_does_not_fit_together_is_not_begun(
    three: Any, fetch: Any, standin: StandIn, tiny_gguf: Callable[[int], bytes]
) -> None:
    room = 64 * 2**20 + len(tiny_gguf(0)) + 1000
    outcomes, _ = fetch(A, C, disk_free_bytes=lambda folder: room)
    assert all(isinstance(outcome.error, errors.DiskFullError) for outcome in outcomes)
    assert "2 models" in str(outcomes[0].error)
    assert standin.seen("storage") == []
    assert isinstance(fetch(A, f"{A}:Q4_0", disk_free_bytes=lambda folder: room)[0][0], Fetched)


def test_a_file_that_is_no_model_is_not_said_to_be_good(fetch: Any, standin: StandIn, big: bytes) -> None:
    standin.add(A, {"a-Q4_0.gguf": big})  # the right hash, and rubbish after the magic
    (outcome,), seen = fetch(A)
    assert isinstance(outcome.error, ModelFileError)
    assert seen[-1].state == "failed"
    assert "done" not in states(seen, A)


def test_a_damaged_file_in_the_cache_is_fetched_again(
    three: Any, fetch: Any, standin: StandIn, tiny_gguf: Callable[[int], bytes]
) -> None:
    (first,), _ = fetch(A)
    first.path.resolve().write_bytes(b"GGUF" + bytes(len(tiny_gguf(0)) - 4))
    (outcome,), seen = fetch(A)
    assert outcome.path.read_bytes() == tiny_gguf(0)
    assert any("checksum" in progress.note for progress in seen)


def test_cancel_keeps_what_came_and_the_next_goes_on(
    standin: StandIn, make_hub: Callable[..., Any], fetch: Any, tiny_gguf: Callable[[int], bytes]
) -> None:
    model = tiny_gguf(1) + bytes(3_000_000)
    standin.add(A, {"a-Q4_0.gguf": model})
    standin.fault("slow", pause_s=0.01)
    fetching = Fetch([A], hub=make_hub(clock=time.monotonic))
    for progress in fetching:
        if progress.state == "downloading" and standin.bytes_sent() > 1_000_000:
            fetching.cancel()
    (outcome,) = fetching.outcomes
    assert isinstance(outcome.error, errors.UserCancelledError)
    assert 0 < outcome.kept_bytes < len(model)
    before = standin.bytes_sent()
    (outcome,), seen = fetch(A)
    assert outcome.path.read_bytes() == model
    assert standin.bytes_sent() - before < len(model) - 500_000
    assert any("resuming after" in progress.note for progress in seen)


def test_a_stalled_line_does_not_hold_up_who_cancels(
    three: Any, standin: StandIn, make_hub: Callable[..., Any]
) -> None:
    standin.fault("stall", at=1000, times=99)
    began = time.monotonic()

    class EnoughError(Exception):
        pass

    def report(progress: Any) -> None:
        if progress.state == "downloading":
            raise EnoughError

    with pytest.raises(EnoughError):
        fetch_all([A], report=report, hub=make_hub(read_timeout_s=15.0))
    assert time.monotonic() - began < 15  # the read time-out, which is not waited for


def test_rate_and_time_left(standin: StandIn, make_hub: Callable[..., Any], tiny_gguf: Callable[[int], bytes]) -> None:
    standin.add(A, {"a-Q4_0.gguf": tiny_gguf(1) + bytes(3_000_000)})
    standin.fault("slow", pause_s=0.01)
    seen = list(Fetch([A], hub=make_hub(clock=time.monotonic)))
    moving = [progress for progress in seen if progress.bytes_per_second > 0]
    assert len(moving) >= 2
    assert all(later.done_bytes > earlier.done_bytes for earlier, later in pairwise(moving))
    for progress in moving:
        left = (progress.total_bytes - progress.done_bytes) / progress.bytes_per_second
        assert progress.seconds_left == pytest.approx(left)


def test_on_an_event_loop(three: Any, make_hub: Callable[..., Any]) -> None:
    async def run() -> Any:
        fetching = Fetch([A, B], hub=make_hub())
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        ticking = asyncio.create_task(tick())
        seen = [progress async for progress in fetching.stream()]
        ticking.cancel()
        return fetching.outcomes, seen, ticks

    outcomes, seen, ticks = asyncio.run(run())
    assert all(isinstance(outcome, Fetched) for outcome in outcomes)
    assert states(seen, B)[-1] == "done"
    assert ticks > 3


def test_leaving_the_loop_cancels(
    standin: StandIn, make_hub: Callable[..., Any], tiny_gguf: Callable[[int], bytes]
) -> None:
    standin.add(A, {"a-Q4_0.gguf": tiny_gguf(1) + bytes(3_000_000)})
    standin.fault("slow", pause_s=0.01)

    async def run() -> Any:
        fetching = Fetch([A], hub=make_hub())
        stream = fetching.stream()
        async for progress in stream:
            if progress.state == "downloading":
                break
        assert isinstance(stream, AsyncGenerator)
        assert isinstance(stream, AsyncGenerator)
        await stream.aclose()
        return fetching

    fetching = asyncio.run(run())
    fetching.leave()
    assert isinstance(fetching.outcomes[0], NotFetched)
    assert isinstance(fetching.outcomes[0].error, errors.UserCancelledError)


def test_it_waits_while_something_is_timed(three: Any, fetch: Any, clock: Clock, standin: StandIn) -> None:
    begun = clock.now

    def may_transfer() -> bool:
        if clock.now < begun + 5:
            assert standin.seen("storage") == []
            return False
        return True

    (outcome,), seen = fetch(A, may_transfer=may_transfer)
    assert isinstance(outcome, Fetched)
    assert any("being timed" in progress.note for progress in seen)


def test_retries_are_told(three: Any, fetch: Any, standin: StandIn) -> None:
    standin.fault("status", status=500)
    (outcome,), seen = fetch(A)
    assert isinstance(outcome, Fetched)
    assert any("500" in progress.note and "Trying again in" in progress.note for progress in seen)


def test_a_broken_hub_is_the_outcome(three: Any, fetch: Any, standin: StandIn, make_hub: Callable[..., Any]) -> None:
    standin.fault("close", at=50_000, times=99)
    (outcome,), _ = fetch(A, hub=make_hub(retry=RetryPolicy(attempts=2)))
    assert isinstance(outcome.error, errors.NoConnectionError)
    assert outcome.kept_bytes == 50_000


def test_a_fault_of_ours_is_an_outcome_too(three: Any, fetch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **more: Any) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("weighin.engine.models.fetch.download_model", broken)
    (outcome,), seen = fetch(A)
    assert "unforeseen" in str(outcome.error)
    assert seen[-1].state == "failed"


def test_a_path_and_a_folder_need_no_hub(tmp_path: Path, tiny_gguf: Callable[[int], bytes]) -> None:
    (tmp_path / "m.gguf").write_bytes(tiny_gguf(1))
    names = [str(tmp_path / "m.gguf"), str(tmp_path)]
    outcomes = fetch_all(names, report=lambda progress: None)
    assert [outcome.path for outcome in outcomes] == [Path(name) for name in names]
    assert outcomes[0].size_bytes == len(tiny_gguf(1))


def test_lines_for_a_log() -> None:
    said: list[str] = []
    now = [0.0]
    lines = PlainLines(said.append, lambda: now[0])
    total = 800_000_000
    lines(FetchProgress(name="m", state="waiting"))
    for second in range(25):
        now[0] = float(second)
        lines(
            FetchProgress(
                name="m", state="downloading", done_bytes=second * 30_000_000, total_bytes=total,
                bytes_per_second=3e7, seconds_left=total / 3e7 - second,
            )
        )  # fmt: skip
    lines(FetchProgress(name="m", state="done", done_bytes=total, total_bytes=total))
    assert said == [
        "m: downloading 800 MB",
        "m: 38 % of 800 MB, 30.0 MB/s, 17 s left",
        "m: 75 % of 800 MB, 30.0 MB/s, 7 s left",
        "m: here, 800 MB, checked",
    ]
    assert progress_text(FetchProgress(name="m", state="downloading", total_bytes=3_000_000)) == "0 % of 3 MB"
    assert [time_text(s) for s in (5, 99, 600, 7200)] == ["5 s", "99 s", "10 min", "2.0 h"]
