"""The license texts in a bundle: the terms in the catalog, and the LICENSE files beside the models."""

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
    """File name → text for every candidate: its terms with their sources, and the texts beside its file.

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
    yield f"License in its header: {said or 'none'}"
    model = _model(cached.repo if cached is not None else "")
    if model is not None:
        yield f"In the catalog: {model.name} ({model.repo})"
        keys = model.licenses
    else:
        known = license_id(said, catalog.licenses) if said else None
        keys = (known,) if known else ()
    if not keys:
        yield "The terms are unknown. Find the license before you use the model."
    for key in keys:
        terms = catalog.licenses.get(key)
        yield ""
        if terms is None:
            yield f"{key}: its terms are unknown."
        else:
            yield from _terms(terms)
    yield ""
    yield "This is a summary of the terms, not legal advice. The license itself decides."


def _model(repo: str) -> CatalogModel | None:
    try:
        return load_catalog().find(repo) if repo else None
    except CatalogError:
        return None


def _terms(terms: License) -> Iterator[str]:
    yield f"{terms.name} ({terms.spdx}), {'OSI-approved' if terms.osi_approved else 'not OSI-approved'}"
    yield f"  source: {terms.source}"
    # Reads all fields, so that a new kind of term is included too.
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
