"""Download several models in parallel, with progress for the command line and the wizard.

``for progress in Fetch(["qwen3-1.7b", "owner/repo:Q8_0"]): …`` in a thread, or ``async for progress in
fetch.stream()`` on an event loop. Every name goes from ``waiting`` through ``downloading`` and ``verifying`` to
``done`` or ``failed``. Then ``fetch.outcomes`` has each path or error. ``cancel()`` keeps unfinished downloads.

A model that fails does not stop the others, but nothing starts if the disk has no space for all of them.
"Done" means that the hash matches the hub's and the GGUF header is valid.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from ..errors import WeighinError
from ..gguf.header import check_file
from ..hub.cache import check_room, free_bytes
from ..hub.client import Hub, cancelled_error, connect
from ..hub.download import always, download_model, missing_bytes
from ..hub.errors import HubError
from ..hub.offline import unchecked_path
from ..hub.progress import (
    DownloadEvent,
    DownloadPaused,
    DownloadProgressed,
    DownloadRejected,
    DownloadResumed,
    DownloadRetried,
    DownloadStarted,
    DownloadVerified,
    DownloadWaited,
)
from .references import parse
from .resolve import HubChoice, LocalPath, find_on_hub, resolve

State = Literal["waiting", "downloading", "verifying", "done", "failed"]
_LEAVE_S = 3.0
"""How long a cancelled fetch waits for its threads. A thread in a stalled connection ends with the process."""
_POLL_S = 0.5


class FetchProgress(msgspec.Struct, frozen=True, kw_only=True):
    """The progress of one model, sent up to five times per second while it downloads."""

    name: str
    """The name as the user wrote it."""
    state: State
    done_bytes: int = 0
    """Bytes on this machine, including those of earlier attempts."""
    total_bytes: int = 0
    """Size of all parts; 0 until the hub has responded."""
    bytes_per_second: float = 0.0
    """Rate over the last seconds."""
    seconds_left: float | None = None
    """None when nothing arrives."""
    note: str = ""
    """An event or a decision, such as a retry or the chosen quant; empty when there is none."""
    reason: str = ""
    """Why it failed, with a hint."""
    path: Path | None = None
    """The file to open when done. For a split model, its first part."""


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A model that is on this machine and valid."""

    name: str
    path: Path
    size_bytes: int
    """Total size of all parts."""
    choice: HubChoice | None = None
    """Where it comes from; None for a path or a file in another program's store."""


class NotFetched(msgspec.Struct, frozen=True, kw_only=True):
    """A model that could not be downloaded."""

    name: str
    error: WeighinError
    kept_bytes: int = 0
    """Bytes that are kept for the next attempt."""


Outcome: TypeAlias = Fetched | NotFetched


class _Job:
    def __init__(self, name: str) -> None:
        self.name = name
        self.choice: HubChoice | None = None
        self.total_bytes = 0
        self.done_bytes = 0
        self.outcome: Outcome | None = None


