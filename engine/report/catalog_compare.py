"""Models side by side, wrapped at the terminal's width, with published figures apart from those measured here."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..catalog.entries import Catalog, CatalogModel, Languages
from ..catalog.loading import OPEN_LLM
from ..catalog.quants import DEPLOYMENT_RULE, smallest_machine_gib
from ..catalog.ranking import published_score, setup
from ..catalog.verdict import StatedUse, Verdict, model_verdict, reasons_of, verdict_word
from ..units import format_memory, format_parameters
from .catalog_history import MeasuredHere, best_known
from .marks import NONE

_LABEL = 16
_NARROWEST = 18
"""Narrower columns would break most words, so models are stacked instead."""

Row = tuple[str, tuple[str, ...]]


def compare_models(
    names: Sequence[str],
    catalog: Catalog,
    measured: Mapping[str, Sequence[MeasuredHere]],
    *,
    width: int,
    use: StatedUse | None = None,
) -> list[str]:
    """Lines in blocks of as many models as fit side by side; no line is longer than ``width``.

    Raises:
        CatalogError: a name is not in the catalog.
    """
    models = [catalog.find(name) for name in names]
    beside = max(1, (width - _LABEL) // (_NARROWEST + 2))
    blocks = [models[at : at + beside] for at in range(0, len(models), beside)]
    lines: list[str] = []
    for block in blocks:
        if lines:
            lines.append("")
        lines += _block(block, catalog, measured, width, use or StatedUse())
    return lines


def _block(
    models: Sequence[CatalogModel],
    catalog: Catalog,
    measured: Mapping[str, Sequence[MeasuredHere]],
    width: int,
    use: StatedUse,
) -> list[str]:
    here = [best_known(measured.get(model.id, ())) for model in models]
    quants = [tuple(m.quant for m in measured.get(model.id, ())) for model in models]
    lines = _laid_out([("", tuple(model.name for model in models))], width)
    lines.append(_rule("published", width))
    lines += _laid_out(_published(models, catalog, use), width)
    lines.append(_rule("measured here", width))
    if any(figures is not None for figures in here):
        lines += _laid_out(_measured(here, quants), width)
    else:
        lines += textwrap.wrap(
            "Nothing yet: weighin run, or weighin fit for speed and memory without a download.", width
        )
    return lines


def _published(models: Sequence[CatalogModel], catalog: Catalog, use: StatedUse) -> list[Row]:
    licenses = catalog.licenses
    cells: dict[str, Callable[[CatalogModel], str]] = {
        "license": lambda m: " + ".join(licenses[key].name if key in licenses else key for key in m.licenses),
        f"{use.purpose} use": lambda m: _terms(model_verdict(m, use, licenses)),
        "parameters": _parameters,
        "context": _context,
        "good at": lambda m: ", ".join(m.aptitudes.value) if m.aptitudes else NONE,
        "languages": lambda m: _languages(m.languages),
        "fine-tuning": lambda m: m.finetuning.value if m.finetuning else NONE,
        "released": lambda m: m.released.value if m.released else NONE,
        "machine": _machine,
    }
    rows = [(label, tuple(cell(model) for model in models)) for label, cell in cells.items()]
    return [*rows, *_score_rows(models), ("", (" ".join(_footnotes(models)),))]


def _score_rows(models: Sequence[CatalogModel]) -> Iterable[Row]:
    names = _score_names(models)
    for name in (name for name in names if not name.startswith(OPEN_LLM)):
        yield name, tuple(_score(model, name) for model in models)
    if any(name.startswith(OPEN_LLM) for name in names):
        yield "Open LLM v2", tuple(_leaderboard(model) for model in models)


def _footnotes(models: Sequence[CatalogModel]) -> Iterable[str]:
    yield f"machine: {DEPLOYMENT_RULE}."
    if any(name.startswith(OPEN_LLM) for name in _score_names(models)):
        yield "Open LLM v2: the leaderboard of May 2025, which runs one harness for all; 0 is guessing."


def _score_names(models: Sequence[CatalogModel]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(score.name for model in models for score in model.score))


def _score(model: CatalogModel, name: str) -> str:
    score = published_score(model, name)
    return NONE if score is None else f"{score.value:g} ({score.variant}, {setup(score)})"


def _measured(here: Sequence[MeasuredHere | None], quants: Sequence[tuple[str, ...]]) -> list[Row]:
    cells: dict[str, Callable[[MeasuredHere], str]] = {
        "generation": lambda m: _rate(m.generation_tokens_per_second, m.disturbed),
        "prompt": lambda m: _rate(m.prompt_tokens_per_second, m.disturbed),
        "memory": lambda m: f"{format_memory(m.memory_bytes)} at {m.n_ctx:,}" if m.memory_bytes else NONE,
        "accuracy": lambda m: NONE if m.accuracy is None else f"{m.accuracy:.1%} on {', '.join(m.suites)}",
        "machine": lambda m: m.machine or NONE,
        "date": lambda m: f"{m.date}, run {m.run}",
    }
    quant_row = ("quant", tuple(_quant(figures, measured) for figures, measured in zip(here, quants, strict=True)))
    rows = [
        (label, tuple(NONE if figures is None else cell(figures) for figures in here)) for label, cell in cells.items()
    ]
    return [quant_row, *rows]


def _terms(verdict: Verdict) -> str:
    reasons = (re.sub(r" \(https?://\S+\)", "", reason) for reason in reasons_of(verdict))
    return f"{verdict_word(verdict)}: {'; '.join(reasons)}"


def _leaderboard(model: CatalogModel) -> str:
    scores = [score for score in model.score if score.name.startswith(OPEN_LLM)]
    return ", ".join(f"{s.name.removeprefix(OPEN_LLM).strip()} {s.value:g}" for s in scores) or NONE


def _quant(figures: MeasuredHere | None, quants: tuple[str, ...]) -> str:
    if figures is None:
        return NONE
    others = sorted({quant for quant in quants if quant and quant != figures.quant})
    return (figures.quant or NONE) + (f" (also measured: {', '.join(others)})" if others else "")


def _rate(value: float | None, disturbed: bool) -> str:
    return NONE if value is None else f"{value:.1f} tok/s{', disturbed' if disturbed else ''}"


def _parameters(model: CatalogModel) -> str:
    p = model.parameters
    active = f", {format_parameters(p.active)} active" if p.active else ""
    published = f" ({format_parameters(p.published)} published)" if p.published else ""
    return format_parameters(p.total) + active + published


def _context(model: CatalogModel) -> str:
    if model.context_tokens is None:
        return NONE
    native = model.context_native_tokens
    return f"{model.context_tokens.value:,}" + (f" ({native.value:,} native)" if native else "")


def _languages(languages: Languages | None) -> str:
    if languages is None:
        return NONE
    return ", ".join(languages.value) if languages.value else f"{languages.count} languages"


def _machine(model: CatalogModel) -> str:
    size = smallest_machine_gib(model)
    return "over 64 GiB" if size is None else f"from {size} GiB"


def _rule(title: str, width: int) -> str:
    return f"{title} ".ljust(width, "─")[:width]


def _laid_out(rows: Sequence[Row], width: int) -> list[str]:
    lines = []
    for label, cells in rows:
        room = max(8, (width - _LABEL) // len(cells) - 2)
        wrapped = [textwrap.wrap(cell, room, break_on_hyphens=False) or [""] for cell in cells]
        for number in range(max(len(cell) for cell in wrapped)):
            start = (label[: _LABEL - 1] if number == 0 else "").ljust(_LABEL)
            parts = ((cell[number] if number < len(cell) else "").ljust(room) for cell in wrapped)
            lines.append((start + "  ".join(parts)).rstrip())
    return lines
