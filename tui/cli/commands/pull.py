"""Getting models: pull, local, and the download that run and bench begin with."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from weighin.engine.files import joint_sha256
from weighin.engine.hub.cache import cached_from
from weighin.engine.hub.download import always
from weighin.engine.hub.errors import DownloadCancelledError
from weighin.engine.models.fetch import Fetched, FetchProgress, NotFetched, fetch_all
from weighin.engine.models.fetch_text import PlainLines, progress_text, size_text
from weighin.engine.models.local import LocalModel
from weighin.engine.run.other_runs import RunsElsewhere

from ...exit_codes import EXIT_BAD_INPUT, EXIT_CANCELLED
from .query import print_json

_PAINT_EVERY_S = 0.2


def talk(text: str) -> None:
    """A line on stderr."""
    click.echo(text, err=True)


class Progress:
    """Downloads on stderr: one line that changes on a terminal, plain lines elsewhere."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, verb: str = "downloading") -> None:
        self._terminal = sys.stderr.isatty()
        self._lines = PlainLines(self._say, clock, verb=verb)
        self._clock = clock
        self._painted_s = 0.0
        self._now: dict[str, FetchProgress] = {}

    def __call__(self, progress: FetchProgress) -> None:
        """Show it."""
        if progress.state == "downloading" and not progress.note:
            self._now[progress.name] = progress
        elif progress.state in {"done", "failed", "verifying"}:
            self._now.pop(progress.name, None)
        if not self._terminal:
            self._lines(progress)
            return
        if progress.note:
            self._say(f"{progress.name}: {progress.note}")
        elif progress.state == "done" and progress.total_bytes:
            self._say(f"{progress.name}: here, {size_text(progress.total_bytes)}, checked")
        self._paint(progress)

    def clear(self) -> None:
        """Take the changing line away."""
        if self._terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _say(self, text: str) -> None:
        self.clear()
        talk(text)

    def _paint(self, last: FetchProgress) -> None:
        now_s = self._clock()
        if last.state == "downloading" and now_s - self._painted_s < _PAINT_EVERY_S:
            return
        self._painted_s = now_s
        running = [f"{name} {progress_text(progress)}" for name, progress in self._now.items()]
        if last.state == "verifying":
            running.append(f"{last.name}: checking")
        sys.stderr.write("\r\x1b[K" + " · ".join(running)[: shutil.get_terminal_size().columns - 1])
        sys.stderr.flush()


def bring(names: Sequence[str]) -> tuple[str, ...]:
    """Paths for hub and catalog names among ``names``, downloaded first where they are not here.

    Raises:
        WeighinError: a name means nothing, or its file cannot be had.
    """
    from weighin.engine.prepare.freeze import bring_models

    progress = Progress()
    try:
        return bring_models(names, report=progress)
    finally:
        progress.clear()


def pull_models(names: tuple[str, ...], *, as_json: bool, newest: bool = False, now: bool = False) -> int:
    """Download what is missing of ``names``, check all of it, and say where it is.

    Waits while a run is at work in another process, unless ``now``.
    """
    progress = Progress()
    wanted = tuple(dict.fromkeys(names))
    try:
        may_transfer = always if now else RunsElsewhere().none
        outcomes = fetch_all(wanted, report=progress, newest=newest, may_transfer=may_transfer)
    except KeyboardInterrupt:
        progress.clear()
        talk("Cancelled. What came is kept: " + again(wanted) + " goes on.")
        return EXIT_CANCELLED
    progress.clear()
    fetched = [outcome for outcome in outcomes if isinstance(outcome, Fetched)]
    failed = [outcome for outcome in outcomes if isinstance(outcome, NotFetched)]
    if as_json:
        print_json([fetched_row(o) if isinstance(o, Fetched) else failed_row(o) for o in outcomes])
    else:
        for outcome in fetched:
            click.echo("\n".join(fetched_lines(outcome)))
    sentences = (
        f"weighin: {refused.error}" + (f" {size_text(refused.kept_bytes)} are kept." if refused.kept_bytes else "")
        for refused in failed
    )
    for sentence in dict.fromkeys(sentences):  # a full disk concerns all of them
        talk(sentence)
    if any(isinstance(refused.error, DownloadCancelledError) for refused in failed):
        return EXIT_CANCELLED
    return EXIT_BAD_INPUT if failed else 0


