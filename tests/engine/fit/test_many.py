"""Measuring many models: their order, and stopping early."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from contextlib import aclosing
from pathlib import Path

import msgspec
import psutil
import pytest

from weighin.engine import paths
from weighin.engine.catalog.loading import load_catalog
from weighin.engine.fit import measure
from weighin.engine.fit.cache import cached_fit
from weighin.engine.fit.measure import cheapest_first, measure_fits
from weighin.engine.fit.results import Fit
from weighin.engine.fit.source import CatalogSource, FileSource, Source
from weighin.engine.plan.model import Settings

SETTINGS = Settings(n_ctx=256, n_threads=1)


async def test_earlier_measurements_come_first_then_the_smallest_model(
    tiny_models: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = load_catalog()
    large, small = (CatalogSource(catalog.find(name), "Q4_K_M") for name in ("qwen3-8b", "qwen3-0.6b"))
    known = FileSource(tiny_models[0])
    broken = CatalogSource(catalog.find("granite-4.0-h-tiny"), "Q4_K_M")
    measured: list[str] = []

    async def fake(source: Source, settings: Settings, *, refresh: bool) -> Fit:
        assert not refresh
        problem = "broken" if source is broken else ""
        return Fit(name=source.name, size_bytes=1, n_ctx=settings.n_ctx, problem=problem)

    def remembered(source: Source, _settings: Settings) -> Fit | None:
        return Fit(name=source.name, size_bytes=1, n_ctx=256, cached=True) if source is known else None

    monkeypatch.setattr(measure, "measure_fit", fake)
    monkeypatch.setattr(measure, "cached_fit", remembered)
    sources: list[Source] = [large, broken, known, small]
    found = [
        (source, fit)
        async for source, fit in measure_fits(sources, SETTINGS, started=lambda s: measured.append(s.name))
    ]
    assert [source for source, _ in found] == [known, small, broken, large]
    assert [fit.problem for _, fit in found] == ["", "", "broken", ""]
    assert measured == [small.name, broken.name, large.name]


async def test_models_of_one_shape_are_measured_once_even_if_it_was_disturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = load_catalog()
    names = ("llama-3.1-8b-instruct", "deepseek-r1-distill-llama-8b", "qwen3-8b")
    sources: list[Source] = [CatalogSource(catalog.find(name), "Q4_K_M") for name in names]
    measured: list[str] = []

    async def fake(source: Source, settings: Settings, *, refresh: bool) -> Fit:
        measured.append(source.name)
        return Fit(name=source.name, size_bytes=len(measured), n_ctx=settings.n_ctx, disturbed=True)

    monkeypatch.setattr(measure, "measure_fit", fake)
    found = [fit async for _source, fit in measure_fits(sources, SETTINGS, refresh=True)]
    assert len(found) == 3
    assert len(measured) == 2
    assert {fit.name for fit in found} == {source.name for source in sources}
    llamas = [fit for fit in found if "llama" in fit.name]
    assert llamas[0] == msgspec.structs.replace(llamas[1], name=llamas[0].name)


def test_quants_and_files_are_ordered_by_size(tiny_models: list[Path]) -> None:
    catalog = load_catalog()
    q8 = CatalogSource(catalog.find("qwen3-1.7b"), "Q8_0")
    q4 = CatalogSource(catalog.find("qwen3-1.7b"), "Q4_K_M")
    full = CatalogSource(catalog.find("qwen3-0.6b"), "F16")
    file, gone = FileSource(tiny_models[0]), FileSource(Path("gone.gguf"))
    assert cheapest_first([q8, full, q4, file, gone]) == [gone, file, q4, full, q8]


async def test_stopping_ends_the_worker_and_keeps_finished_measurements(tiny_models: list[Path]) -> None:
    slow = CatalogSource(load_catalog().find("smollm2-360m-instruct"), "Q8_0")
    sources: list[Source] = [FileSource(tiny_models[0]), slow]
    begun = asyncio.Event()
    done: list[Fit] = []

    async def fill() -> None:
        def started(source: Source) -> None:
            if source is slow:
                begun.set()

        async with aclosing(measure_fits(sources, SETTINGS, started=started)) as fits:
            async for _source, fit in fits:
                done.append(fit)

    task = asyncio.create_task(fill())
    await asyncio.wait_for(begun.wait(), 60)
    while not any(worker_of_ours()):
        await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [fit.name for fit in done] == [sources[0].name]
    assert done[0].disturbed or cached_fit(sources[0], SETTINGS) is not None
    assert list((paths.cache_dir() / "hollow").iterdir()) == []
    assert not any(worker_of_ours())


def worker_of_ours() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended; a zombie counts as such
            if "weighin.engine.worker" in " ".join(child.cmdline()):
                found.append(child)
    return found


_LONG = """
import asyncio, sys
from weighin.engine.catalog.loading import load_catalog
from weighin.engine.fit.measure import measure_fit
from weighin.engine.fit.source import CatalogSource
from weighin.engine.plan.model import Settings
source = CatalogSource(load_catalog().find("smollm2-1.7b-instruct"), "Q8_0")
asyncio.run(measure_fit(source, Settings(n_ctx=256, n_threads=1)))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
async def test_the_next_process_removes_what_a_killed_one_left(tiny_models: list[Path]) -> None:
    base = paths.cache_dir() / "hollow"
    process = subprocess.Popen([sys.executable, "-c", _LONG], env=dict(os.environ))
    try:
        deadline = time.monotonic() + 60
        while not list(base.glob("*/*.gguf")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    assert list(base.glob("*/*.gguf"))
    async for _source, fit in measure_fits([FileSource(tiny_models[0])], SETTINGS):
        assert not fit.problem
    assert list(base.iterdir()) == []
