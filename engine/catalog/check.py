"""What must hold for the shipped catalog; run by the tests and by CI."""

from __future__ import annotations

import re

import msgspec

from .entries import Catalog, CatalogModel

TOLERANCE = 0.03
"""By which dimensions and the published parameter count may differ: norms and biases are not counted."""
APTITUDES = frozenset(
    {"chat", "coding", "extraction", "instructions", "long-context", "math", "multilingual", "on-device", "reasoning"}
    | {"retrieval", "rewriting", "science", "summarising", "tools", "vision"}
)
_PATTERN = re.compile(r"[\w.+-]*\{quant\}[\w.+-]*\.gguf|[\w.+-]+\.gguf")
_REPO = re.compile(r"[\w.-]+/[\w.-]+")
_DATE = re.compile(r"20\d\d(-\d\d(-\d\d)?)?")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]+)?")


class Report(msgspec.Struct, frozen=True):
    problems: tuple[str, ...]
    checked: int
    """Models whose dimensions were held against their parameter count."""
    solved: int
    """Models whose feed-forward width was worked out from that count, so that a comparison proves nothing."""
    incomplete: int
    """Models whose feed-forward width nobody named a source for, or whose blocks the formula does not describe."""


def check_catalog(catalog: Catalog) -> Report:
    """One line for each thing that is wrong; none when all is well. Schema and sources are checked on reading."""
    problems: list[str] = []
    seen: set[str] = set()
    checked = solved = incomplete = 0
    for model in catalog.models:
        for name in (model.id, model.repo):
            if name in seen:
                problems.append(f"{name}: listed twice")
            seen.add(name)
        problems += _facts(model, catalog)
        counted = parameter_count(model)
        if counted is None:
            incomplete += 1
        elif not model.dimensions.n_ff_is_sourced:
            solved += 1
        else:
            checked += 1
        total = model.parameters.total
        if counted is not None and abs(counted - total) > TOLERANCE * total:
            problems.append(f"{model.id}: dimensions give {counted:,} parameters, the catalog says {total:,}")
    return Report(tuple(problems), checked, solved, incomplete)


def parameter_count(model: CatalogModel) -> int | None:
    """Attention, gated feed-forward and embeddings of a dense transformer; None where dimensions are not complete."""
    d = model.dimensions
    if d.n_ff is None or d.tied_embeddings is None or model.kv.recurrent_layers or model.parameters.active:
        return None
    attention = 2 * d.n_embd * d.head_dim * (d.n_head + d.n_head_kv)
    return d.n_layer * (attention + 3 * d.n_embd * d.n_ff) + d.n_vocab * d.n_embd * (1 if d.tied_embeddings else 2)


def _facts(model: CatalogModel, catalog: Catalog) -> list[str]:
    problems = [
        f"{model.id}: malformed GGUF entry {repo.repo} {repo.pattern}"
        for repo in model.gguf
        if not _PATTERN.fullmatch(repo.pattern) or not _REPO.fullmatch(repo.repo)
    ]
    if not _REPO.fullmatch(model.repo):
        problems.append(f"{model.id}: {model.repo} is no owner/name")
    problems += [
        f"{model.id}: unknown license {key}" for key in model.licenses if key not in catalog.licenses and key != "other"
    ]
    if model.released and not _DATE.fullmatch(model.released.value):
        problems.append(f"{model.id}: {model.released.value} is no date")
    problems += [
        f"{model.id}: {tag} is none of the aptitudes"
        for tag in (model.aptitudes.value if model.aptitudes else ())
        if tag not in APTITUDES
    ]
    problems += [
        f"{model.id}: {code} is no language code"
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
