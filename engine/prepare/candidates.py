"""The candidates table: every model that could be compared, and what is known about it before any download.

Rows come from the sample model, from files and hub models the user named, from other apps' stores, and from the
catalog. Words for people are in ``candidates_text.py``; catalog rows are the rows of ``weighin models``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..catalog.effective import Clues, effective_license
from ..catalog.entries import Catalog
from ..catalog.loading import load_catalog
from ..catalog.ranking import Conditions, LicenseForbids, Ranked, RuledOut, Unreadable, rank_model
from ..catalog.report import file_report, file_verdict
from ..catalog.verdict import NotAllowed, Verdict, model_verdict, reasons_of
from ..errors import WeighinError
from ..fit.source import CatalogSource, FileSource
from ..gguf.naming import DEFAULT_QUANT
from ..hub.client import Hub, connect
from ..hub.offline import cached_repos
from ..models.local import find_local_models
from ..models.local_model import LocalModel
from ..models.references import is_path, parse
from ..models.resolve import LocalPath, find_on_hub, resolve
from .candidate_rows import CandidateList, CandidateRow, FromCatalog, FromFile, FromHub, FromSample
from .draft import SampleModel
from .freeze import candidates_from_paths


def list_candidates(
    conditions: Conditions, *, added: Sequence[str] = (), quants: Mapping[str, str] | None = None
) -> CandidateList:
    """Every known model under these conditions. Reads files and may ask the hub, so call it in a thread.

    Args:
        added: model files and hub models that the user named.
        quants: the quants that the user chose for catalog models, by catalog id.
    """
    catalog = load_catalog()
    rows = [sample_row(conditions, catalog)]
    problems: list[str] = []
    for key in added:
        try:
            rows.append((_file_row if is_path(key) else _hub_row)(key, conditions, catalog))
        except WeighinError as error:
            problems.append(str(error))
    rows += _store_rows(conditions, catalog, added)
    hub = connect()
    for model in catalog.models:
        quant = (quants or {}).get(model.id, DEFAULT_QUANT)
        rows.append(_catalog_row(rank_model(model, catalog.licenses, conditions, quant=quant), hub))
    return CandidateList(tuple(rows), tuple(problems))


def sample_row(conditions: Conditions, catalog: Catalog) -> CandidateRow:
    """The sample model in four quants, with the license verdict of its catalog entry."""
    return CandidateRow(
        pick=SampleModel(),
        name="SmolLM2 135M sample",
        quant="Q4–Q8",
        size_bytes=0,
        origin=FromSample(),
        verdict=model_verdict(catalog.find("smollm2-135m-instruct"), conditions.use, catalog.licenses),
        downloaded=True,
    )


def _store_rows(conditions: Conditions, catalog: Catalog, added: Sequence[str]) -> list[CandidateRow]:
    """The models that Ollama and LM Studio hold on this machine, unusable ones included."""
    rows = []
    stored = [model for model in find_local_models() if model.source in ("ollama", "lm-studio")]
    # Several names in Ollama can mean one file: one row, for the first name that can be used.
    by_file: dict[str, LocalModel] = {}
    for model in sorted(stored, key=lambda model: model.problem is not None):
        by_file.setdefault(str(model.path), model)
    for key, model in by_file.items():
        if key in added:
            continue
        problem = model.problem or ""
        row = CandidateRow(
            pick=key,
            name=model.name,
            quant=model.quant,
            size_bytes=model.size_bytes,
            origin=FromFile(key),
            verdict=None,
            downloaded=True,
        )
        if not problem:
            try:
                row = _file_row(key, conditions, catalog)
            except WeighinError as error:
                problem = str(error)
        ruled_out = Unreadable(problem) if problem else row.ruled_out
        rows.append(replace(row, name=f"{model.name} ({model.source})", ruled_out=ruled_out))
    return rows


def _file_row(key: str, conditions: Conditions, catalog: Catalog) -> CandidateRow:
    (candidate,) = candidates_from_paths([key])
    report = file_report(Path(candidate.path), conditions.use, catalog)
    return CandidateRow(
        pick=key,
        name=candidate.name,
        quant=candidate.quant,
        size_bytes=candidate.size_bytes,
        origin=FromFile(candidate.path, report.decided_by),
        verdict=report.verdict,
        downloaded=True,
        estimated_memory_bytes=candidate.size_bytes,
        ruled_out=_forbidden(report.verdict),
        source=FileSource(Path(candidate.path)),
    )


def _hub_row(key: str, conditions: Conditions, catalog: Catalog) -> CandidateRow:
    """Asks the hub unless the cache knows the model."""
    resolved = resolve(parse(key))
    if isinstance(resolved, LocalPath):
        return _file_row(str(resolved.path), conditions, catalog)
    choice = find_on_hub(connect(), resolved.ref)
    repo = choice.repo
    clues = Clues(repo=repo.repo, tags=(*(f"base_model:{b}" for b in repo.base_models), f"license:{repo.license}"))
    verdict = file_verdict(effective_license(clues, catalog), conditions.use, catalog)
    return CandidateRow(
        pick=key,
        name=choice.model.name,
        quant=choice.model.quant,
        size_bytes=choice.model.size_bytes,
        origin=FromHub(repo.page, choice.note),
        verdict=verdict,
        downloaded=choice.cached,
        estimated_memory_bytes=choice.model.size_bytes,
        ruled_out=_forbidden(verdict),
    )


def _forbidden(verdict: Verdict) -> RuledOut | None:
    """Only a refusal rules out what the user named; unknown terms are theirs to judge."""
    return LicenseForbids(reasons_of(verdict)[0]) if isinstance(verdict, NotAllowed) else None


def _catalog_row(ranked: Ranked, hub: Hub) -> CandidateRow:
    model, quant = ranked.model, ranked.rung.quant.name
    cached = (held for files in model.gguf for repo in cached_repos(hub, files.repo) for held in repo.models)
    return CandidateRow(
        pick=f"{model.id}:{quant}",
        name=model.name,
        quant=quant,
        size_bytes=ranked.rung.file_bytes,
        origin=FromCatalog(ranked),
        verdict=ranked.verdict,
        downloaded=any(held.quant == quant for held in cached),
        estimated_memory_bytes=ranked.memory_bytes,
        ruled_out=ranked.ruled_out,
        source=None if ranked.ruled_out else CatalogSource(model, quant),
    )
