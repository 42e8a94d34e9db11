"""Download one file into a ``.part`` file, through dropped connections, stalls and restarts.

The bytes on disk are hashed when a transfer resumes, and each new chunk as it is written, so the hash is known as soon
as the last byte arrives. Locking, publishing and the check of that hash are in ``download``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec

from .cache import CachedFile, hash_file, new_digest, storage_errors
from .client import (
    Hub,
    asked_wait,
    cancelled_error,
    is_rejected_token,
    is_worth_retrying,
    open_stream,
    origin,
    wait,
)
from .errors import CorruptedDownloadError, HubError, ServerTroubleError
from .progress import DownloadPaused, DownloadRetried, Meter
from .translate import from_client

_CONTENT_RANGE = re.compile(r"^bytes (\d+)-(\d+)/(\d+|\*)$")
_PAUSE_POLL_S = 0.2

Write = Callable[[IO[bytes], bytes], int]
"""Writes some of the bytes and returns how many, like an unbuffered file."""


def write_some(file: IO[bytes], data: bytes) -> int:
    """The default ``Write``. Tests replace it with a full disk."""
    return file.write(data)


class _PausedTransferError(Exception):
    """Something is being timed, so the connection was closed."""


class _WrongRangeError(Exception):
    """The server sent a part of the file that starts after the bytes on disk."""


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """Where a file's bytes come from, and who may hold them up."""

    hub: Hub
    url: str
    repo: str
    subject: str
    """What errors call the file."""
    meter: Meter
    cancelled: Callable[[], bool]
    may_transfer: Callable[[], bool]
    """False while something is being timed."""

    def wait_for_permission(self) -> None:
        """Block while something is being timed.

        Raises:
            UserCancelledError: the user cancelled in the meantime.
        """
        if self.may_transfer():
            return
        self.meter.report(DownloadPaused(self.meter.name))
        while not self.may_transfer():
            wait(self.hub, _PAUSE_POLL_S, self.cancelled, self.subject)
        self.meter.set_done(self.meter.bytes_done)  # the pause does not count in the rate

    def error(self, cause: BaseException) -> HubError:
        """An error of the HTTP client in our words."""
        return from_client(cause, subject=self.subject, endpoint=self.hub.endpoint, repo=self.repo)


class PartFile:
    """An unfinished download: its bytes on disk and their hash so far."""

    def __init__(self, file: CachedFile, size_bytes: int, write: Write) -> None:
        self.path: Path = file.part
        self.size_bytes = size_bytes
        self.done_bytes = 0
        self._etag = file.etag
        self._write = write
        self._digest = new_digest(file.etag, size_bytes)
        self._file: IO[bytes] | None = None

    def load(self, cancelled: Callable[[], bool]) -> None:
        """Open the file and hash what an earlier run left."""
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
        """Write all of ``data``. On a full disk, the part that fit stays for the next ``load``."""
        assert self._file is not None
        view = memoryview(data)
        with storage_errors(self.path):
            while view:
                count = self._write(self._file, bytes(view))
                self._digest.update(view[:count])
                self.done_bytes += count
                view = view[count:]

    def clear(self) -> None:
        """Delete the bytes."""
        assert self._file is not None
        with storage_errors(self.path):
            self._file.truncate(0)
        self.done_bytes = 0
        self._digest = new_digest(self._etag, self.size_bytes)

    @property
    def is_right(self) -> bool:
        """Whether the file has the size and the hash that the hub lists."""
        return self.done_bytes == self.size_bytes and self._digest.hexdigest() == self._etag

    def close(self, *, durable: bool) -> None:
        """Close the file; ``durable`` waits until its bytes are on disk, so that a power cut cannot leave it empty."""
        if self._file is None:
            return
        with storage_errors(self.path):
            if durable:
                os.fsync(self._file.fileno())
            self._file.close()
        self._file = None


