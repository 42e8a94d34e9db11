"""The candidates table's rows: what is known of each model before anything is downloaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import WeighinError
from .draft import SAMPLE, Draft, is_file

if TYPE_CHECKING:
    from ..catalog.entries import Catalog, CatalogModel
    from ..fit.results import Fit, Label
    from ..fit.source import Source

SORTS = frozenset({"name", "size", "license", "memory", "rate", "score"})
"""Columns that the table can be ordered by."""
DEFAULT_QUANT = "Q4_K_M"


@dataclass(frozen=True)
class Row:
    """One model in the table; ``reason`` says why it cannot be picked."""

    key: str
    """What a pick of it is called in the draft."""
    name: str
    quant: str
    size_bytes: int
    license: str
    """The verdict in one or two words."""
    here: bool
    """Its file is on this machine."""
    memory_bytes: int | None = None
    rate: float | None = None
    """Generation tokens per second."""
    measured: str = ""
    """How memory and rate were had: empty for a prediction."""
    disturbed: bool = False
    """Something else used the machine while it was measured."""
    busy: bool = False
    """Being measured now."""
    score: float | None = None
    reason: str = ""
    details: tuple[str, ...] = ()
    """What else is known, a line each."""
    source: Source | None = None
    """What to measure; None when it cannot be."""

    def sort_value(self, column: str) -> tuple[bool, float | str]:
        """Best first, unknown values last."""
        values: dict[str, float | str | None] = {
            "name": self.name.lower(),
            "size": self.size_bytes or None,
            "license": ("allowed", "allowed if", "unknown", "not allowed").index(self.license)
            if self.license in ("allowed", "allowed if", "unknown", "not allowed")
            else None,
            "memory": self.memory_bytes,
            "rate": None if self.rate is None else -self.rate,
            "score": None if self.score is None else -self.score,
        }
        value = values[column]
        return (value is None, 0.0 if value is None else value)

    def with_fit(self, fit: Fit) -> Row:
        """With what was measured; what could not be measured says so in the details."""
        if fit.problem:
            # Asked once: the reason will be the same in a moment.
            return replace(self, busy=False, source=None, details=(*self.details, f"Not measured: {fit.problem}"))
        return replace(
            self,
            busy=False,
            memory_bytes=fit.memory_bytes or self.memory_bytes,
            rate=fit.generation_tokens_per_second,
            measured=fit.label,
            disturbed=fit.disturbed,
            details=(*self.details[:1], _fit_line(fit), *self.details[1:]),  # small terminals show the first few
        )


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


def read_rows(draft: Draft, quants: Mapping[str, str]) -> tuple[list[Row], list[str]]:
    """Every known model under this draft's answers, and what could not be read. Slow: for a thread.

    ``quants`` are the quants the user chose for catalog models, by model id.
    """
    from ..catalog.loading import load_catalog

    catalog = load_catalog()
    rows = [sample_row(draft, catalog)]
    problems: list[str] = []
    for key in draft.added:
        try:
            rows.append(_file_row(key, draft, catalog) if is_file(key) else _hub_row(key, draft, catalog))
        except WeighinError as error:
            problems.append(str(error))
    rows += _store_rows(draft, catalog)
    here = _files_of_hub()
    memory = memory_limit_bytes(draft)
    rows.extend(_catalog_row(model, quants.get(model.id, ""), draft, catalog, here, memory) for model in catalog.models)
    return rows, problems


def _store_rows(draft: Draft, catalog: Catalog) -> list[Row]:
    """The models that Ollama and LM Studio hold on this machine; those that cannot be used say why."""
    from ..models.local import find_local_models

    rows = []
    for model in find_local_models():
        key = str(model.path)
        if model.source not in ("ollama", "lm-studio") or key in draft.added:
            continue
        try:
            row = _file_row(key, draft, catalog) if not model.problem else None
        except WeighinError as error:
            row, problem = None, str(error)
        else:
            problem = model.problem or ""
        if row is None:
            row = Row(key, model.name, model.quant, model.size_bytes, "", here=True, reason=problem)
        rows.append(replace(row, name=f"{model.name} ({model.source})"))
    return rows


def sample_row(draft: Draft, catalog: Catalog) -> Row:
    """The sample model in four quants, with the license verdict of the catalog's entry."""
    from ..catalog.ranking import verdict_word
    from ..catalog.verdict import model_verdict, reasons_of

    verdict = model_verdict(catalog.find("smollm2-135m-instruct"), draft.use, catalog.licenses)
    details = (
        "SmolLM2 135M Instruct as it comes and requantised: no download. To see what the tool does.",
        *reasons_of(verdict),
    )
    return Row(SAMPLE, "SmolLM2 135M sample", "Q4–Q8", 0, verdict_word(verdict), here=True, details=details)


