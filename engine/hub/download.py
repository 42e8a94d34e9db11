"""Download a model from the hub into the standard cache: resumable, verified, cancellable.

Handles whole and split models, and pauses while something is being timed. A file gets its final name only after its
hash was checked. Does not handle Xet transfers, or files other than the model's own. Everything here blocks, so run it
in a thread; ``models.fetch`` does that for several models.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from .cache import CachedFile, cached_file, check_room, free_bytes, locked, publish, remembered_matches, storage_errors
from .client import Hub, ask, is_offline, never
from .errors import CorruptedDownloadError, HubError, ServerTroubleError, UserCancelledError, offline_error
from .listing import HubFile, HubModel, HubRepo
from .progress import (
    DownloadFailed,
    DownloadFinished,
    DownloadRejected,
    DownloadResumed,
    DownloadStarted,
    DownloadVerified,
    DownloadWaited,
    Meter,
    Report,
    silent,
)
from .transfer import PartFile, Transfer, Write, fetch, write_some


class _Task(msgspec.Struct, frozen=True, kw_only=True):
    hub: Hub
    repo: HubRepo
    meter: Meter
    cancelled: Callable[[], bool]
    may_transfer: Callable[[], bool]
    write: Write

    def stopped(self, file: HubFile) -> bool:
        """Whether the user cancelled. Waits first while something is being timed, because hashing keeps a core busy."""
        self.transfer(file).wait_for_permission()
        return self.cancelled()

    def transfer(self, file: HubFile) -> Transfer:
        return Transfer(
            hub=self.hub,
            url=self.hub.file_url(self.repo.repo, self.repo.sha, file.name),
            repo=self.repo.repo,
            subject=self.subject(file),
            meter=self.meter,
            cancelled=self.cancelled,
            may_transfer=self.may_transfer,
        )

    def subject(self, file: HubFile) -> str:
        return f"{self.repo.repo}:{file.name}"


def always() -> bool:
    """The default for ``may_transfer``."""
    return True


def display_name(repo: HubRepo, model: HubModel) -> str:
    """The model's name in events."""
    return f"{repo.repo}:{model.name}"


def missing_bytes(hub: Hub, repo: HubRepo, model: HubModel) -> int:
    """Bytes of a model that are not on this machine yet."""
    places = [_place(hub, repo, part) for part in model.parts]
    return sum(max(0, p.size_bytes - _bytes_here(place)) for p, place in zip(model.parts, places, strict=True))


def download_model(
    hub: Hub,
    repo: HubRepo,
    model: HubModel,
    *,
    report: Report = silent,
    cancelled: Callable[[], bool] = never,
    may_transfer: Callable[[], bool] = always,
    disk_free_bytes: Callable[[Path], int] = free_bytes,
    write: Write = write_some,
) -> Path:
    """Download the missing bytes of a model and return the path to open: the first part of a split model.

    Args:
        cancelled: called at every chunk and pause; True stops the download.
        may_transfer: called at every chunk; False closes the connection until it returns True again.

    Raises:
        HubError: the download failed. Its bytes are kept, unless their hash was wrong.
    """
    name = display_name(repo, model)
    meter = Meter(name, model.size_bytes, report, hub.clock)
    task = _Task(hub=hub, repo=repo, meter=meter, cancelled=cancelled, may_transfer=may_transfer, write=write)
    try:
        missing = missing_bytes(hub, repo, model)
        check_room(hub.cache_dir, missing, disk_free_bytes, subject=name)
        report(DownloadStarted(name, model.size_bytes))
        if 0 < missing < model.size_bytes:
            report(DownloadResumed(name, model.size_bytes - missing, model.size_bytes))
        paths = []
        done = 0
        for part in model.parts:
            meter.set_done(done)
            paths.append(_download_file(task, part, done))
            done += part.size_bytes
    except HubError as error:
        report(DownloadFailed(name, str(error), isinstance(error, UserCancelledError)))
        raise
    report(DownloadFinished(name, paths[0], model.size_bytes))
    return paths[0]


