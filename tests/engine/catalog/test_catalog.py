"""The shipped catalog: its schema, sources and dimensions, and the reader's errors."""

from __future__ import annotations

import datetime
import re
import shutil
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fixtures.catalog_weights import other_weights
from fixtures.languages import ISO_639_1

from weighin.assets import asset
from weighin.engine.catalog import loading
from weighin.engine.catalog.entries import (
    APTITUDES,
    DERIVED,
    Catalog,
    CatalogError,
    CatalogModel,
    GgufRepo,
    Languages,
    Text,
)
from weighin.engine.catalog.loading import load_catalog, read_catalog
from weighin.engine.catalog.quants import kv_cache_bytes
from weighin.engine.errors import ModelFileError
from weighin.engine.fit.shape import catalog_shape
from weighin.engine.gguf.architectures import parameter_count, tensor_shapes
from weighin.engine.gguf.naming import DEFAULT_QUANT
from weighin.engine.toml import loads

GUIDE_MODELS = ("llama-3.1-8b-instruct", "phi-3-mini-128k-instruct", "mistral-7b-instruct-v0.3", "gemma-2-9b-it")
LISTINGS = Path(__file__).parents[2] / "data" / "hub_listings.toml"
TOLERANCE = 0.0001
"""Small tensors that are no weights, such as factors for long contexts, make the rest of the difference."""
_PATTERN = re.compile(r"[\w.+-]*\{quant\}[\w.+-]*\.gguf|[\w.+-]+\.gguf")
_REPO = re.compile(r"[\w.-]+/[\w.-]+")
_OLD_LANGUAGES = frozenset({"sh"})
"""Codes that hub tags still use: Serbo-Croatian."""


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
    assert len(catalog.models) >= 140
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
    assert checked >= 100
    assert solved <= 30
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


@pytest.mark.parametrize("name", ["qwen3.5-2b", "gemma-3n-e2b-it", "gemma-4-e4b-it", "ministral-3-3b-instruct-2512"])
def test_a_total_with_more_than_the_text_model_is_noticed(name: str) -> None:
    catalog = load_catalog()
    model = catalog.find(name)
    assert model.parameters.published is not None
    whole = msgspec.structs.replace(model.parameters, total=model.parameters.published, published=None)
    problems = problems_of(_with(catalog, msgspec.structs.replace(model, parameters=whole)))
    assert any("dimensions give" in line for line in problems)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"languages": Languages("hub", ("lg-ai", "en"))}, "lg-ai"),
        ({"languages": Languages("hub", ("on-device",))}, "on-device"),
        ({"languages": Languages("hub", ("xx",))}, "xx"),
        ({"released": Text("2025-02-30", "hub")}, "2025-02-30"),
        ({"released": Text("2025-3-1", "hub")}, "2025-3-1"),
        ({"licenses": ("mit", "nothing-like-it")}, "nothing-like-it"),
        ({"gguf": (GgufRepo("bartowski/Qwen2.5-7B-Instruct-GGUF", "x-{quant}.gguf", "s"),)}, "listed twice"),
        ({"gguf": (GgufRepo("a/b", "x-{quant}.gguf", "s", ("Q8_0",), (("Q8_0", 1),)),)}, "one file"),
        ({"gguf": (GgufRepo("a/b", "x-{quant}.gguf", "s", ("Q8_0",), (("Q4_0", 2),)),)}, "no quant of it"),
        (
            {"gguf": (GgufRepo("a/b", "x-{quant}.gguf", "s", ("Q8_0",)), GgufRepo("c/d", "x-{quant}.gguf", "s"))},
            "first",
        ),
    ],
)
def test_wrong_facts_are_noticed(change: dict[str, Any], message: str) -> None:
    catalog = load_catalog()
    model = msgspec.structs.replace(catalog.find("llama-3.1-8b-instruct"), **change)
    assert any(message in line for line in problems_of(_with(catalog, model)))


def test_file_names_are_those_seen_on_the_hub() -> None:
    listings = loads(LISTINGS.read_text(encoding="utf-8"))
    repos = {row.repo for model in load_catalog().models for row in model.gguf}
    assert len(repos & {*listings["complete"], *listings["seen"]}) >= 180
    assert file_problems(load_catalog(), listings["complete"], listings["seen"]) == []


@pytest.mark.parametrize(
    ("row", "names", "message"),
    [
        (GgufRepo("a/b", "SmolLM3-3B-{quant}.gguf", "s"), ["SmolLM3-Q4_K_M.gguf"], "not SmolLM3-3B"),
        (GgufRepo("a/b", "M-{quant}.gguf", "s", ("Q4_0",)), ["M-Q4_1.gguf"], "no M-Q4_0.gguf"),
        (GgufRepo("a/b", "m-{quant}.gguf", "s", ("q8_0",)), ["m-q8_0-00001-of-00002.gguf"], "no m-q8_0.gguf"),
        (GgufRepo("a/b", "m-{quant}.gguf", "s", ("q8_0",), (("q8_0", 3),)), ["m-q8_0-00001-of-00002.gguf"], "of-00003"),
        (GgufRepo("a/b", "olmo-{quant}.gguf", "s"), ["OLMo-Q4_K_M.gguf"], "not olmo"),
    ],
)
def test_file_names_that_the_hub_does_not_have_are_noticed(row: GgufRepo, names: list[str], message: str) -> None:
    catalog = load_catalog()
    model = msgspec.structs.replace(catalog.find("llama-3.1-8b-instruct"), gguf=(row,))
    wrong = Catalog(models=(model,), licenses=catalog.licenses)
    assert any(message in line for line in file_problems(wrong, {"a/b": names}, {}))


