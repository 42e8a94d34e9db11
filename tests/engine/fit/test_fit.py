"""Measured before downloading: real workers on tiny files and on hollow files."""

from __future__ import annotations

from pathlib import Path

import pytest

from weighin.engine import paths
from weighin.engine.catalog.models import CatalogModel, load_catalog
from weighin.engine.errors import WeighinError
from weighin.engine.fit.measure import measure_fit
from weighin.engine.fit.source import CatalogSource, FileSource
from weighin.engine.plan import Settings
from weighin.tui.commands.fit import find_sources, fit_line

SETTINGS = Settings(n_ctx=512, n_threads=1)


def smallest() -> CatalogModel:
    """The smallest catalog model whose dimensions add up."""
    for model in sorted(load_catalog().models, key=lambda m: m.parameters.total):
        try:
            CatalogSource(model, "Q4_0").header()
        except WeighinError:
            continue
        return model
    raise AssertionError("no catalog model can be measured")


async def test_a_file_is_measured_and_remembered(tiny_models: list[Path]) -> None:
    source = FileSource(tiny_models[0])
    fit = await measure_fit(source, SETTINGS)
    assert (fit.problem, fit.label, fit.cached) == ("", "measured (real file)", False)
    assert fit.generation_tokens_per_second
    assert fit.memory_bytes
    assert fit.memory_bytes > fit.size_bytes
    again = await measure_fit(source, SETTINGS)
    assert again.cached or fit.disturbed
    other = await measure_fit(source, Settings(n_ctx=256, n_threads=1))
    assert not other.cached


async def test_a_catalog_model_runs_hollow_and_leaves_nothing_behind() -> None:
    fit = await measure_fit(CatalogSource(smallest(), "Q4_0"), SETTINGS)
    assert (fit.problem, fit.label) == ("", "measured (hollow)")
    assert fit.generation_tokens_per_second
    assert list((paths.cache_dir() / "hollow").iterdir()) == []


async def test_a_broken_file_is_a_row_with_a_reason_and_no_worker_is_started(
    tmp_path: Path, tiny_models: list[Path]
) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tiny_models[0].read_bytes()[:5000])
    fit = await measure_fit(FileSource(broken), SETTINGS)
    assert "truncated" in fit.problem
    assert not paths.logs_dir().exists()
    assert "truncated" in fit_line(fit)


async def test_a_worker_that_cannot_load_takes_only_its_row(tmp_path: Path, tiny_models: list[Path]) -> None:
    odd = tmp_path / "odd.gguf"
    odd.write_bytes(tiny_models[0].read_bytes().replace(b"blk.1.ffn_up", b"blk.1.ffn_xx"))
    fit = await measure_fit(FileSource(odd), SETTINGS)
    assert "could not load" in fit.problem


async def test_what_cannot_fit_is_not_tried(tmp_path: Path, tiny_models: list[Path]) -> None:
    huge = tmp_path / "huge.gguf"
    huge.write_bytes(tiny_models[0].read_bytes())
    with huge.open("r+b") as file:
        file.truncate(2**43)
    source = FileSource(huge)
    fit = await measure_fit(source, SETTINGS)
    assert "are available" in fit.problem


def test_names_files_and_folders_become_sources(tiny_models: list[Path]) -> None:
    assert len(find_sources((), "Q4_K_M")) == len(load_catalog().models)
    assert len(find_sources((str(tiny_models[0].parent),), "Q4_0")) == 3
    found = find_sources(("llama-3.2-1b-instruct:Q8_0",), "Q4_0")
    assert [source.name for source in found] == ["llama-3.2-1b-instruct:Q8_0"]
    with pytest.raises(WeighinError, match="no model called"):
        find_sources(("no-such-model",), "Q4_0")
