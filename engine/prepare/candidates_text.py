"""The candidates table in words: why a row is ruled out, and the lines of detail below the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..catalog.ranking import LicenseForbids, LicenseUnknown, NoFiles, Ranked, RuledOut, TooLarge, setup
from ..catalog.verdict import reasons_of, verdict_word
from ..units import format_memory
from .candidate_rows import CandidateRow, FromCatalog, FromFile, FromHub

if TYPE_CHECKING:
    from ..fit.results import Fit, Label


def catalog_lines(ranked: Ranked) -> tuple[str, ...]:
    """What the catalog says about a model and the table has no column for; unknown figures say so."""
    score, aptitudes = ranked.score, ranked.model.aptitudes
    good_at = "not stated" if aptitudes is None else ", ".join(aptitudes.value)
    published = "none published"
    if score is not None:
        published = f"{score.name} {score.value:g} ({score.variant}, {setup(score)})"
    return (
        f"license: {verdict_word(ranked.verdict)}: {reasons_of(ranked.verdict)[0]}",
        f"quality lost to the quant: {ranked.rung.quant.cost}",
        f"good at: {good_at}{' (includes the task)' if ranked.aptitude_match else ''}",
        f"published score: {published}",
    )


def license_word(row: CandidateRow) -> str:
    """The license verdict in one or two words; empty when the file cannot be read."""
    return "" if row.verdict is None else verdict_word(row.verdict)


def why_ruled_out(ruled_out: RuledOut) -> str:
    """The reason in one line, without a period."""
    if isinstance(ruled_out, LicenseForbids):
        return ruled_out.term
    if isinstance(ruled_out, LicenseUnknown):
        return f"unknown license, so not allowed: {ruled_out.gap}"
    if isinstance(ruled_out, TooLarge):
        available = format_memory(ruled_out.available_bytes)
        if not ruled_out.quant:
            return f"no quant fits in {available}"
        return f"{ruled_out.quant} does not fit in {available}; press k for another quant"
    if isinstance(ruled_out, NoFiles):
        return "the catalog lists no GGUF file for it; press a to add one"
    return ruled_out.problem


def detail_lines(row: CandidateRow) -> tuple[str, ...]:
    """What else is known about a row; the most important lines come first, because small terminals show only those."""
    lines = [*_origin_lines(row)]
    if row.fit is not None and row.fit.problem:
        lines.append(f"Not measured: {row.fit.problem}")
    elif row.fit is not None:
        lines.insert(1, _fit_line(row.fit))
    if row.ruled_out is not None:
        lines.insert(0, f"Cannot be picked: {why_ruled_out(row.ruled_out).rstrip('.')}.")
    return tuple(lines)


def _origin_lines(row: CandidateRow) -> tuple[str, ...]:
    origin = row.origin
    if isinstance(origin, FromCatalog):
        return catalog_lines(origin.ranked)
    reasons = () if row.verdict is None else reasons_of(row.verdict)
    if isinstance(origin, FromFile):
        decided = (f"License read {origin.decided_by}.",) if origin.decided_by else ()
        return (*reasons, *decided, *((origin.path,) if row.verdict is not None else ()))
    if isinstance(origin, FromHub):
        return (*reasons, f"From {origin.page}.", *((origin.note,) if origin.note else ()))
    return ("SmolLM2 135M Instruct in four quants, to see what weighin does. Nothing is downloaded.", *reasons)


def _fit_line(fit: Fit) -> str:
    deep = ""
    if fit.deep_tokens_per_second and fit.depth_tokens:
        deep = f", {_about(fit.deep_label)}{fit.deep_tokens_per_second:.1f} after {fit.depth_tokens} tokens"
    mark = "; something else used the machine meanwhile" if fit.disturbed else ""
    return (
        f"{fit.label.capitalize()} at context {fit.n_ctx}: generation {fit.generation_tokens_per_second or 0:.1f}"
        f"{deep}, prompt {_about(fit.prompt_label)}{fit.prompt_tokens_per_second or 0:.0f} tok/s{mark}."
    )


def _about(label: Label) -> str:
    return "about " if label == "extrapolated" else ""
