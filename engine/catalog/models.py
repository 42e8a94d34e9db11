"""The shipped catalog: models as facts, each figure with the source it was read from.

Figures are published ones; nothing here was measured on this machine.
"""

from __future__ import annotations

import difflib
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from weighin.assets import asset

from ..errors import WeighinError
from .licenses import License, load_licenses

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class CatalogError(WeighinError):
    """A catalog file that cannot be used, or a name that the catalog does not hold."""


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    value: str
    source: str


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    value: tuple[str, ...]
    source: str


class Flag(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    value: bool
    source: str


class Count(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    value: int
    source: str


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    total: int
    source: str
    active: int | None = None
    """Parameters used per token, for mixture-of-experts models."""


class Dimensions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    arch: str
    """llama.cpp's name of the architecture."""
    n_layer: int
    n_embd: int
    n_head: int
    n_head_kv: int
    head_dim: int
    n_vocab: int
    source: str
    n_ff: int | None = None
    """Feed-forward width; None where it differs between layers or is not sourced."""
    tied_embeddings: bool | None = None


class KvLayout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    full_attention_layers: int
    sliding_layers: int
    recurrent_layers: int
    layers_reusing_kv: int
    n_head_kv_full: int
    head_dim_full: int
    source: str
    sliding_window: int | None = None
    head_dim_sliding: int | None = None


class GgufRepo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    repo: str
    pattern: str
    """File name with ``{quant}`` where the quant goes."""
    source: str
    quants: tuple[str, ...] = ()
    """Quants seen in the source; empty means: ask the hub."""


class Score(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    value: float
    variant: str
    """"base" or "instruct": which model of the pair was scored."""
    source: str
    shots: int | None = None
    setup: str | None = None
    date: str | None = None


class CatalogModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    name: str
    repo: str
    licenses: tuple[str, ...]
    """The model's own license first, then those inherited from its base."""
    parameters: Parameters
    dimensions: Dimensions
    kv: KvLayout
    deployment: str
    gguf: tuple[GgufRepo, ...] = ()
    score: tuple[Score, ...] = ()
    released: Text | None = None
    gated: Flag | None = None
    languages: Words | None = None
    aptitudes: Words | None = None
    finetuning: Text | None = None
    context_tokens: Count | None = None
    context_native_tokens: Count | None = None
    """Context without stretching such as YaRN, where that differs."""
    family: str = ""
    developer: str = ""


class _Family(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    family: str
    developer: str
    sources: dict[str, str]
    model: tuple[CatalogModel, ...]


class Catalog(msgspec.Struct, frozen=True):
    models: tuple[CatalogModel, ...]
    licenses: dict[str, License]

    def find(self, name: str) -> CatalogModel:
        """The model with this catalog id, base repo or GGUF repo. Raises CatalogError with near names."""
        wanted = name.strip().lower()
        for model in self.models:
            if wanted in (model.id, model.repo.lower(), *(g.repo.lower() for g in model.gguf)):
                return model
        near = difflib.get_close_matches(wanted, [m.id for m in self.models], n=3, cutoff=0.5)
        hint = f"Did you mean {', '.join(near)}?" if near else "`weighin models` lists the names."
        raise CatalogError(f"The catalog has no model called {name!r}.", hint=hint)


def read_family(path: Path) -> tuple[CatalogModel, ...]:
    """The models of one family file, source keys replaced by the sources themselves."""
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        sources = raw.get("sources", {})
        for model in raw.get("model", []):
            _resolve(model, sources, f"{path.name}: model {model.get('id', '?')}")
        family = msgspec.convert(raw, _Family)
    except (OSError, UnicodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise CatalogError(
            f"The catalog file {path.name} cannot be used: {error}.", hint="Correct the file."
        ) from error
    return tuple(msgspec.structs.replace(m, family=family.family, developer=family.developer) for m in family.model)


def _resolve(node: Any, sources: dict[str, str], where: str) -> None:
    if isinstance(node, list):
        for item in node:
            _resolve(item, sources, where)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key != "source":
                _resolve(value, sources, f"{where}, {key}" if isinstance(value, dict) else where)
            elif value not in sources:
                raise CatalogError(
                    f"{where}: the source {value!r} is not listed under [sources].", hint="Add it there."
                )
            else:
                node["source"] = sources[value]


def read_catalog(folder: Path) -> Catalog:
    """All family files in ``folder`` and its licenses.toml. Raises CatalogError."""
    models: list[CatalogModel] = []
    for path in sorted(folder.glob("*.toml")):
        if path.name != "licenses.toml":
            models += read_family(path)
    return Catalog(models=tuple(models), licenses=load_licenses(folder / "licenses.toml"))


@lru_cache(maxsize=1)
def load_catalog() -> Catalog:
    """The shipped catalog, read once a process."""
    return read_catalog(asset("catalog"))
