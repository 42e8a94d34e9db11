"""The shipped catalog: its schema, sources and dimensions, and the reader's errors."""

from __future__ import annotations

import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from weighin.assets import asset
from weighin.engine.catalog import loading
from weighin.engine.catalog.entries import APTITUDES, DERIVED, Catalog, CatalogError, CatalogModel
from weighin.engine.catalog.loading import load_catalog, read_catalog
from weighin.engine.catalog.quants import kv_cache_bytes
from weighin.engine.errors import ModelFileError
from weighin.engine.fit.shape import catalog_shape
from weighin.engine.gguf.architectures import parameter_count, tensor_shapes

GUIDE_MODELS = ("llama-3.1-8b-instruct", "phi-3-mini-128k-instruct", "mistral-7b-instruct-v0.3", "gemma-2-9b-it")
TOLERANCE = 0.01
_PATTERN = re.compile(r"[\w.+-]*\{quant\}[\w.+-]*\.gguf|[\w.+-]+\.gguf")
_REPO = re.compile(r"[\w.-]+/[\w.-]+")
_DATE = re.compile(r"20\d\d(-\d\d(-\d\d)?)?")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]+)?")


def n_ff_is_sourced(model: CatalogModel) -> bool:
    """A width solved from the parameter count cannot check that count."""
    return model.dimensions.n_ff is not None and not model.dimensions.n_ff_source.startswith(DERIVED)


def test_threads_that_need_the_catalog_at_once_read_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = 0

    def slow_read(folder: Path) -> Catalog:
        nonlocal reading
        reading += 1
        time.sleep(0.05)
        return Catalog(models=(), licenses={})

    monkeypatch.setattr(loading, "read_catalog", slow_read)
    loading._load_catalog.cache_clear()
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: load_catalog(), range(4)))
    finally:
        loading._load_catalog.cache_clear()
    assert reading == 1


def test_shipped_catalog_is_sound() -> None:
    catalog = load_catalog()
    assert len(catalog.models) >= 80
    assert problems_of(catalog) == []


def test_most_dimensions_add_up_to_the_parameter_count() -> None:
    """The rest stays small, so that a new model comes with a sourced feed-forward width."""
    checked = solved = incomplete = 0
    for model in load_catalog().models:
        if weights_of(model) is None:
            incomplete += 1
        elif n_ff_is_sourced(model):
            checked += 1
        else:
            solved += 1
    assert checked >= 61
    assert solved <= 15
    assert incomplete <= 12


@pytest.mark.parametrize("name", GUIDE_MODELS)
def test_four_well_known_models_have_every_fact(name: str) -> None:
    model = load_catalog().find(name)
    assert model.licenses
    assert model.context_tokens
    assert model.aptitudes
    assert model.finetuning
    assert any(score.name == "MMLU" for score in model.score)
    assert n_ff_is_sourced(model)


@pytest.mark.parametrize("field", ["n_ff", "n_layer", "n_embd"])
def test_a_wrong_dimension_is_noticed(field: str) -> None:
    catalog = load_catalog()
    model = catalog.find("llama-3.1-8b-instruct")
    wrong = msgspec.structs.replace(model.dimensions, **{field: getattr(model.dimensions, field) * 11 // 10})
    problems = problems_of(_with(catalog, msgspec.structs.replace(model, dimensions=wrong)))
    assert any("dimensions give" in line for line in problems)


def test_a_wrong_flag_for_tied_embeddings_is_noticed() -> None:
    """The hub counts the tied matrix of Qwen3 0.6B twice; its GGUF holds it once."""
    catalog = load_catalog()
    model = catalog.find("qwen3-0.6b")
    counted = weights_of(model)
    assert counted is not None
    assert abs(counted / model.parameters.total - 1) < TOLERANCE
    untied = msgspec.structs.replace(model.dimensions, tied_embeddings=False)
    assert problems_of(_with(catalog, msgspec.structs.replace(model, dimensions=untied)))


@pytest.mark.parametrize(
    "pattern", ["model-{quant}.bin", "{quant}{quant}.gguf", "model-{q}.gguf", "a b-{quant}.gguf", "x/{quant}.gguf"]
)
def test_malformed_file_patterns_are_noticed(pattern: str) -> None:
    catalog = load_catalog()
    model = catalog.find("llama-3.1-8b-instruct")
    repo = msgspec.structs.replace(model.gguf[0], pattern=pattern)
    assert problems_of(_with(catalog, msgspec.structs.replace(model, gguf=(repo,))))


def test_every_fact_names_its_source() -> None:
    for model in load_catalog().models:
        facts: list[Any] = [model.parameters, model.dimensions, model.kv, *model.gguf, *model.score]
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
        ('source = "hub"', 'source = "nowhere"', "is not listed"),
        ("n_layer = 32", 'n_layer = "many"', "n_layer"),
        ("context_tokens =", "contxt_tokens =", "contxt"),
        ("[[model]]", "[[model]", "cannot be used"),
        ("[sources]", '[sources]\nold = "nothing uses it"', "'old'"),
        ('license = "llama3.1"', "", "license"),
    ],
)
def test_an_invalid_file_says_what_is_wrong(tmp_path: Path, old: str, new: str, message: str) -> None:
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
    """The files keep the reader's order of keys, so that they are easy to compare and edit."""
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


