"""One file's bytes, from the hub into our ``.part``, through every cut, stall and restart.

What is on the disk is hashed when a transfer resumes, and every new chunk as it is written, so the verdict on the file
is there with its last byte.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import IO

from .cache import CachedFile, hash_file, new_digest, storage_errors
from .client import Hub, asked_wait, cancelled_error, is_worth_retrying, open_stream, origin, wait
from .errors import CorruptedDownloadError, HubError, ServerTroubleError, from_client
from .progress import DownloadPaused, DownloadRetried, Meter

_CONTENT_RANGE = re.compile(r"^bytes (\d+)-(\d+)/(\d+|\*)$")
_PAUSE_POLL_S = 0.2

Write = Callable[[IO[bytes], bytes], int]
"""Writes some of the bytes and returns how many, as an unbuffered file does."""


def write_some(file: IO[bytes], data: bytes) -> int:
    """The real thing; tests put a full disk in its place."""
    return file.write(data)


class _PausedTransferError(Exception):
    """Something is being timed."""


class PartFile:
    """An unfinished download: its bytes on the disk, and their hash so far."""

    def __init__(self, file: CachedFile, size_bytes: int, write: Write) -> None:
        self.path: Path = file.part
        self.size_bytes = size_bytes
        self.done_bytes = 0
        self._etag = file.etag
        self._write = write
        self._digest = new_digest(file.etag, size_bytes)
        self._file: IO[bytes] | None = None

    def load(self, cancelled: Callable[[], bool]) -> None:
        """Take over what an earlier run left."""
        with storage_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.done_bytes = 0
            self._digest = new_digest(self._etag, self.size_bytes)
            if self.path.exists():
                self.done_bytes = hash_file(self.path, self._digest, cancelled=cancelled, subject=self.path.name)
            self._file = self.path.open("ab", buffering=0)
        if self.done_bytes > self.size_bytes:
            self.clear()

    def append(self, data: bytes) -> None:
        """Write all of ``data``; a full disk leaves what fitted, and the next ``load`` finds it."""
        assert self._file is not None
        view = memoryview(data)
        with storage_errors(self.path):
            while view:
                count = self._write(self._file, bytes(view))
                self._digest.update(view[:count])
                self.done_bytes += count
                view = view[count:]

    def clear(self) -> None:
        """Throw the bytes away."""
        assert self._file is not None
        with storage_errors(self.path):
            self._file.truncate(0)
        self.done_bytes = 0
        self._digest = new_digest(self._etag, self.size_bytes)

    @property
    def is_right(self) -> bool:
        """Whether the bytes are those the hub promised."""
        return self.done_bytes == self.size_bytes and self._digest.hexdigest() == self._etag

    def close(self, *, durable: bool) -> None:
        """Close; ``durable`` waits until the disk has the bytes, so that a power cut leaves no hollow file."""
        if self._file is None:
            return
        with storage_errors(self.path):
            if durable:
                os.fsync(self._file.fileno())
            self._file.close()
        self._file = None


def fetch(
    hub: Hub,
    url: str,
    part: PartFile,
    *,
    repo: str,
    subject: str,
    meter: Meter,
    cancelled: Callable[[], bool],
    may_transfer: Callable[[], bool],
) -> None:
    """Bring ``part`` to its full length. Its hash is the caller's to judge.

    Raises:
        HubError: given up, cancelled, or the disk is full; the part stays as it is.
    """
    import httpx2

    failures = total_failures = 0
    with_range = True
    while part.done_bytes < part.size_bytes:
        if cancelled():
            raise cancelled_error(subject)
        wait_for_permission(hub, subject, meter, cancelled, may_transfer)
        before = part.done_bytes
        try:
            _stream(hub, url, part, meter, cancelled, may_transfer, subject=subject, with_range=with_range)
        except _PausedTransferError:
            continue
        except HubError:
            raise
        except (httpx2.HTTPError, OSError) as error:
            if _range_refused(error):
                with_range = False
            elif not (is_worth_retrying(error) or _address_expired(error, hub)):
                raise from_client(error, subject=subject, endpoint=hub.endpoint, repo=repo) from error
            total_failures += 1
            failures = 1 if part.done_bytes - before >= hub.retry.useful_bytes else failures + 1
            if failures >= hub.retry.attempts or total_failures >= hub.retry.total_attempts:
                raise from_client(error, subject=subject, endpoint=hub.endpoint, repo=repo) from error
            wait_s = hub.retry.wait_s(failures, asked_wait(error, hub, subject=subject))
            reason = from_client(error, subject=subject, endpoint=hub.endpoint, repo=repo).what
            meter.report(DownloadRetried(meter.name, reason, wait_s))
            wait(hub, wait_s, cancelled, subject)


def _stream(
    hub: Hub,
    url: str,
    part: PartFile,
    meter: Meter,
    cancelled: Callable[[], bool],
    may_transfer: Callable[[], bool],
    *,
    subject: str,
    with_range: bool,
) -> None:
    """One request: append what comes. A connection that ends early is an error, whatever the server calls it."""
    import httpx2

    extra = {"range": f"bytes={part.done_bytes}-"} if part.done_bytes and with_range else {}
    with open_stream(hub, url, extra=extra) as response:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise ServerTroubleError(f"{hub.endpoint} compresses {subject}.", hint="Check the proxy settings.")
        # A server that ignores Range sends all again: what we have is skipped, not lost.
        skip = part.done_bytes - start_of(response.status_code, response.headers.get("content-range"))
        if skip < 0:
            raise httpx2.RemoteProtocolError("the hub sent another range than was asked for")
        for chunk in response.iter_raw():
            if cancelled():
                raise cancelled_error(subject)
            if not may_transfer():
                # Closing costs one request; an idle connection would go on filling the kernel's buffers.
                raise _PausedTransferError
            if skip >= len(chunk):
                skip -= len(chunk)
                continue
            fresh = chunk[skip:]
            skip = 0
            if part.done_bytes + len(fresh) > part.size_bytes:
                part.clear()
                raise CorruptedDownloadError(
                    f"{hub.endpoint} sends more than the {part.size_bytes} bytes it announced for {subject}.",
                    hint="It was thrown away; try again later.",
                )
            part.append(fresh)
            meter.add(len(fresh))
    if part.done_bytes < part.size_bytes:
        raise httpx2.RemoteProtocolError("the connection was closed before the end")


def start_of(status: int, content_range: str | None) -> int:
    """First byte of the file that an answer carries; 0 unless it is a part."""
    if status != 206:
        return 0
    match = _CONTENT_RANGE.match(content_range or "")
    # A part that does not say which part it is cannot be used: past every end, so that it is refused.
    return int(match[1]) if match else 2**63


def wait_for_permission(
    hub: Hub, subject: str, meter: Meter, cancelled: Callable[[], bool], may_transfer: Callable[[], bool]
) -> None:
    """Sit still while something is being timed; cancelling still works."""
    if may_transfer():
        return
    meter.report(DownloadPaused(meter.name))
    while not may_transfer():
        wait(hub, _PAUSE_POLL_S, cancelled, subject)
    meter.set_done(meter.bytes_done)  # the pause is no part of the rate


def _range_refused(error: BaseException) -> bool:
    """416, or a part other than the one asked for: the next request asks for the whole file."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError

    if isinstance(error, HfHubHTTPError):
        return error.response is not None and error.response.status_code == 416
    return isinstance(error, httpx2.RemoteProtocolError) and "another range" in str(error)


def _address_expired(error: BaseException, hub: Hub) -> bool:
    """403 from a storage host: its signed address has run out; the hub gives a fresh one."""
    from huggingface_hub.errors import HfHubHTTPError

    if not isinstance(error, HfHubHTTPError) or error.response is None:
        return False
    return error.response.status_code == 403 and origin(str(error.response.url)) != origin(hub.endpoint)
