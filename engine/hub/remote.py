"""Read some bytes of a file on the hub: the GGUF header without the gigabytes behind it. Headers are cached."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec

from .. import paths
from ..errors import ModelFileError
from ..files import write_atomically
from ..gguf.header import HeaderError, NeedMoreError, parse_header
from .client import Hub, ask, cancelled_error, never, open_stream
from .errors import ServerTroubleError
from .listing import HubFile, HubModel, HubRepo
from .transfer import start_of

FIRST_READ_BYTES = 256 * 2**10
MAX_HEADER_BYTES = 64 * 2**20
"""Far above today's headers, which have up to 6.5 MB with a vocabulary of 262 thousand."""


class RangeRead(msgspec.Struct, frozen=True):
    """A piece of a remote file."""

    data: bytes
    """Shorter than requested only at the end of the file."""
    transferred_bytes: int
    """Bytes received, including skipped ones, without what the kernel had buffered beyond that."""


def read_range(
    hub: Hub,
    url: str,
    start: int,
    length: int,
    *,
    subject: str = "",
    repo: str = "",
    cancelled: Callable[[], bool] = never,
) -> RangeRead:
    """Read bytes ``start`` … ``start + length`` of ``url``. Redirects to other hosts do not get the token.

    If the server ignores Range, the file is read from its first byte until the requested bytes have arrived.

    Raises:
        HubError: the request failed.
    """
    subject = subject or url
    if length <= 0:
        return RangeRead(b"", 0)
    transferred = 0

    def call() -> bytes:
        nonlocal transferred
        import httpx2

        found = bytearray()
        with open_stream(hub, url, extra={"range": f"bytes={start}-{start + length - 1}"}) as response:
            skip = start - start_of(response.status_code, response.headers.get("content-range"))
            if skip < 0:
                raise ServerTroubleError(
                    f"{hub.endpoint} sent a different part of {subject} than requested.", hint="Try again."
                )
            for chunk in response.iter_raw():
                if cancelled():
                    raise cancelled_error(subject)
                transferred += len(chunk)
                dropped = min(skip, len(chunk))
                skip -= dropped
                found += chunk[dropped:]
                if len(found) >= length:
                    break
            else:
                announced = response.headers.get("content-length", "")
                if announced.isdigit() and response.num_bytes_downloaded < int(announced):
                    raise httpx2.RemoteProtocolError("the connection was closed before the end")
        return bytes(found[:length])

    data = ask(hub, call, subject=subject, repo=repo, cancelled=cancelled)
    return RangeRead(data, transferred)


def fetch_header_bytes(
    hub: Hub,
    repo: HubRepo,
    file: HubFile,
    needs_more: Callable[[bytes], int | None],
    *,
    max_bytes: int = MAX_HEADER_BYTES,
    cancelled: Callable[[], bool] = never,
) -> RangeRead:
    """Read from the start until ``needs_more`` is satisfied: 256 KiB first, then twice as much each time.

    ``needs_more`` gets all bytes so far. It returns None when they suffice, or the number it needs (0 when it
    does not know), and may raise an error for a file that is not a GGUF.

    Raises:
        HubError: the request failed, or the header is larger than ``max_bytes``.
    """
    subject = f"{repo.repo}:{file.name}"
    url = hub.file_url(repo.repo, repo.sha, file.name)
    limit = min(file.size_bytes, max_bytes)
    data = b""
    transferred = 0
    wanted = min(FIRST_READ_BYTES, limit)
    while True:
        piece = read_range(
            hub, url, len(data), wanted - len(data), subject=subject, repo=repo.repo, cancelled=cancelled
        )
        transferred += piece.transferred_bytes
        data += piece.data
        if len(data) < wanted:
            raise ServerTroubleError(
                f"{subject} ends after {len(data)} bytes instead of {file.size_bytes}.", hint="Try again later."
            )
        needed = needs_more(data)
        if needed is None:
            return RangeRead(data, transferred)
        if len(data) >= limit or needed > limit:
            raise ServerTroubleError(
                f"The header of {subject} does not end within {limit} bytes.", hint="Do not use this file."
            )
        wanted = min(limit, max(needed, 2 * len(data)))


def remote_header(hub: Hub, repo: HubRepo, model: HubModel, *, cancelled: Callable[[], bool] = never) -> bytes:
    """The file's bytes up to its tensor data. They are not verified: the hub has a checksum of the whole file only.

    Raises:
        HubError: the download failed.
        ModelFileError: the header is invalid, or the model is split.
    """
    name = f"{repo.repo}:{model.name}"
    if len(model.parts) > 1:
        raise ModelFileError(f"{name} is split into {len(model.parts)} files.", hint="Download it to measure it.")
    file = model.parts[0]
    # Named by the file's hash, so that another version of the file has another note.
    note = paths.cache_dir() / "headers" / hashlib.sha256(f"{name} {file.sha256 or file.blob_id}".encode()).hexdigest()
    try:
        known = note.read_bytes()
        return known[: parse_header(known, file_bytes=file.size_bytes).data_offset]
    except (OSError, HeaderError, NeedMoreError):
        pass

    def needs_more(data: bytes) -> int | None:
        try:
            offset = parse_header(data, file_bytes=file.size_bytes).data_offset
        except NeedMoreError as error:
            return error.wanted_bytes
        return None if len(data) >= offset else offset

    try:
        data = fetch_header_bytes(hub, repo, file, needs_more, cancelled=cancelled).data
        header = data[: parse_header(data, file_bytes=file.size_bytes).data_offset]
    except HeaderError as error:
        raise ModelFileError(f"{name} cannot be used: {error.what}.", hint="Choose another file.") from None
    write_atomically(note, header)
    return header
