"""The shipped files: schema, sources, dimensions against parameter counts, readers that name what is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from weighin.assets import asset
from weighin.engine.catalog.check import TOLERANCE, check_catalog, parameter_count
from weighin.engine.catalog.entries import Catalog, CatalogError, CatalogModel
from weighin.engine.catalog.kv import kv_cache_bytes
from weighin.engine.catalog.loading import load_catalog, read_catalog

GUIDE_MODELS = ("llama-3.1-8b-instruct", "phi-3-mini-128k-instruct", "mistral-7b-instruct-v0.3", "gemma-2-9b-it")


def test_shipped_catalog_is_sound() -> None:
    report = check_catalog(load_catalog())
    assert report.problems == ()
    assert len(load_catalog().models) >= 80
    # What cannot be held against a parameter count stays few: a new model comes with a sourced width.
    assert report.checked >= 61
    assert report.solved <= 11
    assert report.incomplete <= 16


@pytest.mark.parametrize("name", GUIDE_MODELS)
def test_the_guides_four_models_carry_every_row_of_its_table(name: str) -> None:
    model = load_catalog().find(name)
    assert model.licenses
    assert model.context_tokens
    assert model.aptitudes
    assert model.finetuning
    assert any(score.name == "MMLU" for score in model.score)
    assert model.dimensions.n_ff_is_sourced


@pytest.mark.parametrize("field", ["n_ff", "n_layer", "n_embd"])
def test_a_wrong_dimension_is_noticed(field: str) -> None:
    catalog = load_catalog()
    model = catalog.find("llama-3.1-8b-instruct")
    wrong = msgspec.structs.replace(model.dimensions, **{field: getattr(model.dimensions, field) * 11 // 10})
    report = check_catalog(_with(catalog, msgspec.structs.replace(model, dimensions=wrong)))
    assert any("dimensions give" in line for line in report.problems)


def test_a_tie_flag_the_wrong_way_round_is_noticed() -> None:
    """The hub counts the tied matrix of Qwen3 0.6B twice; its GGUF holds it once."""
    catalog = load_catalog()
    model = catalog.find("qwen3-0.6b")
    counted = parameter_count(model)
    assert counted is not None
    assert abs(counted / model.parameters.total - 1) < TOLERANCE
    untied = msgspec.structs.replace(model.dimensions, tied_embeddings=False)
    assert check_catalog(_with(catalog, msgspec.structs.replace(model, dimensions=untied))).problems


@pytest.mark.parametrize(
    "pattern", ["model-{quant}.bin", "{quant}{quant}.gguf", "model-{q}.gguf", "a b-{quant}.gguf", "x/{quant}.gguf"]
)
def test_malformed_file_patterns_are_noticed(pattern: str) -> None:
    catalog = load_catalog()
    model = catalog.find("llama-3.1-8b-instruct")
    repo = msgspec.structs.replace(model.gguf[0], pattern=pattern)
    assert check_catalog(_with(catalog, msgspec.structs.replace(model, gguf=(repo,)))).problems


def test_every_fact_names_its_source() -> None:
    for model in load_catalog().models:
        facts = [model.parameters, model.dimensions, model.kv, *model.gguf, *model.score]
        facts += [f for f in (model.released, model.gated, model.languages, model.aptitudes, model.finetuning) if f]
        facts += [f for f in (model.context_tokens, model.context_native_tokens, model.base) if f]
        assert all(fact.source for fact in facts), model.id
        assert bool(model.dimensions.n_ff_source) == (model.dimensions.n_ff is not None)
        assert bool(model.dimensions.tied_source) == (model.dimensions.tied_embeddings is not None)


def test_unknown_name_suggests_near_ones() -> None:
    with pytest.raises(CatalogError, match=r"llama-3\.2-1b-instruct"):
        load_catalog().find("llama-3.2-1b-instrct")
    assert load_catalog().get("nothing like it") is None
    assert load_catalog().find("Qwen/Qwen3-0.6B").id == "qwen3-0.6b"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('source = "hub"', 'source = "nowhere"', "listed neither"),
        ("n_layer = 32", 'n_layer = "many"', "n_layer"),
        ("context_tokens =", "contxt_tokens =", "contxt"),
        ("[[model]]", "[[model]", "cannot be used"),
        ("[sources]", '[sources]\nold = "nobody names it"', "'old'"),
        ('license = "llama3.1"', "", "license"),
    ],
)
def test_mutated_file_says_what_is_wrong(tmp_path: Path, old: str, new: str, message: str) -> None:
    folder = tmp_path / "catalog"
    folder.mkdir()
    for name in ("licenses.toml", "sources.toml"):
        shutil.copy(asset("catalog", name), folder / name)
    text = asset("catalog", "llama-3.1.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "llama-3.1.toml").write_text(text, encoding="utf-8")
    assert len(read_catalog(folder).models) == 1
    (folder / "llama-3.1.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CatalogError, match=message):
        read_catalog(folder)


def test_family_files_keep_one_order_of_keys() -> None:
    """Files stay pleasant to compare and to edit: the reader's order is the files' order."""
    from weighin.engine.catalog.loading import _Row

    order = {name: place for place, name in enumerate(_Row.__struct_fields__)}
    for path in sorted(asset("catalog").glob("*.toml")):
        places: list[int] = []
        for line in path.read_text(encoding="utf-8").splitlines():
            key = line.split(" = ")[0]
            if line == "[[model]]":
                places = []
            elif path.name not in ("licenses.toml", "sources.toml") and key in order and "id =" not in line:
                places.append(order[key])
                assert places == sorted(places), f"{path.name}: {key} is out of order"


def test_kv_cache() -> None:
    llama = load_catalog().find("llama-3.1-8b-instruct")
    assert kv_cache_bytes(llama, 8192) == 131072 * 8192
    gemma = load_catalog().find("gemma-3-4b-it")
    assert kv_cache_bytes(gemma, 32768) < kv_cache_bytes(gemma, 32768, swa_full=True)


def _with(catalog: Catalog, model: CatalogModel) -> Catalog:
    others = tuple(m for m in catalog.models if m.id != model.id)
    return msgspec.structs.replace(catalog, models=(*others, model))
