"""The license texts that a bundle carries: what the catalog knows of the terms, and the LICENSE files that are here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ..catalog.entries import CatalogError, CatalogModel
from ..catalog.licenses import License, license_id
from ..catalog.loading import load_catalog
from ..gguf.header import check_file
from ..hub.cache import cached_from
from ..plan.model import Candidate, Plan

_TEXTS = ("license", "licence", "notice", "use_policy", "copying")
_MAX_TEXT_BYTES = 2**20


def license_texts(plan: Plan) -> dict[str, str]:
    """File name → text for every candidate: its terms with their sources, and the texts that lie beside its file.

    Raises:
        ModelFileError: a candidate's file cannot be used.
    """
    texts: dict[str, str] = {}
    for candidate in plan.candidates:
        texts[f"{candidate.id}.txt"] = "\n".join(_facts(candidate)) + "\n"
        for path in _texts_beside(Path(candidate.path)):
            texts[f"{candidate.id}-{path.name}"] = path.read_text(encoding="utf-8", errors="replace")
    return texts


def _facts(candidate: Candidate) -> Iterator[str]:
    path = Path(candidate.path)
    header, cached = check_file(path), cached_from(path)
    catalog = load_catalog()
    yield f"{candidate.name} {candidate.quant}".rstrip()
    yield f"File: {path.name}"
    if cached is not None:
        yield f"From: {cached.repo} on the Hugging Face hub, commit {cached.commit}"
    said = header.license
    yield f"Its header says of the license: {said or 'nothing'}"
    model = _model(cached.repo if cached is not None else "")
    if model is not None:
        yield f"In weighin's catalog: {model.name} ({model.repo})"
        keys = model.licenses
    else:
        known = license_id(said, catalog.licenses) if said else None
        keys = (known,) if known else ()
    if not keys:
        yield "No terms are known. Find the license before you use the model."
    for key in keys:
        terms = catalog.licenses.get(key)
        yield ""
        if terms is None:
            yield f"{key}: no terms are known."
        else:
            yield from _terms(terms)
    yield ""
    yield "The terms are a summary with their clauses, no legal advice; the license itself decides."


def _model(repo: str) -> CatalogModel | None:
    try:
        return load_catalog().find(repo) if repo else None
    except CatalogError:
        return None


def _terms(terms: License) -> Iterator[str]:
    yield f"{terms.name} ({terms.spdx}), {'OSI-approved' if terms.osi_approved else 'not OSI-approved'}"
    yield f"  read in: {terms.source}"
    # Whatever the table has on this license, so that a new kind of term is carried too.
    for field, term in msgspec.to_builtins(terms).items():
        if isinstance(term, dict) and "text" in term:
            said = term.get("value") or (f"{term['number']:,}" if "number" in term else "")
            head = f"  {field.replace('_', ' ')}" + (f", {said}" if said else "")
            yield f"{head} – {term.get('clause', '')}: {term['text']}"


def _texts_beside(path: Path) -> list[Path]:
    try:
        return sorted(
            file
            for file in path.parent.iterdir()
            if file.name.lower().startswith(_TEXTS) and file.is_file() and file.stat().st_size <= _MAX_TEXT_BYTES
        )
    except OSError:
        return []
