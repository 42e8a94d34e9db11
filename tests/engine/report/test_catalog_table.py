"""The models table, the comparison, sorting, the quant ladder, and measured beside published figures."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from weighin.engine.catalog.entries import CatalogError
from weighin.engine.catalog.loading import load_catalog
from weighin.engine.catalog.quants import LADDER, best_fitting, ladder, smallest_machine_gib
from weighin.engine.catalog.ranking import ModelFilter, rank_models
from weighin.engine.catalog.sort_keys import SORT_KEYS, SortKey
from weighin.engine.catalog.verdict import Allowed, StatedUse
from weighin.engine.events.run import AnswerScored, CandidateCard, MemoryMeasured, RunStarted, SpeedMeasured, SuiteCard
from weighin.engine.plan.model import Candidate, Plan, Settings
from weighin.engine.report.catalog_compare import compare_models
from weighin.engine.report.catalog_history import best_known, measured_here, measured_speeds
from weighin.engine.report.catalog_table import models_builtins, models_table
from weighin.engine.store.store import Store


def ids(wanted: ModelFilter, sort: SortKey = "name") -> list[str]:
    return [row.model.id for row in rank_models(load_catalog(), wanted, sort)]


def test_each_filter_keeps_the_models_it_should() -> None:
    everything = ids(ModelFilter())
    assert len(everything) == len(load_catalog().models)
    assert set(ids(ModelFilter(words="llama 8b"))) >= {"llama-3.1-8b-instruct", "hermes-3-llama-3.1-8b"}
    assert "llama-3.2-1b-instruct" in ids(ModelFilter(language="DE"))
    assert "smollm2-135m-instruct" not in ids(ModelFilter(language="de"))
    assert set(ids(ModelFilter(aptitude="coding", max_parameters=2 * 10**9))) >= {"qwen2.5-coder-1.5b-instruct"}
    small = ids(ModelFilter(min_parameters=5 * 10**8, max_parameters=10**9))
    assert "qwen3-0.6b" in small
    assert not {"smollm2-135m-instruct", "llama-3.1-8b-instruct"} & set(small)
    assert "ministral-8b-instruct-2410" not in ids(ModelFilter(use=StatedUse()))
    assert "stablelm-2-1-6b-chat" not in ids(ModelFilter(use=StatedUse()))
    assert "llama-3.2-1b-instruct" in ids(ModelFilter(use=StatedUse()))
    assert "llama-3.2-1b-instruct" not in ids(ModelFilter(use=StatedUse(), without_conditions=True))
    assert ids(ModelFilter(words="no such model")) == []


def test_a_model_is_shown_in_its_best_quant_that_fits() -> None:
    rows = {r.model.id: r for r in rank_models(load_catalog(), ModelFilter(fits_bytes=2 * 10**9))}
    assert "phi-4" not in rows
    assert all(row.memory_bytes <= 2 * 10**9 for row in rows.values())
    quants = {name: rows[name].rung.quant.name for name in ("smollm2-135m-instruct", "llama-3.2-3b-instruct")}
    assert quants == {"smollm2-135m-instruct": "Q8_0", "llama-3.2-3b-instruct": "Q2_K"}
    longer = ids(ModelFilter(fits_bytes=2 * 10**9, n_ctx=32768))
    assert set(longer) < set(rows)


@pytest.mark.parametrize("key", SORT_KEYS)
def test_every_column_sorts_and_unknown_comes_last(key: SortKey) -> None:
    rows = rank_models(load_catalog(), ModelFilter(), key)
    assert len(rows) == len(load_catalog().models)
    if key == "score":
        known = [row.score is not None for row in rows]
        assert known == sorted(known, reverse=True)
        assert [r.score.value for r in rows if r.score] == sorted(
            (r.score.value for r in rows if r.score), reverse=True
        )
    if key == "context":
        assert rows[0].model.context_tokens is not None
        assert rows[-1].model.context_tokens is None
    if key == "license":
        assert isinstance(rows[0].verdict, Allowed)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    catalog = load_catalog()
    assert all(len(line) <= width for line in models_table(rank_models(catalog, ModelFilter()), width=width))
    names = ["llama-3.1-8b-instruct", "phi-4", "qwen3-0.6b", "gemma-3-4b-it", "lfm2-1.2b"]
    lines = compare_models(names, catalog, {}, width=width)
    assert max(len(line) for line in lines) <= width
    blocks = sum(line.startswith("published") for line in lines)
    assert blocks == {40: 5, 80: 2, 120: 1}[width]


def test_a_comparison_shows_score_setups_licenses_and_machines() -> None:
    text = "\n".join(compare_models(["llama-3.1-8b-instruct", "phi-4"], load_catalog(), {}, width=120))
    assert "69.4 (instruct, 5-shot)" in text
    assert "Llama 3.1 Community License" in text
    assert "from 8 GiB" in text
    assert "derived: Q4_K_M" in text
    assert "Nothing yet" in text
    with pytest.raises(CatalogError, match="no model named"):
        compare_models(["nothing like it"], load_catalog(), {}, width=80)


def test_the_ladder_says_what_each_quant_costs() -> None:
    model = load_catalog().find("llama-3.1-8b-instruct")
    rungs = ladder(model, 7 * 2**30, 8192)
    fits = [r.quant.name for r in rungs if r.fits]
    assert "Q4_K_M" in fits
    assert "Q8_0" not in fits
    best = best_fitting(model, 7 * 2**30, 8192)
    assert best is not None
    assert best.quant.name == "Q5_K_M"
    assert best_fitting(model, 10**9, 8192) is None
    # Llama 3.1 8B Q4_K_M is 4.58 GiB in the table that the bits per weight come from.
    q4 = next(r for r in rungs if r.quant.name == "Q4_K_M")
    assert q4.file_bytes == pytest.approx(4.58 * 2**30, rel=0.01)
    k_quants = [q.perplexity_increase for q in LADDER if q.name not in ("Q4_0", "IQ4_XS")]
    assert k_quants == sorted(k_quants)
    assert [q.cost for q in LADDER][:3] == ["perplexity +0.04%", "perplexity +0.35%", "perplexity +0.91%"]


def test_the_smallest_machine_follows_from_the_model_size() -> None:
    catalog = load_catalog()
    sizes = {name: smallest_machine_gib(catalog.find(name)) for name in ("smollm2-135m-instruct", "phi-4")}
    assert sizes == {"smollm2-135m-instruct": 1, "phi-4": 16}


# Measured here


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    """Two runs of one catalog model and of a model that the catalog does not know."""
    path = tmp_path / "runs.sqlite"
    mine = Candidate(id="a", path="/m/Llama-3.2-1B-Instruct-Q4_K_M.gguf", name="whatever", quant="Q4_K_M")
    stranger = Candidate(id="b", path="/m/strange.gguf", name="Strange", quant="Q8_0")
    suite = SuiteCard(name="s", title="S", items=2, chance=None, metric="exact_match")
    with Store.open(path, clock=iter([time.time() - 86400.0, time.time()] + [time.time()] * 9).__next__) as store:
        for run, rate in (("r1", 20.0), ("r2", 30.0)):
            store.create_run(run, run, Plan(candidates=(mine, stranger), settings=Settings(n_ctx=2048)))
            cards = tuple(CandidateCard(id=c.id, name=c.name, quant=c.quant, size_bytes=1) for c in (mine, stranger))
            speed = {"kind": "generation", "repeat": 0, "attempt": 0, "n_tokens": 10, "depth": 0, "elapsed_s": 1.0}
            answer: dict[str, Any] = {
                "suite": "s",
                "scores": {},
                "prompt": "",
                "output": "",
                "extracted": None,
                "expected": "",
            }
            store.append(
                run,
                [
                    RunStarted(run_id=run, candidates=cards, suites=(suite,), repeats=1, machine="8 cores"),
                    SpeedMeasured(candidate="a", tokens_per_second=rate, **speed),  # type: ignore[arg-type]
                    SpeedMeasured(candidate="b", tokens_per_second=9.0, **speed),  # type: ignore[arg-type]
                    MemoryMeasured(candidate="a", peak_rss_bytes=10**9, n_ctx=2048),
                    AnswerScored(candidate="a", item="1", correct=True, **answer),
                    AnswerScored(candidate="a", item="2", correct=False, **answer),
                ],
            )
    return path


def test_measured_figures_are_shown_apart_with_machine_and_date(store_path: Path) -> None:
    catalog = load_catalog()
    found = measured_here(catalog, store_path, answers=True)
    assert set(found) == {"llama-3.2-1b-instruct"}
    newest, oldest = found["llama-3.2-1b-instruct"]
    assert (newest.run, newest.generation_tokens_per_second, newest.accuracy) == ("r2", 30.0, 0.5)
    assert oldest.generation_tokens_per_second == 20.0
    lines = compare_models(["llama-3.2-1b-instruct", "phi-4"], catalog, found, width=100)
    cut = next(number for number, line in enumerate(lines) if line.startswith("measured here"))
    published, measured = "\n".join(lines[:cut]), "\n".join(lines[cut:])
    assert "49.3" in published
    assert "30.0 tok/s" not in published
    for text in ("30.0 tok/s", "954 MiB at 2,048", "50.0% on s", "8 cores", newest.date, "run r2"):
        assert text in measured


def test_the_table_gets_a_column_only_when_something_was_measured(store_path: Path) -> None:
    catalog = load_catalog()
    assert "tok/s here" not in models_table(rank_models(catalog, ModelFilter()), width=160)[0]
    found = measured_here(catalog, store_path)
    rows = rank_models(catalog, ModelFilter(), "speed", measured_speeds(found))
    assert rows[0].model.id == "llama-3.2-1b-instruct"
    assert rows[0].speed is not None
    table = models_table(rows, width=160)
    assert "tok/s here" in table[0]
    assert table[1].endswith("30.0 Q4_K_M")
    document = models_builtins(rows[:1], found)[0]
    assert document["measured_here"][0]["machine"] == "8 cores"
    assert all("tokens_per_second" not in score for score in document["score"])


def test_a_clean_speed_is_preferred_to_a_newer_disturbed_one(store_path: Path) -> None:
    newest, oldest = measured_here(load_catalog(), store_path)["llama-3.2-1b-instruct"]
    disturbed = msgspec.structs.replace(newest, disturbed=True, quant="Q8_0")
    assert best_known([disturbed, oldest]) == oldest
    assert best_known([disturbed]) == disturbed
    assert best_known([]) is None
    only = {"llama-3.2-1b-instruct": [disturbed]}
    rows = rank_models(load_catalog(), ModelFilter(), "speed", measured_speeds(only))
    assert models_table(rows, width=160)[1].endswith("30.0 Q8_0 ⚠")
    both = {"llama-3.2-1b-instruct": [disturbed, oldest]}
    text = "\n".join(compare_models(["llama-3.2-1b-instruct"], load_catalog(), both, width=100))
    assert "Q4_K_M (also measured: Q8_0)" in text


def test_without_a_store_nothing_is_measured_and_no_store_is_created(tmp_path: Path) -> None:
    assert measured_here(load_catalog(), tmp_path / "none.sqlite") == {}
    assert not (tmp_path / "none.sqlite").exists()
