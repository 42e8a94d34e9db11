"""Downloads against the stand-in hub: whatever the line does, the right file or a clear error, never a half file."""

from __future__ import annotations

import errno
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fixtures.standin_hub import Clock, StandIn

from weighin.engine.hub import errors
from weighin.engine.hub.client import RetryPolicy
from weighin.engine.hub.download import download_model
from weighin.engine.hub.listing import list_repo
from weighin.engine.hub.progress import (
    DownloadFailed,
    DownloadFinished,
    DownloadPaused,
    DownloadProgressed,
    DownloadRejected,
    DownloadResumed,
    DownloadRetried,
    DownloadStarted,
    DownloadVerified,
)
from weighin.engine.models.references import RepoFileRef, RepoQuantRef, RepoRef
from weighin.engine.models.resolve import choose

REPO = "owner/some-GGUF"
FILE = "some-Q4_K_M.gguf"


@pytest.fixture
def pull(standin: StandIn, make_hub: Callable[..., Any], big: bytes) -> Any:
    standin.add(REPO, {FILE: big, "README.md": b"# Some model\n"})

    def run(hub: Any = None, ref: Any = None, **more: Any) -> Any:
        hub = hub or make_hub()
        repo = list_repo(hub, REPO)
        return download_model(hub, repo, choose(repo, ref or RepoRef(REPO)), **more)

    return run


def leftovers(tmp_path: Path) -> list[str]:
    """Everything in the cache that is not finished."""
    return [p.name for p in (tmp_path / "cache").rglob("*") if p.name.endswith((".part", ".link", ".tmp"))]


def finished(tmp_path: Path) -> list[Path]:
    return [p for p in (tmp_path / "cache").rglob("snapshots/*/*") if p.exists()]


def test_the_client_finds_what_was_downloaded(
    pull: Any, standin: StandIn, big: bytes, tmp_path: Path, cached_by_client: Callable[[str, str], bytes]
) -> None:
    seen: list[Any] = []
    path = pull(report=seen.append)
    assert path.name == FILE
    assert path.read_bytes() == big
    assert cached_by_client(REPO, FILE) == big
    assert leftovers(tmp_path) == []
    assert isinstance(seen[0], DownloadStarted)
    assert [type(e) for e in seen[-2:]] == [DownloadVerified, DownloadFinished]
    assert all("authorization" not in request.headers for request in standin.seen("storage"))


def test_a_second_call_fetches_nothing(pull: Any, standin: StandIn) -> None:
    first = pull()
    sent = standin.bytes_sent()
    assert pull() == first
    assert standin.bytes_sent() == sent


def test_the_token_stays_with_the_hub(pull: Any, standin: StandIn, make_hub: Callable[..., Any], big: bytes) -> None:
    standin.repos[REPO].gated = "auto"
    standin.token_required = "hf_standin"
    assert pull(make_hub(token="hf_standin")).read_bytes() == big
    assert any("authorization" in request.headers for request in standin.seen("hub"))
    assert standin.seen("storage")
    assert all("authorization" not in request.headers for request in standin.seen("storage"))


