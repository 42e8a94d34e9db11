"""The catalog as a table: filtered, sorted, and cut to the terminal's width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ..catalog.entries import Catalog, CatalogModel
from ..catalog.quants import best_fitting, usual_rung
from ..catalog.ranking import Ranked, SortKey, rank_one, sort_ranked, verdict_word
from ..catalog.verdict import StatedUse, model_verdict, severity
from .catalog_history import MeasuredHere, best_known

_MARKS = {"allowed": "✓", "allowed if": "✓ if", "unknown": "?", "not allowed": "✗"}


class ModelFilter(msgspec.Struct, frozen=True, kw_only=True):
    words: str = ""
    """Every word must occur in the name, family, developer, license or aptitudes."""
    use: StatedUse | None = None
    """Only models whose licenses allow this; None leaves licenses alone."""
    without_conditions: bool = False
    """With ``use``: only models that are allowed without any condition."""
    min_parameters: int | None = None
    max_parameters: int | None = None
    language: str = ""
    """An ISO 639 code. Models that only say how many languages they know are left out."""
    aptitude: str = ""
    fits_bytes: int | None = None
    """Only models of which a quant's estimated weights and KV cache fit into this."""
    n_ctx: int = 4096


def rank_models(
    catalog: Catalog,
    wanted: ModelFilter,
    sort: SortKey = "name",
    measured: Mapping[str, Sequence[MeasuredHere]] | None = None,
) -> list[Ranked]:
    """The models that pass, sorted; with a memory limit each in its best quant that fits, else in Q4_K_M."""
    rows = []
    for model in catalog.models:
        verdict = model_verdict(model, wanted.use or StatedUse(), catalog.licenses)
        allowed = severity(verdict) <= (0 if wanted.without_conditions else 1)
        if not _matches(model, wanted) or (wanted.use is not None and not allowed):
            continue
        rung = usual_rung(model, wanted.n_ctx)
        if wanted.fits_bytes is not None:
            fitting = best_fitting(model, wanted.fits_bytes, wanted.n_ctx)
            if fitting is None:
                continue
            rung = fitting
        here = best_known((measured or {}).get(model.id, ()))
        rows.append(
            rank_one(
                model,
                verdict,
                available_bytes=wanted.fits_bytes,
                aptitude=wanted.aptitude or None,
                rung=rung,
                tokens_per_second=here.generation_tokens_per_second if here else None,
                speed_source=f"measured here, {here.quant}, {here.date}, {here.machine}" if here else "",
                speed_quant=here.quant if here else "",
                speed_disturbed=here.disturbed if here else False,
            )
        )
    return sort_ranked(rows, sort)


def models_table(rows: Sequence[Ranked], *, width: int) -> list[str]:
    """A header and one line a model; no line is longer than ``width``.

    The last column, tok/s, was measured here and appears only if something was, with ⚠ where something else used the
    machine; all others are published or estimated.
    """
    here = any(row.tokens_per_second is not None for row in rows)
    head = ["model", "params", "quant", "memory", "context", "MMLU", "license"]
    table = [(*head, "tok/s here") if here else tuple(head)]
    for row in rows:
        model = row.model
        shots = "" if row.score is None or row.score.shots is None else f" ({row.score.shots}-shot)"
        mark = _MARKS[verdict_word(row.verdict)]
        cells = [
            model.id,
            billions(model),
            row.rung.quant.name if row.rung else "–",
            "–" if row.memory_bytes is None else f"{row.memory_bytes / 1e9:.1f}G",
            "–" if model.context_tokens is None else f"{model.context_tokens.value // 1024}k",
            "–" if row.score is None else f"{row.score.value:g}{shots}",
            f"{mark} {' + '.join(model.licenses)}",
        ]
        if here:
            said = [f"{row.tokens_per_second or 0:.1f}", row.speed_quant, "⚠" if row.speed_disturbed else ""]
            cells.append("–" if row.tokens_per_second is None else " ".join(part for part in said if part))
        table.append(tuple(cells))
    return _aligned(table, width)


def models_builtins(
    rows: Sequence[Ranked], measured: Mapping[str, Sequence[MeasuredHere]] | None = None
) -> list[dict[str, Any]]:
    """The rows with all published figures and sources; what was measured here stands apart, under its own name."""
    out = []
    for row in rows:
        document: dict[str, Any] = msgspec.to_builtins(row.model)
        document["license_verdict"] = msgspec.to_builtins(row.verdict)
        document["estimated"] = msgspec.to_builtins(row.rung)
        document["measured_here"] = msgspec.to_builtins(list((measured or {}).get(row.model.id, ())))
        out.append(document)
    return out


def billions(model: CatalogModel) -> str:
    """The parameter count as people write it."""
    return f"{model.parameters.total / 1e9:.2f}B"


def _matches(model: CatalogModel, wanted: ModelFilter) -> bool:
    words = wanted.words.lower().split()
    aptitudes = model.aptitudes.value if model.aptitudes else ()
    languages = model.languages.value if model.languages else ()
    text = " ".join((model.id, model.name, model.family, model.developer, *model.licenses, *aptitudes)).lower()
    total = model.parameters.total
    return (
        all(word in text for word in words)
        and (wanted.min_parameters is None or total >= wanted.min_parameters)
        and (wanted.max_parameters is None or total <= wanted.max_parameters)
        and (not wanted.language or wanted.language.lower() in languages)
        and (not wanted.aptitude or wanted.aptitude.lower() in aptitudes)
    )


def _aligned(rows: Sequence[tuple[str, ...]], width: int) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in rows)
    return [line if len(line) <= width else line[: max(width - 1, 0)] + "…" for line in lines]
