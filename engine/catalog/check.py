"""What must hold for the shipped catalog; run by the tests and by CI."""

from __future__ import annotations

from .models import Catalog, CatalogModel


def check_catalog(catalog: Catalog) -> list[str]:
    """One line for each thing that is wrong; empty when all is well. Schema and sources are checked on reading."""
    problems: list[str] = []
    seen: set[str] = set()
    for model in catalog.models:
        if model.id in seen:
            problems.append(f"{model.id}: listed twice")
        seen.add(model.id)
        problems += [
            f"{model.id}: malformed GGUF entry {repo.repo} {repo.pattern}"
            for repo in model.gguf
            if repo.pattern.count("{quant}") > 1 or not repo.pattern.endswith(".gguf") or repo.repo.count("/") != 1
        ]
        problems += [
            f"{model.id}: unknown license {key}"
            for key in model.licenses
            if key not in catalog.licenses and key != "other"
        ]
        counted = parameter_count(model)
        total = model.parameters.total
        if counted is not None and abs(counted - total) > 0.03 * total:
            problems.append(f"{model.id}: dimensions give {counted:,} parameters, the catalog says {total:,}")
        kv = model.kv
        layers = kv.full_attention_layers + kv.sliding_layers + kv.recurrent_layers + kv.layers_reusing_kv
        if layers > model.dimensions.n_layer:
            problems.append(f"{model.id}: {layers} cache layers but only {model.dimensions.n_layer} layers")
    return problems


def parameter_count(model: CatalogModel) -> int | None:
    """Attention, gated feed-forward and embeddings of a dense transformer; None where dimensions are not complete."""
    d = model.dimensions
    if d.n_ff is None or d.tied_embeddings is None:
        return None
    attention = 2 * d.n_embd * d.head_dim * (d.n_head + d.n_head_kv)
    return d.n_layer * (attention + 3 * d.n_embd * d.n_ff) + d.n_vocab * d.n_embd * (1 if d.tied_embeddings else 2)