def _file_row(key: str, draft: Draft, catalog: Catalog) -> Row:
    from ..catalog.ranking import verdict_word
    from ..catalog.report import license_report
    from ..catalog.verdict import NotAllowed, reasons_of
    from ..fit.source import FileSource
    from .freeze import candidates_from_paths

    (candidate,) = candidates_from_paths([key])
    report = license_report(candidate.path, draft.use, catalog)
    refused = isinstance(report.verdict, NotAllowed)
    return Row(
        key,
        candidate.name,
        candidate.quant,
        candidate.size_bytes,
        verdict_word(report.verdict),
        here=True,
        memory_bytes=candidate.size_bytes,
        reason=reasons_of(report.verdict)[0] if refused else "",
        details=(*reasons_of(report.verdict), f"License: by {report.decided_by}.", candidate.path),
        source=FileSource(Path(candidate.path)),
    )


def _hub_row(key: str, draft: Draft, catalog: Catalog) -> Row:
    """A model of the hub that the user named; asks the hub unless the cache knows it."""
    from ..catalog.effective import Clues, effective_license
    from ..catalog.ranking import verdict_word
    from ..catalog.report import file_verdict
    from ..catalog.verdict import NotAllowed, reasons_of
    from ..hub.client import connect
    from ..models.resolve import find_on_hub, locate

    meaning = locate(key)
    if isinstance(meaning, Path):
        return _file_row(str(meaning), draft, catalog)
    choice = find_on_hub(connect(), meaning)
    repo = choice.repo
    clues = Clues(repo=repo.repo, tags=(*(f"base_model:{b}" for b in repo.base_models), f"license:{repo.license}"))
    verdict = file_verdict(effective_license(clues, catalog), draft.use, catalog)
    return Row(
        key,
        choice.model.name,
        choice.model.quant,
        choice.model.size_bytes,
        verdict_word(verdict),
        here=choice.cached,
        memory_bytes=choice.model.size_bytes,
        reason=reasons_of(verdict)[0] if isinstance(verdict, NotAllowed) else "",
        details=(*reasons_of(verdict), f"From {repo.page}.", *([choice.note] if choice.note else [])),
    )


def _files_of_hub() -> Callable[[CatalogModel, str], bool]:
    """Whether a catalog model's file of a quant is in the hub's cache already."""
    from ..hub.client import connect
    from ..hub.offline import cached_repos

    hub = connect()

    def here(model: CatalogModel, quant: str) -> bool:
        return any(
            any(held.quant == quant for held in repo.models)
            for row in model.gguf
            for repo in cached_repos(hub, row.repo)
        )

    return here


def _catalog_row(
    model: CatalogModel,
    quant: str,
    draft: Draft,
    catalog: Catalog,
    is_here: Callable[[CatalogModel, str], bool],
    memory: int,
) -> Row:
    from ..catalog.quants import ladder
    from ..catalog.ranking import rank_one
    from ..catalog.ranking import verdict_word as word
    from ..catalog.verdict import NotAllowed, Unknown, model_verdict, reasons_of
    from ..fit.source import CatalogSource

    verdict = model_verdict(model, draft.use, catalog.licenses)
    rungs = {rung.quant.name: rung for rung in ladder(model, memory, draft.target.n_ctx)}
    rung = rungs.get(quant) or rungs[DEFAULT_QUANT]
    ranked = rank_one(model, verdict, available_bytes=memory, rung=rung)
    if isinstance(verdict, NotAllowed):
        reason = reasons_of(verdict)[0]
    elif isinstance(verdict, Unknown):
        reason = f"its license is unknown, so not allowed: {reasons_of(verdict)[0]}"
    elif not any(r.fits for r in rungs.values()):
        reason = f"no quant fits into {memory / 1e9:.1f} GB"
    elif not model.gguf:
        reason = "no GGUF file of it is known; press a to add one"
    else:
        reason = (
            "" if rung.fits else f"{rung.quant.name} does not fit into {memory / 1e9:.1f} GB; k takes another quant"
        )
    score = ranked.score
    return Row(
        f"{model.id}:{rung.quant.name}",
        model.name,
        rung.quant.name,
        rung.file_bytes,
        word(verdict),
        here=is_here(model, rung.quant.name),
        memory_bytes=rung.memory_bytes,
        score=score.value if score else None,
        reason=reason,
        # Memory and speed are in the table, measured.
        details=tuple(f"{p.name}: {p.text}" for p in ranked.components() if p.name not in ("memory", "speed")),
        source=CatalogSource(model, rung.quant.name) if not reason else None,
    )


def memory_limit_bytes(draft: Draft) -> int:
    """What the target may use: this machine's memory, or what the user said the target has."""
    from ..hardware.memory import usable_memory

    target = draft.target
    if target.this_machine or not target.ram_bytes:
        return usable_memory().usable_bytes
    return target.ram_bytes + target.vram_bytes


def next_quant(row: Row, draft: Draft) -> str:
    """The next quant of a catalog model down the ladder that fits; its own when there is no other."""
    from ..catalog.loading import load_catalog
    from ..catalog.quants import ladder

    model = load_catalog().find(row.key.rpartition(":")[0])
    names = [r.quant.name for r in ladder(model, memory_limit_bytes(draft), draft.target.n_ctx) if r.fits]
    if not names:
        return row.quant
    return names[(names.index(row.quant) + 1) % len(names)] if row.quant in names else names[0]
