"""Commands that find and download models: pull, search, local; and the download that run and bench begin with."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from weighin.engine.files import joint_sha256
from weighin.engine.gguf.files import file_sha256
from weighin.engine.hub.cache import cached_from
from weighin.engine.hub.client import connect
from weighin.engine.hub.download import always
from weighin.engine.hub.errors import UserCancelledError
from weighin.engine.hub.listing import search
from weighin.engine.models.fetch import Fetched, FetchProgress, NotFetched, fetch_all
from weighin.engine.models.fetch_text import PlainLines, progress_text
from weighin.engine.models.local import find_local_models, inspected
from weighin.engine.models.local_model import LocalModel
from weighin.engine.models.resolve import catalog_entry, license_note
from weighin.engine.prepare.freeze import download_models as download
from weighin.engine.store.locks import OtherRuns
from weighin.engine.units import format_file_size
from weighin.engine.visible import visible

from ...exit_codes import EXIT_BAD_INPUT, EXIT_CANCELLED, EXIT_OK
from ...formatting import columns, padded
from ..options import LocalOptions, PullOptions, SearchOptions
from ..terminal import StatusLine, out, say
from .query import print_json

_PAINT_EVERY_S = 0.2


class DownloadProgress:
    """Shows downloads on stderr: one changing line on a terminal, plain lines elsewhere."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, verb: str = "downloading") -> None:
        self._status = StatusLine()
        self._lines = PlainLines(self._status.say, clock, verb=verb)
        self._clock = clock
        self._painted_s = 0.0
        self._running: dict[str, FetchProgress] = {}

    def __call__(self, progress: FetchProgress) -> None:
        if progress.state == "downloading" and not progress.note:
            self._running[progress.name] = progress
        elif progress.state in {"done", "failed", "verifying"}:
            self._running.pop(progress.name, None)
        if not self._status.visible:
            self._lines(progress)
            return
        if progress.note:
            self._status.say(f"{progress.name}: {progress.note}")
        elif progress.state == "done" and progress.total_bytes:
            self._status.say(f"{progress.name}: {format_file_size(progress.total_bytes)}, checked")
        self._paint(progress)

    def __enter__(self) -> DownloadProgress:
        return self

    def __exit__(self, *_error: object) -> None:
        self._status.clear()

    def _paint(self, last: FetchProgress) -> None:
        now_s = self._clock()
        if last.state == "downloading" and now_s - self._painted_s < _PAINT_EVERY_S:
            return
        self._painted_s = now_s
        running = [f"{name} {progress_text(progress)}" for name, progress in self._running.items()]
        if last.state == "verifying":
            running.append(f"{last.name}: checking")
        self._status.show(" · ".join(running))


def download_models(names: Sequence[str]) -> tuple[str, ...]:
    """The path of each model, after downloading those that are not on this machine, with progress on stderr.

    Raises:
        WeighinError: a name means nothing, or a download failed.
    """
    with DownloadProgress() as progress:
        return download(names, report=progress)


def pull_models(options: PullOptions) -> int:
    """Download the missing models, check all of them, and print where they are.

    Waits while a run measures in another process, unless ``--now``.
    """
    wanted = tuple(dict.fromkeys(options.models))
    try:
        may_transfer = always if options.now else OtherRuns().idle
        with DownloadProgress() as progress:
            outcomes = fetch_all(wanted, report=progress, newest=options.refresh, may_transfer=may_transfer)
    except KeyboardInterrupt:
        say(f"Cancelled. What was downloaded is kept; {_same_command(wanted)} resumes.")
        return EXIT_CANCELLED
    fetched = [outcome for outcome in outcomes if isinstance(outcome, Fetched)]
    failed = [outcome for outcome in outcomes if isinstance(outcome, NotFetched)]
    if options.as_json:
        print_json([fetched_row(o) if isinstance(o, Fetched) else failed_row(o) for o in outcomes])
    else:
        for outcome in fetched:
            out("\n".join(fetched_lines(outcome)))
    for sentence in dict.fromkeys(map(_failure, failed)):  # a full disk concerns all of them
        say(sentence)
    if any(isinstance(failure.error, UserCancelledError) for failure in failed):
        return EXIT_CANCELLED
    return EXIT_BAD_INPUT if failed else EXIT_OK


def _failure(outcome: NotFetched) -> str:
    kept = f" {format_file_size(outcome.kept_bytes)} are kept." if outcome.kept_bytes else ""
    return f"weighin: {outcome.error}{kept}"


