"""``weighin fit``: speed and memory of models that need not be downloaded."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from pathlib import Path

import click
import msgspec

from weighin.engine.catalog.loading import load_catalog
from weighin.engine.errors import WeighinError
from weighin.engine.fit.many import measure_fits
from weighin.engine.fit.results import Fit, Label
from weighin.engine.fit.source import CatalogSource, FileSource, MissingSource, Source, named_source
from weighin.engine.gguf.files import find_models
from weighin.engine.models.references import STORE_PREFIXES
from weighin.engine.plan.model import KvType, Settings

_HEADER = f"{'model':<40} {'file':>6} {'memory':>7} {'prompt':>7} {'tok/s':>7} {'full':>7}  label"
_NAMED = 3
"""Models named in a footnote; of more only the number is."""
_INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""


def show_fit(
    models: tuple[str, ...], *, n_ctx: int, quant: str, refresh: bool, as_json: bool, kv_type: KvType = "f16"
) -> int:
    """Rows as they come, the cheapest model first; 0 when any was measured, 130 when interrupted.

    ``full`` is generation with the context nearly full. What was finished before an interruption is kept.
    """
    sources = find_sources(models, quant)
    settings = Settings(n_ctx=n_ctx, kv_type=kv_type)
    table = _Table(len(sources), as_json=as_json)
    table.begin()
    try:
        asyncio.run(_fill(table, sources, settings, refresh))
    except KeyboardInterrupt:
        table.end("Interrupted; the next time goes on from here.")
        return _INTERRUPTED
    table.end()
    return 0 if table.measured else 1


async def _fill(table: _Table, sources: list[Source], settings: Settings, refresh: bool) -> None:
    async with aclosing(measure_fits(sources, settings, refresh=refresh, started=table.started)) as fits:
        async for _source, fit in fits:
            table.add(fit)


def find_sources(models: tuple[str, ...], quant: str) -> list[Source]:
    """Files, folders, catalog names (``name`` or ``name:QUANT``), hub and store names; nothing means the whole catalog.

    Raises:
        WeighinError: a name is neither. A hub name that leads nowhere is a row among others, and an error alone.
    """
    catalog = load_catalog()
    if not models:
        return [CatalogSource(model, quant) for model in catalog.models]
    found: list[Source] = []
    for name in models:
        if Path(name).expanduser().exists() or name.endswith(".gguf"):
            found += [FileSource(file) for file in find_models(Path(name).expanduser())]
        elif "/" in name or name.partition(":")[0] in STORE_PREFIXES:
            found.append(_named(name, alone=len(models) == 1))
        else:
            model, _colon, wanted = name.partition(":")
            found.append(CatalogSource(catalog.find(model), wanted.upper() or quant))
    return found


def _named(name: str, *, alone: bool) -> Source:
    try:
        return named_source(name)
    except WeighinError as error:
        if alone:
            raise
        return MissingSource(name, error.what, error.hint)


class _Table:
    """Rows on stdout, progress on stderr where somebody looks."""

    def __init__(self, total: int, *, as_json: bool) -> None:
        self.measured = 0
        self._shown = 0
        self._total = total
        self._as_json = as_json
        self._notes: dict[str, list[str]] = {}

    def begin(self) -> None:
        if not self._as_json:
            click.echo(_HEADER)

    def started(self, source: Source) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{self._shown + 1} of {self._total}: measuring {source.name} …")
            sys.stderr.flush()

    def add(self, fit: Fit) -> None:
        self._shown += 1
        self.measured += not fit.problem
        self._clear()
        if self._as_json:
            sys.stdout.buffer.write(msgspec.json.encode(msgspec.to_builtins(fit) | {"fits": fit.fits}) + b"\n")
            sys.stdout.buffer.flush()
            return
        click.echo(fit_line(fit))
        for note in fit.notes:
            self._notes.setdefault(note, []).append(fit.name)

    def end(self, word: str = "") -> None:
        self._clear()
        if self._as_json:
            return
        for note, names in self._notes.items():
            who = ", ".join(names) if len(names) <= _NAMED else f"{len(names)} models"
            click.echo(f"* {who}: {note}.", err=True)
        click.echo(f"{self.measured} of {self._total} measured.{' ' + word if word else ''}", err=True)

    def _clear(self) -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def fit_line(fit: Fit) -> str:
    """One row of the table; ``⚠`` marks what something else disturbed, ``~`` a figure that was extrapolated."""
    size = f"{fit.size_bytes / 2**30:.1f}G" if fit.size_bytes else "–"
    if fit.problem:
        return f"{fit.name[:40]:<40} {size:>6} {fit.problem}"
    memory = f"{(fit.memory_bytes or 0) / 2**30:.2f}G"
    prompt = _about(fit.prompt_label) + f"{fit.prompt_tokens_per_second or 0:.0f}"
    deep = _about(fit.deep_label) + f"{fit.deep_tokens_per_second:.1f}" if fit.deep_tokens_per_second else "–"
    remarks = [fit.label + ("*" if fit.notes else "")]
    if fit.fits is False:
        remarks.append("does not fit")
    if fit.gpu_layers is not None:
        remarks.append(f"{fit.gpu_layers} layers on the GPU")
    if fit.cached:
        remarks.append("cached")
    return (
        f"{fit.name[:40]:<40} {size:>6} {memory:>7} {prompt:>7}"
        f" {fit.generation_tokens_per_second or 0:>7.1f} {deep:>7} {'⚠' if fit.disturbed else ' '}"
        f"{', '.join(remarks)}"
    )


def _about(label: Label) -> str:
    return "~" if label == "extrapolated" else ""
