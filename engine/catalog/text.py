"""The catalog as plain text and as builtins, for `weighin models` and `weighin license`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from .models import CatalogModel, load_catalog
from .ranking import SortKey, published_score, rank_one, sort_ranked
from .verdict import Allowed, AllowedIf, NotAllowed, StatedUse, Verdict, model_verdict


class LicenseReport(msgspec.Struct, frozen=True):
    model: str
    licenses: tuple[str, ...]
    verdict: Verdict
    lines: tuple[str, ...]


def select_models(filter_words: str = "", sort: SortKey = "name", use: StatedUse | None = None) -> list[CatalogModel]:
    """Models in which every word of the filter occurs (name, license, aptitude, deployment), sorted by one key."""
    catalog = load_catalog()
    words = filter_words.lower().split()
    chosen = [m for m in catalog.models if all(word in _haystack(m) for word in words)]
    ranked = [rank_one(m, model_verdict(m, use or StatedUse(), catalog.licenses)) for m in chosen]
    return [row.model for row in sort_ranked(ranked, sort)]


def models_table(
    filter_words: str = "", sort: SortKey = "name", use: StatedUse | None = None, *, width: int = 80
) -> list[str]:
    """A header and one line a model; no line is longer than ``width``. All figures are published ones."""
    rows = [("model", "params", "context", "MMLU", "license")]
    for model in select_models(filter_words, sort, use):
        score = published_score(model, "MMLU")
        shots = "" if score is None or score.shots is None else f" ({score.shots}-shot)"
        figure = "–" if score is None else f"{score.value:g}{shots}"
        context = "–" if model.context_tokens is None else f"{model.context_tokens.value // 1024}k"
        rows.append((model.id, _billions(model), context, figure, " + ".join(model.licenses)))
    return _aligned(rows, width)


def compare_models(names: Sequence[str]) -> list[str]:
    """Models side by side, one property a line. Raises CatalogError for a name the catalog does not hold."""
    models = [load_catalog().find(name) for name in names]
    rows: list[tuple[str, ...]] = [("published", *(m.id for m in models))]
    rows.append(("license", *(" + ".join(m.licenses) for m in models)))
    rows.append(("parameters", *(_billions(m) for m in models)))
    rows.append(("context", *("–" if m.context_tokens is None else f"{m.context_tokens.value:,}" for m in models)))
    rows.append(("strongest at", *("–" if m.aptitudes is None else ", ".join(m.aptitudes.value) for m in models)))
    rows.append(("fine-tuning", *("–" if m.finetuning is None else m.finetuning.value for m in models)))
    for name in dict.fromkeys(s.name for m in models for s in m.score):
        found = [published_score(m, name) for m in models]
        cells = ("–" if s is None else f"{s.value:g} ({s.variant}, {_setup(s.shots, s.setup)})" for s in found)
        rows.append((name, *cells))
    return _aligned(rows, None)


def license_report(model_name: str, use: StatedUse) -> LicenseReport:
    """The verdict on one model with its reasons as lines. Raises CatalogError for an unknown model."""
    catalog = load_catalog()
    model = catalog.find(model_name)
    verdict = model_verdict(model, use, catalog.licenses)
    word = (
        "allowed"
        if isinstance(verdict, Allowed)
        else "allowed if"
        if isinstance(verdict, AllowedIf)
        else "not allowed"
        if isinstance(verdict, NotAllowed)
        else "unknown (treat as not allowed)"
    )
    reasons = verdict.conditions if isinstance(verdict, AllowedIf) else verdict.reasons
    lines = (f"{model.id}: {word}", *(f"  - {reason}" for reason in reasons), "This is no legal advice.")
    return LicenseReport(model.id, model.licenses, verdict, lines)


def models_builtins(filter_words: str = "", sort: SortKey = "name") -> list[dict[str, Any]]:
    """The chosen models with all figures and sources, for --json."""
    return [msgspec.to_builtins(model) for model in select_models(filter_words, sort)]


def _haystack(model: CatalogModel) -> str:
    aptitudes = model.aptitudes.value if model.aptitudes else ()
    parts = (model.id, model.name, model.family, model.developer, *model.licenses, *aptitudes)
    return " ".join(parts).lower()


def _billions(model: CatalogModel) -> str:
    return f"{model.parameters.total / 1e9:.2f}B"


def _setup(shots: int | None, setup: str | None) -> str:
    return setup or ("set-up not stated" if shots is None else f"{shots}-shot")


def _aligned(rows: Sequence[tuple[str, ...]], width: int | None) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in rows)
    return [line if width is None or len(line) <= width else line[: width - 1] + "…" for line in lines]