def test_models_can_be_keys() -> None:
    """The wizard counts on it."""
    assert len(set(load_catalog().models)) == len(load_catalog().models)


def test_split_quants_name_every_part() -> None:
    row = next(g for g in load_catalog().find("qwen2.5-7b-instruct").gguf if g.parts)
    assert row.file_names("q2_k") == ("qwen2.5-7b-instruct-q2_k.gguf",)
    assert row.file_names("q4_k_m") == tuple(f"qwen2.5-7b-instruct-q4_k_m-0000{n}-of-00002.gguf" for n in (1, 2))


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
    names += [row.repo for model in catalog.models for row in model.gguf if row.repo != model.repo]
    problems += [f"{name}: listed twice" for name, times in Counter(names).items() if times > 1]
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
        return other_weights(model)


def _has_default_quant(row: GgufRepo) -> bool:
    return not row.quants or DEFAULT_QUANT in {quant.upper() for quant in row.quants}


def _is_date(text: str) -> bool:
    """Whether ``text`` is a day or a month in the form 2025-01-31 or 2025-01."""
    try:
        day = text if len(text) > 7 else f"{text}-01"
        return datetime.date.fromisoformat(day).isoformat() == day
    except ValueError:
        return False


def file_problems(catalog: Catalog, complete: dict[str, list[str]], seen: dict[str, list[str]]) -> list[str]:
    """Where the catalog's file names differ from those seen on the hub."""
    problems: list[str] = []
    for model in catalog.models:
        for row in model.gguf:
            known = complete.get(row.repo) or seen.get(row.repo)
            if known is None:
                continue
            quants = {m[1] for name in known if (m := _as_pattern(row.pattern).fullmatch(name))}
            if not quants:
                problems.append(f"{model.id}: {row.repo} has {known[0]}, not {row.pattern}")
            stated = row.quants if row.repo in complete else set(row.quants) & quants
            for quant in stated or (quants if row.repo in seen else ()):
                missing = [name for name in row.file_names(quant) if name not in known]
                problems += [f"{model.id}: {row.repo} has no {name}" for name in missing]
    return problems


def _as_pattern(pattern: str) -> re.Pattern[str]:
    start, _quant, end = pattern.partition("{quant}")
    return re.compile(rf"{re.escape(start)}([\w-]+?)(-\d{{5}}-of-\d{{5}})?{re.escape(end)}")


def _facts(model: CatalogModel, catalog: Catalog) -> list[str]:
    problems = [
        f"{model.id}: malformed GGUF entry {repo.repo} {repo.pattern}"
        for repo in model.gguf
        if not _PATTERN.fullmatch(repo.pattern) or not _REPO.fullmatch(repo.repo)
    ]
    problems += [
        f"{model.id}: {repo.repo} splits {quant} into {count}, which is no quant of it or one file"
        for repo in model.gguf
        for quant, count in repo.parts
        if quant not in repo.quants or count < 2
    ]
    if model.gguf and not _has_default_quant(model.gguf[0]) and any(_has_default_quant(r) for r in model.gguf):
        problems.append(f"{model.id}: {model.gguf[0].repo} is asked first, but has no {DEFAULT_QUANT}")
    if not _REPO.fullmatch(model.repo):
        problems.append(f"{model.id}: {model.repo} is not owner/name")
    problems += [
        f"{model.id}: unknown license {key}" for key in model.licenses if key not in catalog.licenses and key != "other"
    ]
    if model.released and not _is_date(model.released.value):
        problems.append(f"{model.id}: {model.released.value} is not a date")
    problems += [
        f"{model.id}: {tag} is not one of the aptitudes"
        for tag in (model.aptitudes.value if model.aptitudes else ())
        if tag not in APTITUDES
    ]
    problems += [
        f"{model.id}: {code} is not a language code"
        for code in (model.languages.value if model.languages else ())
        if code not in ISO_639_1 | _OLD_LANGUAGES
    ]
    problems += [
        f"{model.id}: a score of {score.value:g} in {score.name}"
        for score in model.score
        if not 0 <= score.value <= 100
    ]
    kv = model.kv
    layers = kv.full_attention_layers + kv.sliding_layers + kv.recurrent_layers
    layers += kv.layers_reusing_kv + kv.stateless_layers
    if layers != model.dimensions.n_layer:
        problems.append(f"{model.id}: {layers} cache layers for {model.dimensions.n_layer} layers")
    if (kv.sliding_layers > 0) != (kv.sliding_window is not None):
        problems.append(f"{model.id}: sliding layers without a window, or a window without sliding layers")
    published = model.parameters.published
    if published is not None and published <= model.parameters.total:
        problems.append(f"{model.id}: the published count does not exceed the text model's")
    return problems
