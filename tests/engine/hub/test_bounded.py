"""Nothing that a hub sends can take all memory, never end, or reach the terminal as it is."""

from __future__ import annotations

import gzip
import itertools
import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import huggingface_hub
import pytest
from huggingface_hub.utils import _http as client_of_hub

from weighin.engine.hub import errors
from weighin.engine.hub.bounded import MAX_ANSWER_BYTES, files_up_to
from weighin.engine.hub.client import RetryPolicy, ask, open_stream, session
from weighin.engine.hub.listing import list_repo, search

Answer = Callable[[httpx2.Request], httpx2.Response]
SHA = "c" * 40


class _Stream(httpx2.SyncByteStream):
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return self.pieces


@pytest.fixture
def hub_that_sends(make_hub: Callable[..., Any]) -> Iterator[Callable[[Answer], Any]]:
    """A hub whose every answer is what a function makes of the request."""

    def use(answer: Answer) -> Any:
        def client() -> httpx2.Client:
            return httpx2.Client(transport=httpx2.MockTransport(answer), follow_redirects=True)

        huggingface_hub.set_client_factory(client)
        return make_hub(token="secret-of-mine", retry=RetryPolicy(attempts=1))

    yield use
    huggingface_hub.set_client_factory(client_of_hub.default_client_factory)


def endless(*, status: int = 200, headers: dict[str, str] | None = None, start: bytes = b"[") -> Answer:
    def answer(_request: httpx2.Request) -> httpx2.Response:
        pieces = itertools.chain([start], itertools.repeat(b" " * 2**16))
        return httpx2.Response(status, headers=headers, stream=_Stream(pieces))

    return answer


def body(content: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return lambda _request: httpx2.Response(status, headers=headers, stream=_Stream(iter([content])))


def bomb() -> bytes:
    press = zlib.compressobj(9, wbits=31)
    return b"".join(press.compress(b" " * 2**20) for _ in range(64)) + press.flush()


CALLS: dict[str, Callable[[Any], object]] = {
    "list": lambda hub: list_repo(hub, "o/n"),
    "search": lambda hub: search(hub, "x"),
}
ENDLESS = {
    "answer": endless(),
    "not found": endless(status=404),
    "error": endless(status=500, start=b"{"),
    "gzip": body(bomb(), headers={"content-encoding": "gzip"}),
    "gzip of an error": body(bomb(), headers={"content-encoding": "GZIP", "content-length": "3"}, status=403),
}
STRANGE = {
    "deep list": b"[" * 5_000_000,
    "deep object": b'{"a":' * 200_000,
    "list": b"[1, 2]",
    "null": b"null",
    "number": b"5",
    "text": b'"text"',
    "no UTF-8": b"\xff\xfe",
    "page": b"<html>Sign in</html>",
    "size of text": b'{"id": "o/n", "sha": "%s", "siblings": [{"rfilename": "a-Q4_0.gguf", "size": "large"}]}'
    % SHA.encode(),
    "files of a number": b'{"id": "o/n", "sha": "%s", "siblings": 5}' % SHA.encode(),
    "commit of a list": b'{"id": "o/n", "sha": ["x"], "siblings": []}',
    "commit of a path": b'{"id": "o/n", "sha": "../../x", "siblings": []}',
    "long number": b'{"sha": 1' + b"0" * 5000 + b"}",
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("answer", ENDLESS)
def test_an_answer_without_an_end_is_given_up(hub_that_sends: Any, answer: str, call: str) -> None:
    hub = hub_that_sends(ENDLESS[answer])
    with pytest.raises(errors.ServerTroubleError, match="more data than any answer"):
        CALLS[call](hub)


@pytest.mark.parametrize("answer", STRANGE)
def test_an_answer_of_another_form_is_one_sentence(hub_that_sends: Any, answer: str) -> None:
    hub = hub_that_sends(body(STRANGE[answer]))
    said = []
    with pytest.raises(errors.HubError) as caught:
        list_repo(hub, "o/n")
    said.append(str(caught.value))
    if answer == "list":
        assert search(hub, "x") == ()
    else:
        with pytest.raises(errors.HubError) as caught:
            search(hub, "x")
        said.append(str(caught.value))
    assert all(len(sentence) < 500 and "\n" not in sentence for sentence in said)


def test_sizes_that_no_file_has_are_left_out(hub_that_sends: Any) -> None:
    files = [{"rfilename": f"{name}-Q4_0.gguf", "size": size} for name, size in (("a", -1), ("b", 2**63), ("c", 7))]
    hub = hub_that_sends(body(json.dumps({"id": "o/n", "sha": SHA, "siblings": files}).encode()))
    assert [model.name for model in list_repo(hub, "o/n").models] == ["c-Q4_0.gguf"]


def test_a_compressed_answer_is_read(hub_that_sends: Any) -> None:
    rows = json.dumps([{"id": f"owner/name-{number}"} for number in range(5_000)]).encode()
    for encoding, packed in (("gzip", gzip.compress(rows)), ("deflate", zlib.compress(rows))):
        hub = hub_that_sends(body(packed, headers={"content-encoding": encoding}))
        assert len(search(hub, "x")) == 5_000
    for content, encoding in ((b"no gzip", "gzip"), (rows, "br")):
        with pytest.raises(errors.ServerTroubleError):
            search(hub_that_sends(body(content, headers={"content-encoding": encoding})), "x")


def test_names_that_are_none_are_not_found(hub_that_sends: Any) -> None:
    names = ["owner/good", "o/n; touch X", "o/\x1b]0;title\x07", "o/$(x)", "o/n\n", "../..", "o/" + "n" * 200, 5, None]
    rows = [{"id": name, "likes": 10**400, "downloads": -1} for name in names]
    (hit,) = search(hub_that_sends(body(json.dumps(rows).encode())), "x")
    assert (hit.repo, hit.likes, hit.downloads) == ("owner/good", 0, 0)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    "echoed", ["bad Bearer secret-of-mine", "bad hf_abcdefghijkl", "\x1b[2J\x1b]0;owned\x07secret-of-mine"]
)
def test_a_token_or_an_escape_sequence_that_a_hub_sends_back_is_not_shown(
    hub_that_sends: Any, status: int, echoed: str
) -> None:
    hub = hub_that_sends(body(b"", status=status, headers={"x-error-message": echoed}))
    for call in (lambda: search(hub, "x"), lambda: list_repo(hub, "o/n")):
        with pytest.raises(errors.HubError) as caught:
            call()
        assert "secret-of-mine" not in str(caught.value)
        assert "hf_abc" not in str(caught.value)
        assert "\x1b" not in str(caught.value)


def test_a_file_is_as_long_as_its_reader_wants(hub_that_sends: Any) -> None:
    hub = hub_that_sends(body(b"x" * (MAX_ANSWER_BYTES + 1)))
    with open_stream(hub, f"{hub.endpoint}/o/n/resolve/main/f") as response:
        assert sum(map(len, response.iter_raw())) == MAX_ANSWER_BYTES + 1
    with files_up_to(2 * MAX_ANSWER_BYTES):
        read = ask(hub, lambda: session().get(f"{hub.endpoint}/f").content, subject="f")
    assert len(read) == MAX_ANSWER_BYTES + 1
    with files_up_to(10), pytest.raises(errors.ServerTroubleError, match="more data"):
        ask(hub, lambda: session().get(f"{hub.endpoint}/f").content, subject="f")
