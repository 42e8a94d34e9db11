"""The entries of the catalog: facts about models, each figure with its source.

All figures are published ones; nothing here was measured on this machine.
"""

from __future__ import annotations

import msgspec

from ..errors import WeighinError
from ..suggest import did_you_mean
from .licenses import LicenseBook

DERIVED = "derived"
"""Sources start with this word when a value was worked out by a stated rule instead of read."""


APTITUDES = frozenset(
    {"chat", "coding", "extraction", "instructions", "long-context", "math", "multilingual", "on-device", "reasoning"}
    | {"retrieval", "rewriting", "science", "summarising", "tools", "vision"}
)


class CatalogError(WeighinError):
    """A catalog file cannot be used, or the catalog does not hold a name."""


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    value: str
    source: str


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    value: tuple[str, ...]
    source: str


class Languages(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: str
    value: tuple[str, ...] = ()
    """ISO 639 codes; empty when the source states only a number."""
    count: int | None = None


class Flag(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    value: bool
    source: str


class Count(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    value: int
    source: str


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    total: int
    """Parameters of the text model, which is what a GGUF file holds."""
    source: str
    active: int | None = None
    """Parameters used per token, for mixture-of-experts models."""
    published: int | None = None
    """The published count, if it covers more than ``total``, such as a vision encoder or a draft head."""


class Dimensions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    arch: str
    """llama.cpp's name for the architecture."""
    n_layer: int
    n_embd: int
    n_head: int
    n_head_kv: int
    head_dim: int
    n_vocab: int
    source: str
    n_ff: int | None = None
    """Feed-forward width, per expert in a mixture of experts; None when layers differ or no source states it."""
    tied_embeddings: bool | None = None
    n_ff_source: str = ""
    tied_source: str = ""


class Experts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The experts of a layer, in a mixture of experts."""

    n_expert: int
    n_expert_used: int
    """How many of them compute a token, without those that compute every token."""
    source: str
    n_ff: int | None = None
    """Feed-forward width of an expert, where other layers or blocks have another width."""
    n_ff_shared: int = 0
    """Feed-forward width of all experts together that compute every token; 0 when there are none."""


class KvLayout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which layers cache what."""

    full_attention_layers: int
    source: str
    sliding_layers: int = 0
    sliding_window: int | None = None
    recurrent_layers: int = 0
    layers_reusing_kv: int = 0
    stateless_layers: int = 0
    """Layers that keep nothing, such as those with a feed-forward block alone."""
    n_head_kv_full: int = 0
    """In family files, 0 means ``n_head_kv`` of the dimensions; the reader fills it in."""
    head_dim_full: int = 0
    """Likewise, for ``head_dim``."""
    head_dim_sliding: int | None = None


class GgufRepo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    repo: str
    pattern: str
    """File name with ``{quant}`` where the quant goes."""
    source: str
    quants: tuple[str, ...] = ()
    """Quants listed in the source; empty means to ask the hub."""
    parts: tuple[tuple[str, int], ...] = ()
    """Quants whose model is split, each with its number of files."""

    def file_names(self, quant: str) -> tuple[str, ...]:
        """The names of the files that hold ``quant``, one unless it is split."""
        name = self.pattern.replace("{quant}", quant)
        count = dict(self.parts).get(quant, 1)
        if count == 1:
            return (name,)
        stem = name.removesuffix(".gguf")
        return tuple(f"{stem}-{part:05}-of-{count:05}.gguf" for part in range(1, count + 1))


class Score(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    value: float
    variant: str
    """Which model of the pair was scored: ``base`` or ``instruct``."""
    source: str
    shots: int | None = None
    setup: str | None = None
    date: str | None = None


class CatalogModel(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    repo: str
    family: str
    developer: str
    licenses: tuple[str, ...]
    """The model's own license, then the one inherited from its base."""
    parameters: Parameters
    dimensions: Dimensions
    kv: KvLayout
    experts: Experts | None = None
    base: Text | None = None
    """Repo of another publisher's model that this one was trained from."""
    gguf: tuple[GgufRepo, ...] = ()
    score: tuple[Score, ...] = ()
    released: Text | None = None
    gated: Flag | None = None
    languages: Languages | None = None
    aptitudes: Words | None = None
    """What it is good at according to its source; see ``APTITUDES``."""
    finetuning: Text | None = None
    context_tokens: Count | None = None
    context_native_tokens: Count | None = None
    """Context without extensions such as YaRN, if that differs."""


def no_such_model(name: str) -> str:
    """The sentence for an unknown model, the same in every command."""
    return f"There is no model named {name!r}."


class Catalog(LicenseBook, frozen=True, kw_only=True):
    models: tuple[CatalogModel, ...]

    def find(self, name: str) -> CatalogModel:
        """The model with this catalog id, base repo or GGUF repo. Raises CatalogError with near names."""
        model = self.get(name)
        if model is not None:
            return model
        known = [model.id for model in self.models]
        hint = did_you_mean(name.strip(), known, otherwise="`weighin models` lists the names.")
        raise CatalogError(no_such_model(name), hint=hint)

    def get(self, name: str) -> CatalogModel | None:
        """Like ``find``, but None when the catalog does not hold the model."""
        wanted = name.strip().lower()
        for model in self.models:
            if wanted in (model.id, model.repo.lower(), *(g.repo.lower() for g in model.gguf)):
                return model
        return None
