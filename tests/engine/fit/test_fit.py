"""Measuring before a download: real workers on tiny files and hollow files."""

from __future__ import annotations

import math
import os
import struct
from pathlib import Path

import msgspec
import pytest
from fixtures.broken_models import with_changed_tensors

from weighin.engine import paths
from weighin.engine.catalog.entries import CatalogModel
from weighin.engine.catalog.loading import load_catalog
from weighin.engine.errors import ModelFileError, WeighinError
from weighin.engine.fit import cache, measure, trial
from weighin.engine.fit.cache import cached_fit
from weighin.engine.fit.measure import measure_fit
from weighin.engine.fit.results import ROUTING_NOTE, Fit
from weighin.engine.fit.source import CatalogSource, FileSource, HubSource
from weighin.engine.gguf.architectures import Dimensions
from weighin.engine.gguf.synthesize import synthesize_header
from weighin.engine.hardware.memory import MemoryReading
from weighin.engine.plan.model import Settings

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


def hollow(arch: str = "llama", *, n_layer: int = 12, n_expert: int = 0) -> HubSource:
    """A model of a few megabytes that exists only as a header."""
    header = synthesize_header(
        Dimensions(
            arch=arch, n_layer=n_layer, n_embd=256, n_ff=512, n_head=8, n_head_kv=8, head_dim=32, n_vocab=2048,
            n_ctx_train=1024, n_expert=n_expert, n_expert_used=min(2, n_expert),
        ),
        "Q4_0",
    )  # fmt: skip
    return HubSource(f"owner/{arch}", 10_000_000, header)


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """No disturbances, because other processes would decide whether a measurement is kept."""
    from weighin.engine.fit import trial

    real = trial._once

    async def once(*values: object, **more: object) -> object:
        done = await real(*values, **more)  # type: ignore[arg-type]
        return msgspec.structs.replace(done, disturbances=())

    monkeypatch.setattr(trial, "_once", once)


@pytest.mark.usefixtures("calm")
async def test_a_file_is_measured_and_remembered(tiny_models: list[Path]) -> None:
    source = FileSource(tiny_models[0])
    assert cached_fit(source, SETTINGS) is None
    fit = await measure_fit(source, SETTINGS)
    assert (fit.problem, fit.label, fit.cached) == ("", "measured (real file)", False)
    assert fit.generation_tokens_per_second
    assert (fit.depth_tokens, fit.deep_label) == (512 - 16, "measured (real file)")
    assert fit.prompt_label == "measured (real file)"
    assert fit.deep_tokens_per_second
    assert fit.memory_bytes
    assert fit.memory_bytes > fit.size_bytes
    assert fit.fits
    again = await measure_fit(source, SETTINGS)
    assert again == msgspec.structs.replace(fit, cached=True)
    assert cached_fit(source, SETTINGS) == again
    for other in (Settings(n_ctx=256, n_threads=1), Settings(n_ctx=512, n_threads=1, kv_type="q8_0")):
        assert cached_fit(source, other) is None
    refreshed = await measure_fit(source, SETTINGS, refresh=True)
    assert not refreshed.cached


