"""Bounds on what a hub may send, whoever asks: weighin itself, or huggingface_hub through the same session."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from .errors import ServerTroubleError

if TYPE_CHECKING:
    import httpx2

MAX_ANSWER_BYTES = 32 * 2**20
"""The list of a repo with tens of thousands of files has under 20 MiB."""
_MAX_ERROR_BYTES = 2**20
_MAX_ANSWER_S = 120.0
_PIECE_BYTES = 2**16
FILE = "weighin_file"
"""The extension of a request whose answer its reader bounds by the file's size."""
_limit_bytes: ContextVar[int] = ContextVar("limit_bytes", default=MAX_ANSWER_BYTES)


@contextmanager
def files_up_to(size_bytes: int) -> Iterator[None]:
    """Let huggingface_hub receive files of this size in the block, for as long as they take."""
    token = _limit_bytes.set(size_bytes)
    try:
        yield
    finally:
        _limit_bytes.reset(token)


def bound(client: httpx2.Client) -> None:
    """Bound every answer that ``client`` receives from now on, bytes and seconds, decompressed too."""
    hooks = client.event_hooks
    if _bound_answer not in hooks["response"]:
        hooks["response"].append(_bound_answer)
        client.event_hooks = hooks


def _bound_answer(response: httpx2.Response) -> None:
    """Replace the answer's stream, which nobody has read yet."""
    import httpx2

    limit_bytes = _limit_bytes.get()
    failed = response.status_code >= 400
    if not failed and FILE in response.request.extensions:
        return
    assert isinstance(response.stream, httpx2.SyncByteStream)
    stream: httpx2.SyncByteStream = response.stream
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("gzip", "x-gzip", "deflate"):
        # The client would decompress each piece at once, and a few kilobytes can become gigabytes.
        del response.headers["content-encoding"]
        response.headers.pop("content-length", None)
    elif encoding not in ("identity", ""):
        raise ServerTroubleError(
            f"{response.request.url.host} sent an answer in the encoding {encoding[:20]!r}, which was not asked for.",
            hint="Check HF_ENDPOINT and the proxy.",
        )

    class Bounded(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            deadline = time.monotonic() + _MAX_ANSWER_S if limit_bytes == MAX_ANSWER_BYTES else float("inf")
            left = _MAX_ERROR_BYTES if failed else limit_bytes
            pieces = iter(stream) if encoding in ("identity", "") else _decompressed(stream)
            for piece in pieces:
                left -= len(piece)
                if left < 0 or time.monotonic() > deadline:
                    problem = "more data than any answer has" if left < 0 else "an answer that does not end"
                    raise ServerTroubleError(
                        f"{response.request.url.host} sends {problem}.", hint="Check HF_ENDPOINT and the proxy."
                    )
                yield piece

        def close(self) -> None:
            stream.close()

    response.stream = Bounded()


def _decompressed(stream: httpx2.SyncByteStream) -> Iterator[bytes]:
    """Gzip or zlib data in pieces of bounded size. Raises ``zlib.error`` as ``httpx2.DecodingError``."""
    import httpx2

    decoder = zlib.decompressobj(wbits=47)  # either format, by its header
    try:
        for piece in stream:
            rest = piece
            while rest:
                yield decoder.decompress(rest, _PIECE_BYTES)
                rest = decoder.unconsumed_tail
    except zlib.error as error:
        raise httpx2.DecodingError(f"it is not compressed as it says ({error})") from None
