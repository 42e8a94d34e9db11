"""``weighin fit``: speed and memory of models before they are downloaded."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing

import msgspec

from weighin.engine.catalog.loading import load_catalog
from weighin.engine.errors import WeighinError
from weighin.engine.fit.measure import measure_fits
from weighin.engine.fit.results import Fit, Label
from weighin.engine.fit.source import CatalogSource, FileSource, MissingSource, Source, named_source
from weighin.engine.gguf.scan import find_models
from weighin.engine.models.references import parse
from weighin.engine.models.resolve import CatalogEntry, LocalPath, resolve
from weighin.engine.plan.model import Settings
from weighin.engine.units import gb, gib

from ...exit_codes import EXIT_CANCELLED, EXIT_NOTHING_MEASURED, EXIT_OK
from ..options import FitOptions
from ..terminal import StatusLine, out, say

_HEADER = f"{'model':<38} {'file GB':>7} {'mem GiB':>7} {'prompt':>7} {'tok/s':>7} {'full':>7}  label"
_MAX_NAMES = 3
"""A footnote names up to this many models, and only counts more."""


def show_fit(options: FitOptions) -> int:
    """Print a row for each model as it is measured, the cheapest to measure first; 0 when any was measured.

    ``full`` is the generation speed with the context nearly full. Ctrl-C keeps what was finished.
    """
    sources = find_sources(options.names, options.quant)
    settings = Settings(n_ctx=options.context, kv_type=options.kv_type)
    table = _Table(len(sources), as_json=options.as_json)
    table.begin()
    try:
        asyncio.run(_fill(table, sources, settings, options.refresh))
    except KeyboardInterrupt:
        table.end("Interrupted; the same command resumes.")
        return EXIT_CANCELLED
    table.end()
    return EXIT_OK if table.measured else EXIT_NOTHING_MEASURED


async def _fill(table: _Table, sources: list[Source], settings: Settings, refresh: bool) -> None:
    async with aclosing(measure_fits(sources, settings, refresh=refresh, started=table.started)) as fits:
        async for _source, fit in fits:
            table.add(fit)


def find_sources(models: tuple[str, ...], quant: str) -> list[Source]:
    """What to measure for each MODEL; the whole catalog when there is none.

    Raises:
        WeighinError: a name means nothing. A hub name that is not found is an error only when it is the only model, and
            otherwise a row that says so.
    """
    if not models:
        return [CatalogSource(model, quant) for model in load_catalog().models]
    sources: list[Source] = []
    for name in models:
        resolved = resolve(parse(name))
        if isinstance(resolved, LocalPath):
            found = find_models(resolved.path)
            for sentence in found.skipped:
                say(f"Skipped: {sentence}")
            sources += [FileSource(file, resolved.title) for file in found.models]
        elif isinstance(resolved, CatalogEntry):
            sources.append(CatalogSource(resolved.entry, resolved.ref.quant or quant))
        else:
            sources.append(_named(name, alone=len(models) == 1))
    return sources


def _named(name: str, *, alone: bool) -> Source:
    try:
        return named_source(name)
    except WeighinError as error:
        if alone:
            raise
        return MissingSource(name, error.what, error.hint)


class _Table:
    """Rows on stdout, progress on stderr."""

    def __init__(self, total: int, *, as_json: bool) -> None:
        self.measured = 0
        self._rows = 0
        self._total = total
        self._as_json = as_json
        self._status = StatusLine()
        self._names_by_note: dict[str, list[str]] = {}

    def begin(self) -> None:
        if not self._as_json:
            out(_HEADER)

    def started(self, source: Source) -> None:
        self._status.show(f"{self._rows + 1} of {self._total}: measuring {source.name} …")

    def add(self, fit: Fit) -> None:
        self._rows += 1
        self.measured += not fit.problem
        self._status.clear()
        if self._as_json:
            sys.stdout.buffer.write(msgspec.json.encode(msgspec.to_builtins(fit) | {"fits": fit.fits}) + b"\n")
            sys.stdout.buffer.flush()
            return
        out(fit_line(fit))
        for note in fit.notes:
            self._names_by_note.setdefault(note, []).append(fit.name)

    def end(self, message: str = "") -> None:
        self._status.clear()
        if self._as_json:
            return
        for note, names in self._names_by_note.items():
            models = ", ".join(names) if len(names) <= _MAX_NAMES else f"{len(names)} models"
            say(f"* {models}: {note}.")
        say(f"{self.measured} of {self._total} measured. {message}".rstrip())


def fit_line(fit: Fit) -> str:
    """One row of the table; ``⚠`` marks a disturbed measurement, ``~`` an extrapolated figure."""
    size = f"{gb(fit.size_bytes):.2f}" if fit.size_bytes else "–"
    if fit.problem:
        return f"{fit.name[:38]:<38} {size:>7} {fit.problem}"
    memory = f"{gib(fit.total_memory_bytes or 0):.2f}"
    prompt = _approximate(fit.prompt_label) + f"{fit.prompt_tokens_per_second or 0:.0f}"
    deep = _approximate(fit.deep_label) + f"{fit.deep_tokens_per_second:.1f}" if fit.deep_tokens_per_second else "–"
    remarks = [fit.label + ("*" if fit.notes else "")]
    if fit.fits is False:
        remarks.append("does not fit")
    if fit.gpu_layers is not None:
        remarks.append(f"{fit.gpu_layers} layers on the GPU")
    if fit.cached:
        remarks.append("cached")
    return (
        f"{fit.name[:38]:<38} {size:>7} {memory:>7} {prompt:>7}"
        f" {fit.generation_tokens_per_second or 0:>7.1f} {deep:>7} {'⚠' if fit.disturbed else ' '}"
        f"{', '.join(remarks)}"
    )


def _approximate(label: Label) -> str:
    return "~" if label == "extrapolated" else ""