@pytest.mark.usefixtures("calm")
async def test_another_machine_build_or_file_has_other_measurements(
    tiny_models: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = await measure_fit(FileSource(tiny_models[0]), SETTINGS)
    assert not fit.problem
    assert cached_fit(FileSource(tiny_models[1]), SETTINGS) is None
    assert cached_fit(FileSource(tiny_models[0]), SETTINGS) is not None
    monkeypatch.setattr(cache, "_machine", lambda: "another")
    assert cached_fit(FileSource(tiny_models[0]), SETTINGS) is None


async def test_a_disturbed_measurement_is_shown_and_not_kept(
    tiny_models: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = trial.run_trial

    async def disturbed(*values: object, **more: object) -> object:
        return msgspec.structs.replace(await real(*values, **more), disturbed=True)  # type: ignore[arg-type]

    monkeypatch.setattr(measure, "run_trial", disturbed)
    fit = await measure_fit(FileSource(tiny_models[0]), SETTINGS)
    assert fit.disturbed
    assert cached_fit(FileSource(tiny_models[0]), SETTINGS) is None


async def test_a_catalog_model_runs_hollow_and_leaves_nothing_behind() -> None:
    fit = await measure_fit(CatalogSource(smallest(), "Q4_0"), SETTINGS)
    assert (fit.problem, fit.label) == ("", "measured (hollow)")
    assert fit.generation_tokens_per_second
    assert list((paths.cache_dir() / "hollow").iterdir()) == []


def test_models_of_one_shape_are_measured_once() -> None:
    catalog = load_catalog()
    one, other = (
        CatalogSource(catalog.find(name), "Q4_K_M")
        for name in ("llama-3.1-8b-instruct", "deepseek-r1-distill-llama-8b")
    )
    assert one.identity() == other.identity()
    assert one.identity() != CatalogSource(one.model, "Q8_0").identity()
    assert one.identity() != CatalogSource(catalog.find("qwen3-8b"), "Q4_K_M").identity()


async def test_a_catalog_model_of_unknown_shape_says_so() -> None:
    fit = await measure_fit(CatalogSource(load_catalog().find("granite-4.0-h-tiny"), "Q4_K_M"), SETTINGS)
    assert "cannot be measured without its file: the catalog does not state" in fit.problem
    assert not paths.logs_dir().exists()


async def test_a_broken_file_is_a_row_with_a_reason_and_no_worker_is_started(
    tmp_path: Path, tiny_models: list[Path]
) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tiny_models[0].read_bytes()[:5000])
    fit = await measure_fit(FileSource(broken), SETTINGS)
    assert "truncated" in fit.problem
    hostile = HubSource("owner/hostile", 2**40, b"GGUF" + struct.pack("<IQQ", 3, 2**50, 2**50))
    assert "is impossible" in (await measure_fit(hostile, SETTINGS)).problem
    assert not paths.logs_dir().exists()


async def test_a_worker_that_cannot_load_takes_only_its_row(tmp_path: Path, tiny_models: list[Path]) -> None:
    odd = tmp_path / "odd.gguf"
    odd.write_bytes(tiny_models[0].read_bytes().replace(b"blk.1.ffn_up", b"blk.1.ffn_xx"))
    fit = await measure_fit(FileSource(odd), SETTINGS)
    assert "could not load" in fit.problem
    assert "its tensor 'blk.1.ffn_up.weight' is missing. The file is damaged, or" in fit.problem
    assert str(paths.logs_dir()) not in fit.problem


async def test_a_file_that_computes_nan_is_a_row_with_that_reason(tmp_path: Path, tiny_models: list[Path]) -> None:
    damaged = with_changed_tensors(tiny_models[0], tmp_path / "damaged.gguf", {"output_norm.weight": math.nan})
    assert "damaged.gguf computes NaN" in (await measure_fit(FileSource(damaged), SETTINGS)).problem


async def test_a_model_that_cannot_fit_is_not_loaded(tmp_path: Path, tiny_models: list[Path]) -> None:
    huge = tmp_path / "huge.gguf"
    huge.write_bytes(tiny_models[0].read_bytes())
    with huge.open("r+b") as file:
        file.truncate(2**43)
    source = FileSource(huge)
    fit = await measure_fit(source, SETTINGS)
    assert "this machine can use" in fit.problem
    assert not paths.logs_dir().exists()


def short_of_memory(monkeypatch: pytest.MonkeyPatch, available_bytes: int) -> None:
    reading = MemoryReading(total_bytes=2**34, available_bytes=available_bytes, limit_bytes=None, usable_bytes=2**34)
    monkeypatch.setattr(measure, "usable_memory", lambda: reading)


def check_extrapolated(fit: Fit, whole: Fit) -> None:
    assert (fit.problem, fit.label, fit.deep_label) == ("", "extrapolated", "extrapolated")
    assert fit.prompt_label == "extrapolated"
    assert fit.memory_bytes
    assert whole.memory_bytes
    assert fit.memory_bytes == pytest.approx(whole.memory_bytes, rel=0.1)
    assert fit.prompt_tokens_per_second
    assert fit.deep_tokens_per_second
    assert any("only some of its layers were measured (2 and 4 of 12)" in note for note in fit.notes)
    assert list((paths.cache_dir() / "hollow").iterdir()) == []


async def test_short_of_memory_some_layers_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await measure_fit(hollow(), SETTINGS)
    assert whole.label == "measured (hollow)"
    short_of_memory(monkeypatch, 6_000_000)
    check_extrapolated(await measure_fit(hollow(), SETTINGS, refresh=True), whole)
    short_of_memory(monkeypatch, 1_000_000)
    fit = await measure_fit(hollow(), SETTINGS, refresh=True)
    assert "even 4 layers take" in fit.problem


async def test_without_disk_space_some_layers_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await measure_fit(hollow(), SETTINGS)
    real = HubSource.open

    def refuse(self: HubSource, folder: Path) -> object:
        raise ModelFileError(f"{folder} has no room.")

    monkeypatch.setattr(HubSource, "open", refuse)
    check_extrapolated(await measure_fit(hollow(), SETTINGS, refresh=True), whole)
    monkeypatch.setattr(HubSource, "open", real)


async def test_a_cache_that_fills_slowly_is_filled_in_a_part_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "_FILL_S", 0.0)
    fit = await measure_fit(hollow(), SETTINGS)
    assert (fit.problem, fit.label, fit.deep_label) == ("", "measured (hollow)", "extrapolated")
    assert fit.depth_tokens == 512 - 16
    assert fit.deep_tokens_per_second
    assert fit.generation_tokens_per_second
    assert fit.deep_tokens_per_second <= fit.generation_tokens_per_second