def _download_file(task: _Task, file: HubFile, done_before: int) -> Path:
    hub = task.hub
    place = _place(hub, task.repo, file)
    found = _already_here(task, file, place)
    if found is not None:
        return found
    if is_offline():
        raise offline_error(task.subject(file))
    _check_metadata(task, file, place)
    task.stopped(file)  # waits while something is being timed, without holding the lock

    def tell_waiting() -> None:
        task.meter.report(DownloadWaited(task.meter.name))

    with locked(place, sleep=hub.sleep, cancelled=task.cancelled, on_wait=tell_waiting):
        found = _already_here(task, file, place)  # another process may have downloaded it in the meantime
        if found is None:
            _fetch_checked(task, file, place, done_before)
            found = publish(place, task.repo.revision)
    return found


def _place(hub: Hub, repo: HubRepo, file: HubFile) -> CachedFile:
    return cached_file(hub.cache_dir, repo.repo, repo.sha, file.name, file.sha256 or file.blob_id)


def _bytes_here(place: CachedFile) -> int:
    try:
        return place.pointer.stat().st_size
    except OSError:
        return place.bytes_here()


def _already_here(task: _Task, file: HubFile, place: CachedFile) -> Path | None:
    """The finished file, verified; None when it is missing, or when it is corrupt and must be downloaded again."""
    for path in (place.pointer, place.blob):
        with storage_errors(path):
            if not path.exists():
                continue
            size_bytes = path.stat().st_size
        if size_bytes == file.size_bytes and remembered_matches(path, place, cancelled=lambda: task.stopped(file)):
            task.meter.report(DownloadVerified(task.meter.name, file.name))
            return path if path == place.pointer else publish(place, task.repo.revision)
        reason = f"{path} does not match the hub's checksum."
        task.meter.report(DownloadRejected(task.meter.name, reason))
        return None
    return None


def _check_metadata(task: _Task, file: HubFile, place: CachedFile) -> None:
    """Request the file's headers, which reveals a gated or deleted file before anything is locked or written."""
    from huggingface_hub import get_hf_file_metadata

    hub, subject = task.hub, task.subject(file)
    metadata = ask(
        hub,
        lambda: get_hf_file_metadata(
            hub.file_url(task.repo.repo, task.repo.sha, file.name),
            token=hub.usable_token or False,
            timeout=hub.read_timeout_s,
            endpoint=hub.endpoint,
        ),
        subject=subject,
        repo=task.repo.repo,
        cancelled=task.cancelled,
    )
    for what, listed, served in (
        ("size", file.size_bytes, metadata.size),
        ("checksum", place.etag, metadata.etag),
        ("commit", task.repo.sha, metadata.commit_hash),
    ):
        if served is not None and served != listed:
            raise ServerTroubleError(
                f"{hub.endpoint} contradicts itself about {subject}: {what} {listed} in its list, "
                f"{served} for the file.",
                hint="Try again later.",
            )


def _fetch_checked(task: _Task, file: HubFile, place: CachedFile, done_before: int) -> None:
    subject = task.subject(file)
    part = PartFile(place, file.size_bytes, task.write)
    try:
        part.load(lambda: task.stopped(file))
        for is_last in (False, True):
            task.meter.set_done(done_before + part.done_bytes)
            fetch(task.transfer(file), part)
            if part.is_right:
                break
            part.clear()
            if is_last:
                raise CorruptedDownloadError(
                    f"{subject} was downloaded twice and did not match the hub's checksum; it was deleted.",
                    hint="Something changes it on the way (a proxy, bad memory), or the upload is damaged.",
                )
            reason = f"{subject} does not match the hub's checksum."
            task.meter.report(DownloadRejected(task.meter.name, reason))
    except BaseException:
        part.close(durable=False)
        raise
    part.close(durable=True)
    with storage_errors(place.blob):
        place.part.replace(place.blob)
    task.meter.report(DownloadVerified(task.meter.name, file.name))
