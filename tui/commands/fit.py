"""``weighin fit``: speed and memory of models that need not be downloaded."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import click
import msgspec

from weighin.engine.catalog.models import load_catalog
from weighin.engine.fit.measure import Fit, measure_fit
from weighin.engine.fit.source import CatalogSource, FileSource, HubSource, Source, named_source
from weighin.engine.gguf.files import find_models
from weighin.engine.hub.references import STORE_PREFIXES
from weighin.engine.plan import Settings

_HEADER = f"{'model':<40} {'file':>6} {'memory':>7} {'prompt':>7} {'tok/s':>7}  label"


def show_fit(models: tuple[str, ...], *, n_ctx: int, quant: str, refresh: bool, as_json: bool) -> int:
    """Rows as they come, the smallest model first; 0 when any was measured."""
    sources = sorted(find_sources(models, quant), key=_weight)
    if not as_json:
        click.echo(_HEADER)
    return asyncio.run(_show(_measured(sources, Settings(n_ctx=n_ctx), refresh), len(sources), as_json=as_json))


def find_sources(models: tuple[str, ...], quant: str) -> list[Source]:
    """Files, folders, catalog names (``name`` or ``name:QUANT``), hub and store names; nothing means the whole catalog.

    Raises:
        WeighinError: a name is neither.
    """
    catalog = load_catalog()
    if not models:
        return [CatalogSource(model, quant) for model in catalog.models]
    found: list[Source] = []
    for name in models:
        if Path(name).expanduser().exists() or name.endswith(".gguf"):
            found += [FileSource(file) for file in find_models(Path(name).expanduser())]
        elif "/" in name or name.partition(":")[0] in STORE_PREFIXES:
            found.append(named_source(name))
        else:
            model, _colon, wanted = name.partition(":")
            found.append(CatalogSource(catalog.find(model), wanted or quant))
    return found


def _weight(source: Source) -> int:
    if isinstance(source, CatalogSource):
        return source.model.parameters.total
    return source.file_bytes if isinstance(source, HubSource) else source.path.stat().st_size


async def _measured(sources: list[Source], settings: Settings, refresh: bool) -> AsyncIterator[Fit]:
    for number, source in enumerate(sources, 1):
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{number} of {len(sources)}: {source.name} …")
            sys.stderr.flush()
        fit = await measure_fit(source, settings, refresh=refresh)
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
        yield fit


async def _show(fits: AsyncIterator[Fit], total: int, *, as_json: bool) -> int:
    measured = 0
    async for fit in fits:
        measured += not fit.problem
        if as_json:
            sys.stdout.buffer.write(msgspec.json.encode(fit) + b"\n")
            sys.stdout.buffer.flush()
        else:
            click.echo(fit_line(fit))
    if not as_json:
        click.echo(f"{measured} of {total} measured.", err=True)
    return 0 if measured else 1


def fit_line(fit: Fit) -> str:
    """One row of the table; ``⚠`` marks what something else disturbed."""
    size = f"{fit.size_bytes / 2**30:.1f}G" if fit.size_bytes else "–"
    if fit.problem:
        return f"{fit.name[:40]:<40} {size:>6} {fit.problem}"
    memory = f"{(fit.memory_bytes or 0) / 2**30:.2f}G"
    mark = "⚠" if fit.disturbed else " "
    return (
        f"{fit.name[:40]:<40} {size:>6} {memory:>7} {fit.prompt_tokens_per_second or 0:>7.0f}"
        f" {fit.generation_tokens_per_second or 0:>7.1f} {mark}{fit.label}{', cached' if fit.cached else ''}"
    )