async def test_a_part_that_does_not_run_keeps_the_figures_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "_FILL_S", 0.0)
    wrong = hollow().header_bytes.replace(b"blk.0.attn_q", b"blk.0.attn_x")
    monkeypatch.setattr(measure, "attention_part", lambda _data: (wrong, 1.0))
    fit = await measure_fit(hollow(), SETTINGS)
    assert (fit.problem, fit.label, fit.deep_label) == ("", "measured (hollow)", "")
    assert fit.generation_tokens_per_second
    assert fit.deep_tokens_per_second is None
    assert any("cannot run a part of it" in note for note in fit.notes)


async def test_experts_are_marked_as_unknowable(tmp_path: Path, tiny_models: list[Path]) -> None:
    fit = await measure_fit(hollow("olmoe", n_expert=8), SETTINGS)
    assert (fit.problem, fit.label) == ("", "measured (hollow)")
    assert fit.notes == (ROUTING_NOTE,)
    assert (await measure_fit(FileSource(tiny_models[0]), SETTINGS)).notes == ()


async def test_a_header_that_makes_llama_cpp_abort_takes_only_its_row(tiny_models: list[Path]) -> None:
    # while it builds the graph, llama.cpp asserts that a whole head is rotated
    key = b"qwen3.rope.dimension_count" + struct.pack("<II", 4, 32)
    sound = hollow("qwen3")
    assert sound.header_bytes.count(key) == 1
    wrong = sound.header_bytes.replace(key, key[:-4] + struct.pack("<I", 16))
    fit = await measure_fit(msgspec.structs.replace(sound, header_bytes=wrong), SETTINGS)
    assert "aborted by llama.cpp" in fit.problem or "crashed" in fit.problem
    assert list((paths.cache_dir() / "hollow").iterdir()) == []
    assert not (await measure_fit(FileSource(tiny_models[0]), SETTINGS)).problem


def test_hollow_files_of_killed_processes_are_removed() -> None:
    base = paths.cache_dir() / "hollow"
    base.mkdir(parents=True)
    dead, alive = base / f"{2**22 + 1}-x", base / f"{os.getpid()}-x"
    for each in (dead, alive):
        each.mkdir()
        (each / "model.gguf").write_bytes(b"x")
    (base / "old.gguf").write_bytes(b"x")
    with measure.hollow_folder() as own:
        assert sorted(base.iterdir()) == sorted([alive, own])
    assert list(base.iterdir()) == [alive]