def fetch(transfer: Transfer, part: PartFile) -> None:
    """Download until ``part`` has its full length. The caller checks its hash.

    Raises:
        HubError: too many failures, cancelled, or the disk is full. The part stays as it is.
    """
    import httpx2

    hub, meter, subject = transfer.hub, transfer.meter, transfer.subject
    failures = total_failures = 0
    with_range = True
    while part.done_bytes < part.size_bytes:
        if transfer.cancelled():
            raise cancelled_error(subject)
        transfer.wait_for_permission()
        before = part.done_bytes
        try:
            _stream(transfer, part, with_range=with_range)
        except _PausedTransferError:
            continue
        except HubError:
            raise
        except (httpx2.HTTPError, OSError, _WrongRangeError) as error:
            if is_rejected_token(error, hub):
                hub.token_state.reject()
                hub.token_state.tell()
                continue
            if isinstance(error, _WrongRangeError) or _status(error) == 416:
                with_range = False  # the next request asks for the whole file
            elif not (is_worth_retrying(error) or _address_expired(error, hub)):
                raise transfer.error(error) from error
            total_failures += 1
            failures = 1 if part.done_bytes - before >= hub.retry.useful_bytes else failures + 1
            if failures >= hub.retry.attempts or total_failures >= hub.retry.total_attempts:
                raise transfer.error(error) from error
            wait_s = hub.retry.wait_s(failures, asked_wait(error, hub, subject=subject))
            meter.report(DownloadRetried(meter.name, transfer.error(error).what, wait_s))
            wait(hub, wait_s, transfer.cancelled, subject)


def _stream(transfer: Transfer, part: PartFile, *, with_range: bool) -> None:
    """Append the body of one request. A connection that ends early is an error, whatever the server calls it."""
    import httpx2

    endpoint, subject = transfer.hub.endpoint, transfer.subject
    extra = {"range": f"bytes={part.done_bytes}-"} if part.done_bytes and with_range else {}
    with open_stream(transfer.hub, transfer.url, extra=extra) as response:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise ServerTroubleError(f"{endpoint} compresses {subject}.", hint="Check the proxy settings.")
        # A server that ignores Range sends everything again: skip what is on disk, but keep it.
        skip = part.done_bytes - start_of(response.status_code, response.headers.get("content-range"))
        if skip < 0:
            raise _WrongRangeError("the hub sent a different range than requested")
        for chunk in response.iter_raw():
            if transfer.cancelled():
                raise cancelled_error(subject)
            if not transfer.may_transfer():
                # Closing costs one request. An idle connection would keep filling the kernel's buffers.
                raise _PausedTransferError
            if skip >= len(chunk):
                skip -= len(chunk)
                continue
            fresh = chunk[skip:]
            skip = 0
            if part.done_bytes + len(fresh) > part.size_bytes:
                part.clear()
                raise CorruptedDownloadError(
                    f"{endpoint} sends more than the {part.size_bytes} bytes it announced for {subject}.",
                    hint="The download was deleted; try again later.",
                )
            part.append(fresh)
            transfer.meter.add(len(fresh))
    if part.done_bytes < part.size_bytes:
        raise httpx2.RemoteProtocolError("the connection was closed before the end")


def start_of(status: int, content_range: str | None) -> int:
    """Offset in the file of a response's first byte; 0 unless the response is partial (206)."""
    if status != 206:
        return 0
    match = _CONTENT_RANGE.match(content_range or "")
    # A partial response without its range is useless: an offset past any end makes the caller reject it.
    return int(match[1]) if match else 2**63


def _address_expired(error: BaseException, hub: Hub) -> bool:
    """403 from a storage host: its signed address has expired, and the hub gives a new one."""
    from huggingface_hub.errors import HfHubHTTPError

    if not isinstance(error, HfHubHTTPError) or _status(error) != 403:
        return False
    return origin(str(error.response.url)) != origin(hub.endpoint)


def _status(error: BaseException) -> int | None:
    from huggingface_hub.errors import HfHubHTTPError

    return error.response.status_code if isinstance(error, HfHubHTTPError) and error.response is not None else None