def again(names: Sequence[str]) -> str:
    """The same command, to be typed once more."""
    return "`weighin pull " + " ".join(f"'{name}'" if " " in name else name for name in names) + "`"


def fetched_row(outcome: Fetched) -> dict[str, Any]:
    """A model for --json: path, size, SHA-256, each part of a split one, and where it is from."""
    from weighin.engine.models.resolve import catalog_entry, license_note

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
    """A model that could not be had, for --json."""
    return {
        "model": outcome.name,
        "error": outcome.error.what,
        "hint": outcome.error.hint,
        "kept_bytes": outcome.kept_bytes,
    }


def fetched_lines(outcome: Fetched) -> list[str]:
    """Path and checksum on stdout, as a person or a script reads them."""
    from weighin.engine.models.resolve import license_note

    lines = [str(outcome.path)]
    if not outcome.path.is_dir():
        lines.append(f"  {size_text(outcome.size_bytes)}, SHA-256 {_sha256(outcome)}")
    if outcome.choice is not None:
        lines.append(f"  License: {license_note(outcome.choice.repo)}")
    return lines


def _sha256(outcome: Fetched) -> str:
    """Of the file; of the parts' hashes for a split one, as plans and runs have it."""
    from weighin.engine.gguf.files import file_sha256

    found = [part.sha256 for part in outcome.choice.model.parts] if outcome.choice is not None else []
    if not found or not all(found):
        return file_sha256(outcome.path)
    # They were checked just now: gigabytes need not be read again.
    return joint_sha256(found)


def _to_write(model: LocalModel) -> str:
    """The MODEL form that means this file."""
    if model.source in {"ollama", "lm-studio"}:
        return f"{model.source}:{model.name}"
    cached = cached_from(model.path)
    return f"{cached.repo}:{cached.name}" if cached is not None else str(model.path)


def _beside(first: Path, part: str) -> Path:
    return first.with_name(part.rsplit("/", 1)[-1])


def search_hub(words: str, *, limit: int, as_json: bool) -> None:
    """Repositories with GGUF files for some words, each as MODEL would be written."""
    from weighin.engine.hub.client import connect
    from weighin.engine.hub.listing import search

    hits = search(connect(), words, limit=limit)
    if as_json:
        print_json(msgspec.to_builtins(hits))
        return
    if not hits:
        talk(f"The hub has no GGUF repository for {words!r}.")
        return
    width = max(len(hit.repo) for hit in hits)
    for hit in hits:
        gated = "gated: its terms must be accepted first" if hit.gated != "no" else ""
        click.echo(f"{hit.repo:<{width}}  {hit.downloads or 0:>10,} downloads  {gated}".rstrip())
    talk(f"What one holds, and its sizes: weighin pull {hits[0].repo}")


def list_local(folders: tuple[str, ...], *, as_json: bool) -> None:
    """The models on this machine, each as MODEL would be written: of ``folders``, the hub's cache, other stores."""
    from weighin.engine.models.local import find_local_models

    found = find_local_models([Path(folder).expanduser() for folder in folders])
    if as_json:
        print_json(msgspec.to_builtins(found, enc_hook=str))
        return
    if not found:
        talk("No models in the hub's cache, Ollama's or LM Studio's stores. Get one: weighin pull MODEL")
        return
    rows = [(model, _to_write(model)) for model in found]
    width = max(len(name) for _, name in rows)
    for model, name in sorted(rows, key=lambda row: (row[0].source, row[1])):
        size = size_text(model.size_bytes) if model.size_bytes else "–"
        click.echo(f"{name:<{width}}  {model.quant:<8} {size:>10}  {model.problem or ''}".rstrip())