@pytest.mark.parametrize("kind", ["close", "reset"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_cut_connection_is_resumed(
    pull: Any, standin: StandIn, big: bytes, kind: str, share: float, tmp_path: Path
) -> None:
    at = int(len(big) * share)
    standin.fault(kind, at=at)
    seen: list[Any] = []
    assert pull(report=seen.append).read_bytes() == big
    assert [type(e) for e in seen].count(DownloadRetried) == 1
    ranges = [request.headers.get("range") for request in standin.seen("storage")]
    assert ranges[0] is None
    if kind == "close" and at:
        assert ranges[1] == f"bytes={at}-"
        assert standin.bytes_sent() == len(big)
    assert leftovers(tmp_path) == []


def test_many_cuts_with_progress_between_are_survived(pull: Any, standin: StandIn, big: bytes) -> None:
    for share in range(1, 10):
        standin.fault("close", at=int(len(big) * share / 10))
    assert pull().read_bytes() == big
    assert standin.bytes_sent() == len(big)


def test_a_hub_that_breaks_for_ever_is_given_up_and_the_part_kept(
    pull: Any, standin: StandIn, make_hub: Callable[..., Any], big: bytes, tmp_path: Path
) -> None:
    standin.fault("close", at=1_000_000, times=99)
    with pytest.raises(errors.NoConnectionError):
        pull(make_hub(retry=RetryPolicy(attempts=3)))
    assert finished(tmp_path) == []
    assert len(leftovers(tmp_path)) == 1
    standin.faults.clear()
    before = standin.bytes_sent()
    seen: list[Any] = []
    assert pull(report=seen.append).read_bytes() == big
    assert standin.bytes_sent() - before == len(big) - 1_000_000
    assert [e.bytes_done for e in seen if isinstance(e, DownloadResumed)] == [1_000_000]


def test_a_stall_is_resumed(pull: Any, standin: StandIn, make_hub: Callable[..., Any], big: bytes) -> None:
    standin.fault("stall", at=1_500_000)
    assert pull(make_hub(read_timeout_s=1.5)).read_bytes() == big
    assert standin.bytes_sent() == len(big)


def test_a_stall_that_does_not_end_is_an_error(
    pull: Any, standin: StandIn, make_hub: Callable[..., Any], tmp_path: Path
) -> None:
    standin.fault("stall", at=10_000, times=99)
    with pytest.raises(errors.StalledError):
        pull(make_hub(read_timeout_s=0.2, retry=RetryPolicy(attempts=2)))
    assert finished(tmp_path) == []


def test_a_corrupted_body_is_fetched_again(pull: Any, standin: StandIn, big: bytes, tmp_path: Path) -> None:
    standin.fault("corrupt", at=2_000_000)
    seen: list[Any] = []
    assert pull(report=seen.append).read_bytes() == big
    assert any(isinstance(e, DownloadRejected) for e in seen)


def test_a_body_corrupted_twice_is_an_error_and_leaves_nothing(pull: Any, standin: StandIn, tmp_path: Path) -> None:
    standin.fault("corrupt", at=2_000_000, times=2)
    seen: list[Any] = []
    with pytest.raises(errors.CorruptedDownloadError, match="checksum"):
        pull(report=seen.append)
    assert isinstance(seen[-1], DownloadFailed)
    assert finished(tmp_path) == []
    assert all(p.stat().st_size == 0 for p in (tmp_path / "cache").rglob("*.part"))


def test_a_corrupted_start_that_was_kept_is_noticed_after_the_resume(
    pull: Any, standin: StandIn, make_hub: Callable[..., Any], big: bytes, tmp_path: Path
) -> None:
    standin.fault("corrupt", at=5)
    calls = []

    def soon() -> bool:
        calls.append(1)
        return len(calls) > 20

    with pytest.raises(errors.UserCancelledError):
        pull(cancelled=soon)
    assert len(leftovers(tmp_path)) == 1
    assert pull().read_bytes() == big


def test_a_bad_file_already_in_the_cache_is_not_used(pull: Any, big: bytes, tmp_path: Path) -> None:
    path = pull()
    blob = path.resolve()
    blob.write_bytes(big[:-1] + b"?")
    seen: list[Any] = []
    assert pull(report=seen.append).read_bytes() == big
    assert any(isinstance(e, DownloadRejected) for e in seen)


def test_more_bytes_than_announced(pull: Any, standin: StandIn, tmp_path: Path) -> None:
    standin.fault("too_long")
    with pytest.raises(errors.CorruptedDownloadError, match="more than"):
        pull()
    assert finished(tmp_path) == []


def test_a_server_that_ignores_range_loses_nothing(pull: Any, standin: StandIn, big: bytes) -> None:
    standin.fault("close", at=1_000_000)
    standin.fault("ignore_range")
    assert pull().read_bytes() == big


def test_a_wrong_range_is_never_appended(pull: Any, standin: StandIn, big: bytes) -> None:
    standin.fault("close", at=1_000_000)
    standin.fault("wrong_range")
    assert pull().read_bytes() == big


def test_range_not_satisfiable(pull: Any, standin: StandIn, big: bytes) -> None:
    standin.fault("close", at=1_000_000)
    standin.fault("status", status=416)
    assert pull().read_bytes() == big


def test_429_waits_as_asked(pull: Any, standin: StandIn, clock: Clock, big: bytes) -> None:
    standin.fault("status", status=429, headers={"Retry-After": "7"}, port="hub", path="/resolve/")
    assert pull().read_bytes() == big
    assert sum(clock.slept) == pytest.approx(7, abs=0.01)


def test_429_from_the_storage_by_ratelimit_header(pull: Any, standin: StandIn, clock: Clock, big: bytes) -> None:
    standin.fault("status", status=429, headers={"RateLimit": '"resolvers";r=0;t=2'})
    assert pull().read_bytes() == big
    assert sum(clock.slept) == pytest.approx(2, abs=0.01)


def test_429_with_an_hour_is_said_and_not_waited(pull: Any, standin: StandIn, clock: Clock) -> None:
    standin.fault("status", status=429, headers={"Retry-After": "3600"}, times=99)
    with pytest.raises(errors.RateLimitedError, match="60 minutes"):
        pull()
    assert sum(clock.slept) < 1


@pytest.mark.parametrize(("port", "method"), [("hub", "HEAD"), ("hub", "GET"), ("storage", "GET")])
def test_500_then_success(pull: Any, standin: StandIn, big: bytes, port: str, method: str) -> None:
    standin.fault("status", status=500, port=port, method=method, times=2)
    assert pull().read_bytes() == big


def test_an_expired_address_is_renewed(pull: Any, standin: StandIn, big: bytes) -> None:
    standin.fault("status", status=403)
    assert pull().read_bytes() == big


def test_cancel_keeps_the_part_and_resumes(pull: Any, standin: StandIn, big: bytes, tmp_path: Path) -> None:
    progress: list[Any] = []

    def enough() -> Any:
        return any(len(p.read_bytes()) > 1_000_000 for p in (tmp_path / "cache").rglob("*.part"))

    with pytest.raises(errors.UserCancelledError):
        pull(cancelled=enough, report=progress.append)
    assert progress[-1].cancelled
    kept = sum(p.stat().st_size for p in (tmp_path / "cache").rglob("*.part"))
    assert kept > 1_000_000
    assert finished(tmp_path) == []
    assert pull().read_bytes() == big
    assert standin.seen("storage")[-1].headers["range"] == f"bytes={kept}-"


def test_no_room_is_said_before_the_first_byte(pull: Any, standin: StandIn, tmp_path: Path) -> None:
    with pytest.raises(errors.DiskFullError, match="free"):
        pull(disk_free_bytes=lambda folder: 1_000_000)
    assert standin.seen("storage") == []


def test_a_disk_that_fills_up_keeps_what_fitted(pull: Any, standin: StandIn, big: bytes, tmp_path: Path) -> None:
    room = 1_234_567
    written = 0

    def write(file: Any, data: Any) -> Any:
        nonlocal written
        if written >= room:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = file.write(data[: room - written])
        written += count
        return count

    with pytest.raises(errors.DiskFullError):
        pull(write=write)
    assert [p.stat().st_size for p in (tmp_path / "cache").rglob("*.part")] == [room]
    assert finished(tmp_path) == []
    assert pull().read_bytes() == big
    assert standin.seen("storage")[-1].headers["range"] == f"bytes={room}-"


def test_progress_is_reported_five_times_a_second_at_most(
    pull: Any, standin: StandIn, clock: Clock, big: bytes
) -> None:
    standin.fault("slow", pause_s=0.0)
    times = []

    def report(event: Any) -> None:
        if isinstance(event, DownloadProgressed):
            times.append(clock.now)
            assert 0 < event.bytes_done <= event.bytes_total == len(big)

    def cancelled() -> bool:
        clock.now += 0.05  # a chunk takes that long
        return False

    pull(report=report, cancelled=cancelled)
    assert len(times) > 3
    assert all(later - earlier >= 0.2 for earlier, later in pairwise(times))


def test_it_pauses_while_something_is_timed(pull: Any, standin: StandIn, big: bytes) -> None:
    answers = iter([True] * 10 + [False] * 5)
    seen: list[Any] = []
    assert pull(may_transfer=lambda: next(answers, True), report=seen.append).read_bytes() == big
    assert [type(e) for e in seen].count(DownloadPaused) == 1
    assert len(standin.seen("storage")) == 2


def test_a_kept_part_is_not_even_hashed_while_something_is_timed(
    pull: Any, standin: StandIn, clock: Clock, big: bytes
) -> None:
    with pytest.raises(errors.UserCancelledError):
        pull(cancelled=lambda: standin.bytes_sent() > 1_000_000)
    asked = len(standin.seen("storage"))
    begun = clock.now

    def may_transfer() -> bool:
        if clock.now < begun + 60:
            assert len(standin.seen("storage")) == asked
            return False
        return True

    assert pull(may_transfer=may_transfer).read_bytes() == big
    assert clock.now >= begun + 60


def test_a_split_model_is_one_model(
    standin: StandIn,
    make_hub: Callable[..., Any],
    make_content: Callable[..., bytes],
    cached_by_client: Callable[[str, str], bytes],
) -> None:
    names = [f"deep/big-Q8_0-{n:05}-of-00003.gguf" for n in (1, 2, 3)]
    parts = {name: make_content(300_000, n) for n, name in enumerate(names)}
    standin.add(REPO, dict(reversed(parts.items())))
    hub = make_hub()
    repo = list_repo(hub, REPO)
    (model,) = repo.models
    seen: list[Any] = []
    path = download_model(hub, repo, choose(repo, RepoFileRef(REPO, names[1])), report=seen.append)
    assert path.as_posix().endswith(names[0])
    for name, data in parts.items():
        assert cached_by_client(REPO, name) == data
        assert (path.parent / name.split("/")[1]).read_bytes() == data
    assert [e.bytes_total for e in seen if isinstance(e, DownloadStarted)] == [900_000]
    assert [type(e) for e in seen].count(DownloadVerified) == 3
    assert model.quant == "Q8_0"


def test_a_small_git_file_is_checked_by_its_blob_id(
    standin: StandIn,
    make_hub: Callable[..., Any],
    make_content: Callable[..., bytes],
    cached_by_client: Callable[[str, str], bytes],
) -> None:
    tiny = make_content(5000)
    standin.add(REPO, {"tiny-F16.gguf": tiny}, small=("tiny-F16.gguf",))
    hub = make_hub()
    repo = list_repo(hub, REPO)
    assert repo.models[0].parts[0].sha256 == ""
    standin.fault("corrupt", at=100, port="hub", path="/resolve/")
    assert download_model(hub, repo, repo.models[0]).read_bytes() == tiny
    assert cached_by_client(REPO, "tiny-F16.gguf") == tiny


def test_a_repo_that_moved(
    standin: StandIn, make_hub: Callable[..., Any], big: bytes, cached_by_client: Callable[[str, str], bytes]
) -> None:
    standin.add(REPO, {FILE: big}, gated="auto")
    standin.moved["former/name-GGUF"] = REPO
    hub = make_hub(token="hf_standin")
    repo = list_repo(hub, "former/name-GGUF")
    assert download_model(hub, repo, repo.models[0]).read_bytes() == big
    assert cached_by_client("former/name-GGUF", FILE) == big


def test_a_list_that_contradicts_the_file_is_refused(
    pull: Any, standin: StandIn, make_hub: Callable[..., Any], big: bytes, tmp_path: Path
) -> None:
    hub = make_hub()
    repo = list_repo(hub, REPO)
    standin.repos[REPO].wrong_sha = "0" * 64
    with pytest.raises(errors.ServerTroubleError, match="contradicts"):
        download_model(hub, repo, choose(repo, RepoQuantRef(REPO, "Q4_K_M")))
    assert finished(tmp_path) == []


def test_a_file_that_was_deleted_meanwhile_is_an_error(
    pull: Any, standin: StandIn, make_hub: Callable[..., Any]
) -> None:
    hub = make_hub()
    repo = list_repo(hub, REPO)
    model = repo.models[0]
    del standin.repos[REPO].files[FILE]
    with pytest.raises(errors.HubNotFoundError, match=FILE):
        download_model(hub, repo, model)
