"""Reads the catalog's family files.

The files are written for people: one line per fact, sources by short names, and no defaults. The reader fills in both.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from weighin.assets import asset

from ..toml import TOMLDecodeError, loads
from .entries import (
    DERIVED,
    Catalog,
    CatalogError,
    CatalogModel,
    Count,
    Dimensions,
    Experts,
    Flag,
    GgufRepo,
    KvLayout,
    Languages,
    Parameters,
    Score,
    Text,
    Words,
)
from .licenses import LicenseBook, read_licenses

_loading = threading.Lock()
OPEN_LLM = "OLLBv2"
"""Prefix of the names of Open LLM Leaderboard v2 scores."""
_OPEN_LLM_SOURCE = "open-llm-v2"
_OPEN_LLM_SETUP = "lm-evaluation-harness, normalised"
_OPEN_LLM_DATE = "May 2025"


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A model as its file states it. The fields are in the files' order."""

    id: str
    name: str
    repo: str
    license: str
    base: Text | None = None
    released: Text | None = None
    gated: Flag | None = None
    context_tokens: Count | None = None
    context_native_tokens: Count | None = None
    languages: Languages | None = None
    aptitudes: Words | None = None
    finetuning: Text | None = None
    parameters: Parameters
    dimensions: Dimensions
    feed_forward: Count | None = None
    tied_embeddings: Flag | None = None
    experts: Experts | None = None
    kv: KvLayout | None = None
    """None means that every layer caches K and V of every token."""
    gguf: tuple[GgufRepo, ...] = ()
    scores: tuple[Score, ...] = ()
    open_llm_v2: dict[str, float] = {}
    """Open LLM Leaderboard v2, the only scores that one harness took across families."""


_AS_STATED = {*_Row.__struct_fields__} & {*CatalogModel.__struct_fields__} - {"dimensions", "kv"}


class _Family(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    family: str
    developer: str
    model: tuple[_Row, ...]
    sources: dict[str, str] = {}


def read_family(path: Path, shared: dict[str, str], book: LicenseBook) -> tuple[CatalogModel, ...]:
    """The models of one family file, with sources resolved and the licenses of bases added.

    Raises:
        CatalogError: the file is invalid; the message names the place.
    """
    raw = _read_toml(path)
    own = raw.get("sources", {})
    unused = dict(own)
    for model in raw.get("model", []):
        if isinstance(model, dict):
            _resolve(model, {**shared, **own}, unused, f"{path.name}: model {model.get('id', '?')}")
    if unused:
        raise CatalogError(f"{path.name}: nothing uses the source {next(iter(unused))!r}.", hint="Remove it.")
    try:
        family = msgspec.convert(raw, _Family)
    except msgspec.ValidationError as error:
        raise CatalogError(
            f"The catalog file {path.name} cannot be used: {error}.", hint="Correct the file."
        ) from error
    return tuple(_model(row, family, shared, book) for row in family.model)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, TOMLDecodeError) as error:
        raise CatalogError(
            f"The catalog file {path.name} cannot be used: {error}.", hint="Correct the file."
        ) from error


def _resolve(node: Any, sources: dict[str, str], unused: dict[str, str], where: str) -> None:
    if isinstance(node, list):
        for item in node:
            _resolve(item, sources, unused, where)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key != "source":
                _resolve(value, sources, unused, f"{where}, {key}" if isinstance(value, dict) else where)
            elif value not in sources:
                raise CatalogError(
                    f"{where}: the source {value!r} is not listed under [sources] or in sources.toml.",
                    hint="Add it there.",
                )
            else:
                unused.pop(value, None)
                node["source"] = sources[value]


def _model(row: _Row, family: _Family, shared: dict[str, str], book: LicenseBook) -> CatalogModel:
    shape, feed, tied = row.dimensions, row.feed_forward, row.tied_embeddings
    licenses = [row.license]
    if row.base is not None:
        licenses.append(book.base_license(row.base.value) or f"license of {row.base.value}")
    leaderboard = tuple(
        Score(f"{OPEN_LLM} {name}", value, "instruct", shared[_OPEN_LLM_SOURCE], None, _OPEN_LLM_SETUP, _OPEN_LLM_DATE)
        for name, value in row.open_llm_v2.items()
    )
    as_stated: dict[str, Any] = {name: getattr(row, name) for name in _AS_STATED}
    return CatalogModel(
        **as_stated,
        family=family.family,
        developer=family.developer,
        licenses=tuple(dict.fromkeys(licenses)),
        dimensions=msgspec.structs.replace(
            shape,
            n_ff=feed.value if feed else None,
            n_ff_source=feed.source if feed else "",
            tied_embeddings=tied.value if tied else None,
            tied_source=tied.source if tied else "",
        ),
        kv=_layout(row.kv, shape),
        score=(*row.scores, *leaderboard),
    )


def _layout(kv: KvLayout | None, shape: Dimensions) -> KvLayout:
    if kv is None:
        kv = KvLayout(shape.n_layer, f"{DERIVED}: every layer of a dense model caches K and V")
    return msgspec.structs.replace(
        kv,
        n_head_kv_full=kv.n_head_kv_full or shape.n_head_kv,
        head_dim_full=kv.head_dim_full or shape.head_dim,
    )


def read_catalog(folder: Path) -> Catalog:
    """All family files in ``folder``, its sources.toml and its licenses.toml. Raises CatalogError."""
    book = read_licenses(folder / "licenses.toml")
    shared = msgspec.convert(_read_toml(folder / "sources.toml"), dict[str, str])
    models: list[CatalogModel] = []
    for path in sorted(folder.glob("*.toml")):
        if path.name not in ("licenses.toml", "sources.toml"):
            models += read_family(path, shared, book)
    return Catalog(models=tuple(models), licenses=book.licenses, bases=book.bases)


def load_catalog() -> Catalog:
    """The catalog that weighin ships, read once per process. Safe to call from several threads."""
    # msgspec crashes the process when two threads convert to the same type for the first time at the same moment.
    with _loading:
        return _load_catalog()


@lru_cache(maxsize=1)
def _load_catalog() -> Catalog:
    return read_catalog(asset("catalog"))