def test_kv_cache_sizes() -> None:
    llama = load_catalog().find("llama-3.1-8b-instruct")
    assert kv_cache_bytes(llama, 8192) == 131072 * 8192
    gemma = load_catalog().find("gemma-3-4b-it")
    no_window = msgspec.structs.replace(gemma, kv=msgspec.structs.replace(gemma.kv, sliding_window=None))
    assert kv_cache_bytes(gemma, 32768) < kv_cache_bytes(no_window, 32768)


def _with(catalog: Catalog, model: CatalogModel) -> Catalog:
    others = tuple(m for m in catalog.models if m.id != model.id)
    return msgspec.structs.replace(catalog, models=(*others, model))


def problems_of(catalog: Catalog) -> list[str]:
    """One line for each thing that is wrong. The schema and the sources are checked by the reader."""
    problems: list[str] = []
    names = [name for model in catalog.models for name in (model.id, model.repo)]
    problems += [f"{name}: listed twice" for name in set(names) if names.count(name) > 1]
    for model in catalog.models:
        problems += _facts(model, catalog)
        counted, total = weights_of(model), model.parameters.total
        if counted is not None and abs(counted / total - 1) > TOLERANCE:
            problems.append(f"{model.id}: dimensions give {counted:,} parameters, the catalog says {total:,}")
    return problems


def weights_of(model: CatalogModel) -> int | None:
    """Parameters that the model's dimensions give; None if the catalog does not state its whole shape."""
    try:
        return parameter_count(tensor_shapes(catalog_shape(model)))
    except ModelFileError:
        return None


def _facts(model: CatalogModel, catalog: Catalog) -> list[str]:
    problems = [
        f"{model.id}: malformed GGUF entry {repo.repo} {repo.pattern}"
        for repo in model.gguf
        if not _PATTERN.fullmatch(repo.pattern) or not _REPO.fullmatch(repo.repo)
    ]
    if not _REPO.fullmatch(model.repo):
        problems.append(f"{model.id}: {model.repo} is not owner/name")
    problems += [
        f"{model.id}: unknown license {key}" for key in model.licenses if key not in catalog.licenses and key != "other"
    ]
    if model.released and not _DATE.fullmatch(model.released.value):
        problems.append(f"{model.id}: {model.released.value} is not a date")
    problems += [
        f"{model.id}: {tag} is not one of the aptitudes"
        for tag in (model.aptitudes.value if model.aptitudes else ())
        if tag not in APTITUDES
    ]
    problems += [
        f"{model.id}: {code} is not a language code"
        for code in (model.languages.value if model.languages else ())
        if not _LANGUAGE.fullmatch(code)
    ]
    problems += [
        f"{model.id}: a score of {score.value:g} in {score.name}"
        for score in model.score
        if not 0 <= score.value <= 100
    ]
    kv = model.kv
    layers = kv.full_attention_layers + kv.sliding_layers + kv.recurrent_layers + kv.layers_reusing_kv
    if layers != model.dimensions.n_layer:
        problems.append(f"{model.id}: {layers} cache layers for {model.dimensions.n_layer} layers")
    if (kv.sliding_layers > 0) != (kv.sliding_window is not None):
        problems.append(f"{model.id}: sliding layers without a window, or a window without sliding layers")
    published = model.parameters.published
    if published is not None and published <= model.parameters.total:
        problems.append(f"{model.id}: the published count does not exceed the text model's")
    return problems
