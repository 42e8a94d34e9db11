"""The candidates table: the same rows as ``weighin models``, typed reasons, and the order of its columns."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from weighin.engine.catalog.loading import load_catalog
from weighin.engine.catalog.ranking import (
    Conditions,
    LicenseForbids,
    LicenseUnknown,
    ModelFilter,
    NoFiles,
    TooLarge,
    Unreadable,
    rank_model,
    rank_models,
    sort_rows,
)
from weighin.engine.catalog.sort_keys import SortKey
from weighin.engine.catalog.verdict import StatedUse, reasons_of, severity
from weighin.engine.fit.results import Fit
from weighin.engine.gguf.tiny import write_tiny_model
from weighin.engine.models.local import find_in_folder
from weighin.engine.prepare.candidate_rows import CANDIDATE_SORT_KEYS, CandidateRow, FromCatalog, next_quant
from weighin.engine.prepare.candidates import list_candidates
from weighin.engine.prepare.candidates_text import catalog_lines, detail_lines, license_word, why_ruled_out
from weighin.engine.prepare.draft import Draft, Target, conditions_of
from weighin.engine.report.catalog_table import models_builtins

EIGHT_GIB = 8 * 2**30


def rows_of(conditions: Conditions) -> dict[str, CandidateRow]:
    rows = list_candidates(conditions).rows
    return {row.origin.ranked.model.id: row for row in rows if isinstance(row.origin, FromCatalog)}


def test_the_wizard_and_the_models_command_show_the_same_rows() -> None:
    wizard = rows_of(Conditions(memory_bytes=EIGHT_GIB))
    command = rank_models(load_catalog(), ModelFilter(machine_bytes=EIGHT_GIB))
    documents = models_builtins(command)
    assert set(wizard) == {ranked.model.id for ranked in command}
    for ranked, document in zip(command, documents, strict=True):
        row = wizard[ranked.model.id]
        assert row.verdict == ranked.verdict
        assert row.memory_bytes == ranked.memory_bytes == document["estimated"]["memory_bytes"]
        assert row.size_bytes == document["estimated"]["file_bytes"]
        assert row.quant == document["estimated"]["quant"]["name"]
        assert row.ruled_out == ranked.ruled_out
        assert msgspec.to_builtins(row.ruled_out) == document["ruled_out"]
        assert row.score == (ranked.score.value if ranked.score else None)


def test_every_kind_of_reason_is_a_type_with_words() -> None:
    rows = rows_of(Conditions(memory_bytes=EIGHT_GIB))
    reasons = {type(row.ruled_out): row for row in rows.values() if row.ruled_out is not None}
    assert {LicenseForbids, LicenseUnknown, TooLarge} <= set(reasons)
    assert why_ruled_out(NoFiles())
    too_large = rows["phi-4"].ruled_out
    assert isinstance(too_large, TooLarge)
    assert why_ruled_out(too_large) == "Q4_K_M does not fit in 8 GiB; press k for another quant"
    assert why_ruled_out(TooLarge(9, EIGHT_GIB, "")) == "no quant fits in 8 GiB"
    assert all(why_ruled_out(row.ruled_out) for row in rows.values() if row.ruled_out)
    assert detail_lines(rows["phi-4"])[0] == f"Cannot be picked: {why_ruled_out(too_large)}."


def test_a_broken_file_in_a_store_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "models" / "someone" / "broken"
    folder.mkdir(parents=True)
    (folder / "broken.Q8_0.gguf").write_bytes(b"GGUF" + bytes(64))
    monkeypatch.setattr(
        "weighin.engine.prepare.candidates.find_local_models",
        lambda: tuple(
            msgspec.structs.replace(model, source="lm-studio") for model in find_in_folder(tmp_path / "models")
        ),
    )
    (row,) = [r for r in list_candidates(Conditions()).rows if r.name.endswith("(lm-studio)")]
    assert isinstance(row.ruled_out, Unreadable)
    assert license_word(row) == ""
    assert row.source is None


def test_a_file_the_user_named_is_listed_with_its_license(tmp_path: Path) -> None:
    path = tmp_path / "mine.Q8_0.gguf"
    write_tiny_model(path)
    listed = list_candidates(Conditions(memory_bytes=EIGHT_GIB), added=(str(path), str(tmp_path / "none.gguf")))
    row = next(row for row in listed.rows if row.key == str(path))
    assert row.downloaded
    assert row.ruled_out is None
    assert len(listed.problems) == 1
    assert "none.gguf" in listed.problems[0]


@pytest.mark.parametrize("key", CANDIDATE_SORT_KEYS)
def test_every_column_sorts_best_first_and_unknown_last(key: SortKey) -> None:
    rows = sort_rows(list_candidates(Conditions(memory_bytes=EIGHT_GIB)).rows, key)
    values = [row.sort_value(key) for row in rows]
    known = [value for value in values if value is not None]
    assert values == [*sorted(known), *[None] * (len(values) - len(known))]
    if key == "license":
        levels = [severity(row.verdict) for row in rows if row.verdict is not None]
        assert levels == sorted(levels)


def test_a_measurement_replaces_the_estimate_and_a_failed_one_is_not_repeated() -> None:
    row = rows_of(Conditions(memory_bytes=EIGHT_GIB))["qwen3-0.6b"]
    assert row.source is not None
    fit = Fit(
        name="x", size_bytes=1, n_ctx=4096, label="measured (hollow)", generation_tokens_per_second=31.0,
        prompt_tokens_per_second=100.0, memory_bytes=7 * 2**20, disturbed=True,
    )  # fmt: skip
    measured = row.with_fit(fit)
    assert (measured.memory_bytes, measured.tokens_per_second, measured.disturbed) == (7 * 2**20, 31.0, True)
    assert detail_lines(measured)[1].startswith("Measured (hollow) at context 4096: generation 31.0")
    failed = row.with_fit(Fit(name="x", size_bytes=1, n_ctx=4096, problem="the worker died"))
    assert failed.source is None
    assert not failed.measured
    assert failed.memory_bytes == row.memory_bytes
    assert detail_lines(failed)[-1] == "Not measured: the worker died"


def test_the_next_quant_goes_down_the_ladder_and_around() -> None:
    conditions = Conditions(memory_bytes=EIGHT_GIB)
    row = rows_of(conditions)["phi-4"]
    fitting = next_quant(row, conditions)
    assert fitting == "Q3_K_M"
    assert next_quant(row, Conditions(memory_bytes=2**20)) == row.quant


def test_conditions_use_the_described_target_or_this_machine() -> None:
    target = Target(this_machine=False, ram_bytes=4 * 2**30, vram_bytes=2**30, n_ctx=2048)
    assert conditions_of(Draft(target=target)) == Conditions(memory_bytes=5 * 2**30, n_ctx=2048)
    assert (conditions_of(Draft()).memory_bytes or 0) > 0


def test_the_catalog_lines_of_a_row_say_what_has_no_column() -> None:
    catalog = load_catalog()
    conditions = Conditions(memory_bytes=4 * 10**9, aptitude="coding")
    row = rank_model(catalog.find("qwen2.5-coder-7b-instruct"), catalog.licenses, conditions)
    license_line, quality, good_at, score = catalog_lines(row)
    assert license_line.startswith("license: allowed")
    assert quality == "quality lost to the quant: perplexity +2.8%"
    assert "includes the task" in good_at
    assert score.startswith("published score: ")
    gemma = rank_model(catalog.find("gemma-2-9b-it"), catalog.licenses, Conditions(use=StatedUse()))
    assert catalog_lines(gemma)[0] == f"license: allowed if: {reasons_of(gemma.verdict)[0]}"
