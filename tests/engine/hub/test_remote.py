"""Reading a header by ranges, with the reader deciding when it has all of it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fixtures.standin_hub import StandIn

from weighin.engine.gguf.header import HeaderError, NeedMoreError, parse_header
from weighin.engine.hub import errors
from weighin.engine.hub.listing import list_repo
from weighin.engine.hub.remote import fetch_header_bytes, read_range

REPO = "owner/some-GGUF"
FILE = "some-Q4_K_M.gguf"


@pytest.fixture
def remote(standin: StandIn, make_hub: Callable[..., Any], big: bytes) -> Any:
    standin.add(REPO, {FILE: big})
    hub = make_hub(token="hf_standin")
    repo = list_repo(hub, REPO)
    return hub, repo, repo.models[0].parts[0]


def test_a_range_of_a_file_is_read(remote: Any, standin: StandIn, big: bytes) -> None:
    hub, repo, _ = remote
    found = read_range(hub, hub.file_url(REPO, repo.sha, FILE), 1000, 5000)
    assert found.data == big[1000:6000]
    assert found.transferred_bytes == 5000
    assert standin.seen("storage")[-1].headers["range"] == "bytes=1000-5999"
    assert "authorization" not in standin.seen("storage")[-1].headers


def test_a_server_without_ranges_is_left_early(remote: Any, standin: StandIn, big: bytes) -> None:
    hub, repo, _ = remote
    standin.fault("ignore_range")
    found = read_range(hub, hub.file_url(REPO, repo.sha, FILE), 1000, 5000)
    assert found.data == big[1000:6000]
    assert found.transferred_bytes < len(big) / 2


@pytest.mark.parametrize("needed", [1, 256 * 1024, 256 * 1024 + 1, 900_000, 2_999_999])
def test_reads_grow_until_it_suffices_and_fetch_nothing_twice(remote: Any, big: bytes, needed: int) -> None:
    hub, repo, file = remote
    asked = []

    def needs_more(data: Any) -> Any:
        asked.append(len(data))
        return None if len(data) >= needed else 0

    found = fetch_header_bytes(hub, repo, file, needs_more)
    assert found.data == big[: len(found.data)]
    assert len(found.data) >= needed
    assert found.transferred_bytes == len(found.data) <= max(2 * needed, 256 * 1024)
    assert asked[0] == 256 * 1024
    assert all(later == min(2 * earlier, len(big)) for earlier, later in pairwise(asked))


def test_a_known_need_is_fetched_at_once(remote: Any) -> None:
    hub, repo, file = remote
    asked = []

    def needs_more(data: Any) -> Any:
        asked.append(len(data))
        return None if len(data) >= 2_000_000 else 2_000_000

    assert len(fetch_header_bytes(hub, repo, file, needs_more).data) == 2_000_000
    assert asked == [256 * 1024, 2_000_000]


def test_a_header_that_never_ends(remote: Any) -> None:
    hub, repo, file = remote
    with pytest.raises(errors.ServerTroubleError, match="does not end within 500000 bytes"):
        fetch_header_bytes(hub, repo, file, lambda data: 0, max_bytes=500_000)
    with pytest.raises(errors.ServerTroubleError, match="does not end"):
        fetch_header_bytes(hub, repo, file, lambda data: 10**18)


@pytest.mark.parametrize("kind", ["close", "reset"])
def test_a_dropped_connection_is_retried(remote: Any, standin: StandIn, big: bytes, kind: str) -> None:
    hub, repo, file = remote
    standin.fault(kind, at=100_000)
    found = fetch_header_bytes(hub, repo, file, lambda data: None)
    assert found.data == big[: 256 * 1024]


def test_cancel_and_errors(remote: Any, standin: StandIn) -> None:
    hub, repo, file = remote
    with pytest.raises(errors.UserCancelledError):
        fetch_header_bytes(hub, repo, file, lambda data: None, cancelled=lambda: True)
    del standin.repos[REPO].files[FILE]
    with pytest.raises(errors.HubNotFoundError):
        fetch_header_bytes(hub, repo, file, lambda data: None)


def test_with_the_header_reader(standin: StandIn, make_hub: Callable[..., Any], tiny_models: list[Path]) -> None:
    data = tiny_models[0].read_bytes()
    standin.add(REPO, {FILE: data + bytes(400_000)})
    hub = make_hub()
    repo = list_repo(hub, REPO)

    def needs_more(data: Any) -> int | None:
        try:
            parse_header(data)
        except NeedMoreError:
            return 0
        return None

    found = fetch_header_bytes(hub, repo, repo.models[0].parts[0], needs_more)
    assert parse_header(found.data).metadata["general.architecture"] == "llama"
    standin.add(REPO, {FILE: b"not a model" * 1000})
    repo = list_repo(hub, REPO)
    with pytest.raises(HeaderError):
        fetch_header_bytes(hub, repo, repo.models[0].parts[0], needs_more)