class Fetch:
    """Downloads of ``references`` (model names of any kind), ``parallel`` at a time, started when it is created.

    Read them once, as an iterator or an async stream; leaving early cancels them. A wrong name becomes its outcome.

    Args:
        hub: the hub; None for the one in the environment.
        newest: ask the hub even for models that are cached.
        may_transfer: when it returns False, everything waits, including hashing.
    """

    def __init__(
        self,
        references: Sequence[str],
        *,
        hub: Hub | None = None,
        parallel: int = 2,
        newest: bool = False,
        may_transfer: Callable[[], bool] = always,
        disk_free_bytes: Callable[[Path], int] = free_bytes,
    ) -> None:
        self._jobs = [_Job(name) for name in references]
        self._hub = hub
        self._parallel = max(1, parallel)
        self._newest = newest
        self._may_transfer = may_transfer
        self._disk_free_bytes = disk_free_bytes
        self._stop = threading.Event()
        self._queue: queue.SimpleQueue[FetchProgress | None] = queue.SimpleQueue()
        # Daemons: a stalled connection must not keep a cancelled program alive. Bytes are written unbuffered and
        # files get their names in one step, so a thread may end anywhere.
        self._thread = threading.Thread(target=self._run, name="fetch", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Stop at the next chunk and keep the bytes so far. Returns immediately."""
        self._stop.set()

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcome for each name, in order. Unfinished ones count as cancelled."""
        return tuple(
            job.outcome or NotFetched(name=job.name, error=cancelled_error(job.name), kept_bytes=self._kept_bytes(job))
            for job in self._jobs
        )

    def __iter__(self) -> Iterator[FetchProgress]:
        """Yield progress until every model is done or failed. Blocks."""
        try:
            while True:
                try:
                    progress = self._queue.get(timeout=_POLL_S)
                except queue.Empty:
                    continue  # so that Ctrl-C works on Windows too
                if progress is None:
                    return
                yield progress
        finally:
            self.cancel()

    async def stream(self) -> AsyncIterator[FetchProgress]:
        """Yield the same without blocking the event loop."""
        try:
            while True:
                try:
                    progress = await asyncio.to_thread(self._queue.get, timeout=_POLL_S)
                except queue.Empty:
                    continue  # a thread that waits forever would keep the loop from ending
                if progress is None:
                    return
                yield progress
        finally:
            self.cancel()

    def leave(self) -> None:
        """Cancel, and give the threads some seconds to end in order."""
        self.cancel()
        self._thread.join(_LEAVE_S)

    # In the fetch's own threads

    def _run(self) -> None:
        try:
            for job in self._jobs:
                self._say(job, "waiting")
            self._each(self._jobs, self._resolve)
            waiting = [job for job in self._jobs if job.outcome is None]
            if self._have_room(waiting):
                self._each(waiting, self._download)
        finally:
            self._queue.put(None)

    def _each(self, jobs: list[_Job], step: Callable[[_Job], None]) -> None:
        """Run ``step`` for all jobs, some in parallel. An error becomes the job's outcome."""
        left = iter(jobs)
        lock = threading.Lock()

        def work() -> None:
            while True:
                with lock:
                    job = next(left, None)
                if job is None:
                    return
                try:
                    if self._stop.is_set():
                        raise cancelled_error(job.name)
                    step(job)
                except WeighinError as error:
                    self._fail(job, error)
                except Exception as error:
                    # A bug that hits one model must not leave the reader waiting forever.
                    self._fail(
                        job, HubError(f"{job.name} could not be downloaded: {error!r}.", hint="Please report it.")
                    )

        threads = [threading.Thread(target=work, daemon=True) for _ in range(min(self._parallel, len(jobs)))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _resolve(self, job: _Job) -> None:
        resolved = resolve(parse(job.name))
        if isinstance(resolved, LocalPath):
            self._finish(job, resolved.path)
            return
        job.choice = find_on_hub(self._hub_now(), resolved.ref, newest=self._newest)
        job.total_bytes = job.choice.model.size_bytes
        self._say(job, "waiting", note=job.choice.note)

    def _hub_now(self) -> Hub:
        if self._hub is None:
            self._hub = connect()
        return self._hub

    def _have_room(self, jobs: list[_Job]) -> bool:
        """Whether the disk has space for all missing bytes. A model that is named twice counts once."""
        wanted = {(c.repo.repo, c.repo.sha, c.model.name): c for job in jobs if (c := job.choice) is not None}
        if not wanted:
            return True
        hub = self._hub_now()
        try:
            needed = sum(
                missing_bytes(hub, choice.repo, choice.model)
                for choice in wanted.values()
                if unchecked_path(hub, choice.repo, choice.model) is None
            )
            subject = next(iter(jobs)).name if len(wanted) == 1 else f"Downloading these {len(wanted)} models"
            check_room(hub.cache_dir, needed, self._disk_free_bytes, subject=subject)
        except WeighinError as error:
            for job in jobs:
                self._fail(job, error)
            return False
        return True

    def _download(self, job: _Job) -> None:
        hub, choice = self._hub_now(), job.choice
        assert choice is not None
        path = unchecked_path(hub, choice.repo, choice.model)
        if path is None:
            path = download_model(
                hub,
                choice.repo,
                choice.model,
                report=lambda event: self._note(job, event),
                cancelled=self._stop.is_set,
                may_transfer=self._may_transfer,
                disk_free_bytes=self._disk_free_bytes,
            )
        self._finish(job, path)

    def _finish(self, job: _Job, path: Path) -> None:
        size_bytes = 0
        if not path.is_dir():  # whoever reads a folder checks its files
            self._say(job, "verifying")
            size_bytes = check_file(path).size_bytes
        job.done_bytes = job.total_bytes = size_bytes
        job.outcome = Fetched(name=job.name, path=path, size_bytes=size_bytes, choice=job.choice)
        self._say(job, "done", path=path)

    def _fail(self, job: _Job, error: WeighinError) -> None:
        job.outcome = NotFetched(name=job.name, error=error, kept_bytes=self._kept_bytes(job))
        self._say(job, "failed", reason=str(error))

    def _kept_bytes(self, job: _Job) -> int:
        if job.choice is None:
            return 0
        try:
            return job.total_bytes - missing_bytes(self._hub_now(), job.choice.repo, job.choice.model)
        except HubError:  # the hub has no hash, so nothing was started
            return 0

    def _note(self, job: _Job, event: DownloadEvent) -> None:
        if isinstance(event, DownloadStarted):
            hub, choice = self._hub_now(), job.choice
            assert choice is not None
            here = missing_bytes(hub, choice.repo, choice.model) == 0
            self._say(job, "verifying" if here else "downloading")
        elif isinstance(event, DownloadResumed):
            job.done_bytes = event.bytes_done
            self._say(job, "downloading", note=f"resuming after {event.bytes_done / 1e6:.0f} MB")
        elif isinstance(event, DownloadProgressed):
            job.done_bytes = event.bytes_done
            self._say(job, "downloading", rate=event.bytes_per_second, seconds_left=event.seconds_left)
        elif isinstance(event, DownloadRetried):
            self._say(job, "downloading", note=f"{event.reason} Trying again in {event.wait_s:.0f} s.")
        elif isinstance(event, DownloadWaited):
            self._say(job, "waiting", note="another program downloads the same file; waiting for it")
        elif isinstance(event, DownloadPaused):
            self._say(job, "downloading", note="paused while something is being timed")
        elif isinstance(event, DownloadRejected):
            self._say(job, "downloading", note=f"{event.reason} Downloading it again.")
        elif isinstance(event, DownloadVerified):
            self._say(job, "verifying")

    def _say(
        self,
        job: _Job,
        state: State,
        *,
        rate: float = 0.0,
        seconds_left: float | None = None,
        note: str = "",
        reason: str = "",
        path: Path | None = None,
    ) -> None:
        self._queue.put(
            FetchProgress(
                name=job.name,
                state=state,
                done_bytes=job.done_bytes,
                total_bytes=job.total_bytes,
                bytes_per_second=rate,
                seconds_left=seconds_left,
                note=note,
                reason=reason,
                path=path,
            )
        )


def fetch_all(
    references: Sequence[str],
    *,
    report: Callable[[FetchProgress], None],
    hub: Hub | None = None,
    newest: bool = False,
    may_transfer: Callable[[], bool] = always,
) -> tuple[Outcome, ...]:
    """Download all of ``references`` and wait for them. ``report`` is called in this thread.

    A KeyboardInterrupt passes through within seconds, whatever the network does. Unfinished downloads are kept.
    """
    fetch = Fetch(references, hub=hub, newest=newest, may_transfer=may_transfer)
    try:
        for progress in fetch:
            report(progress)
    finally:
        fetch.leave()
    return fetch.outcomes