def _same_command(names: Sequence[str]) -> str:
    return "`weighin pull " + " ".join(f"'{name}'" if " " in name else name for name in names) + "`"


def fetched_row(outcome: Fetched) -> dict[str, Any]:
    """A downloaded model for ``--json``; a split model lists its parts under ``files``."""
    row: dict[str, Any] = {"model": outcome.name, "path": str(outcome.path), "size_bytes": outcome.size_bytes}
    if outcome.path.is_dir():
        return row
    row["sha256"] = _sha256(outcome)
    choice = outcome.choice
    if choice is None:
        return row
    entry = catalog_entry(choice.repo)
    files = [
        {"path": str(_beside(outcome.path, part.name)), "size_bytes": part.size_bytes, "sha256": part.sha256}
        for part in choice.model.parts
    ]
    return row | {
        "files": files,
        "repo": choice.repo.repo,
        "revision": choice.repo.sha,
        "file": choice.model.name,
        "quant": choice.model.quant,
        "catalog": entry.id if entry else None,
        "license": license_note(choice.repo),
        "note": choice.note,
    }


def failed_row(outcome: NotFetched) -> dict[str, Any]:
    """A model that could not be downloaded, for ``--json``."""
    return {
        "model": outcome.name,
        "error": outcome.error.what,
        "hint": outcome.error.hint,
        "kept_bytes": outcome.kept_bytes,
    }


def fetched_lines(outcome: Fetched) -> list[str]:
    """The path alone on the first line, for scripts; then size, checksum and license."""
    lines = [str(outcome.path)]
    if not outcome.path.is_dir():
        lines.append(f"  {format_file_size(outcome.size_bytes)}, SHA-256 {_sha256(outcome)}")
    if outcome.choice is not None:
        lines.append(f"  License: {license_note(outcome.choice.repo)}")
    return lines


def _sha256(outcome: Fetched) -> str:
    """The hash that plans and runs use. A download was just checked, so its file is not read again."""
    hashes = [part.sha256 for part in outcome.choice.model.parts] if outcome.choice is not None else []
    return joint_sha256(hashes) if hashes and all(hashes) else file_sha256(outcome.path)


def _reference(model: LocalModel) -> str:
    """The MODEL that stands for this file on a command line."""
    if model.source == "ollama":
        return model.reference
    if model.source == "lm-studio":
        return f"{model.source}:{model.name}"
    cached = cached_from(model.path)
    return f"{cached.repo}:{cached.name}" if cached is not None else str(model.path)


def _beside(first: Path, part: str) -> Path:
    return first.with_name(part.rsplit("/", 1)[-1])


def search_hub(options: SearchOptions) -> None:
    """List repositories with GGUF files, each as MODEL is written."""
    words = " ".join(options.words)
    hits = search(connect(), words, limit=options.limit)
    if options.as_json:
        print_json(msgspec.to_builtins(hits))
        return
    if not hits:
        say(f"The hub has no GGUF repository for {words!r}.")
        return
    width = max(columns(hit.repo) for hit in hits)
    for hit in hits:
        gated = "gated: accept its terms first" if hit.gated != "no" else ""
        out(f"{padded(visible(hit.repo), width)}  {hit.downloads or 0:>10,} downloads  {gated}".rstrip())
    say(f"Download one: weighin pull {hits[0].repo}")


def list_local(options: LocalOptions) -> None:
    """List the models in the given folders, the hub's cache and the stores of other programs, as MODEL is written."""
    folders = [Path(folder).expanduser() for folder in options.folders]
    models = [inspected(model) for model in find_local_models(folders)]
    if options.as_json:
        print_json(msgspec.to_builtins(models, enc_hook=str))
        return
    for folder in folders:
        if not any(model.source == "folder" and model.path.is_relative_to(folder) for model in models):
            say(f"There is no .gguf file in {folder}.")
    if not models:
        say("There are no models in the hub's cache or the stores of Ollama and LM Studio. Get one: weighin pull MODEL")
        return
    rows = [(model, visible(_reference(model))) for model in models]
    width = max(columns(name) for _, name in rows)
    for model, name in sorted(rows, key=lambda row: (row[0].source, row[1])):
        size = format_file_size(model.size_bytes) if model.size_bytes else "–"
        out(f"{padded(name, width)}  {model.quant:<8} {size:>10}  {model.problem or _remark(model)}".rstrip())


def _remark(model: LocalModel) -> str:
    return f"Ollama adds: {', '.join(model.unused)} (not used by weighin)" if model.unused else ""
