"""License verdicts on catalog models, licenses and GGUF files, with reasons. Not legal advice."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ..gguf.header import read_model_file
from .effective import EffectiveLicense, clues_of_file, effective_license
from .entries import Catalog, CatalogModel
from .verdict import AllowedIf, StatedUse, Unknown, Verdict, license_verdict, model_verdict, reasons_of, verdict_word

DISCLAIMER = "This is a reading of the terms, not legal advice."


class LicenseReport(msgspec.Struct, frozen=True, kw_only=True):
    subject: str
    licenses: tuple[str, ...]
    verdict: Verdict
    decided_by: str
    """Where the licenses were read; empty when none is stated."""
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """Where the terms can be read."""
    disclaimer: str = DISCLAIMER

    def lines(self) -> list[str]:
        """Lines for a terminal."""
        word = verdict_word(self.verdict) + (" (treat as not allowed)" if isinstance(self.verdict, Unknown) else "")
        stated = "none stated, neither in a LICENSE file nor in the file's header"
        if self.licenses:
            stated = f"{' + '.join(self.licenses)} ({self.decided_by})"
        return [
            f"{self.subject}: {word}{':' if isinstance(self.verdict, AllowedIf) else ''}",
            *(f"  - {reason}" for reason in reasons_of(self.verdict)),
            f"License: {stated}.",
            *(f"Note: {note}" for note in self.notes),
            *(f"Terms: {source}" for source in self.sources),
            self.disclaimer,
        ]


def entry_report(model: CatalogModel, use: StatedUse, catalog: Catalog) -> LicenseReport:
    """The verdict on a model of the catalog."""
    verdict = model_verdict(model, use, catalog.licenses)
    inherited = model.licenses[1:]
    notes = (f"{inherited[0]} comes from its base, {model.base.value}.",) if inherited and model.base else ()
    return _report(model.id, model.licenses, verdict, f"from the catalog entry for {model.repo}", notes, catalog)


def license_id_report(key: str, use: StatedUse, catalog: Catalog) -> LicenseReport:
    """The verdict on a license, by its id."""
    verdict = license_verdict([key], use, catalog.licenses)
    return _report(catalog.licenses[key].name, (key,), verdict, "as named", (), catalog)


def file_report(path: Path, use: StatedUse, catalog: Catalog, *, repo: str = "") -> LicenseReport:
    """The verdict on a GGUF file; ``repo`` is the repo that it was downloaded from, if known.

    Raises:
        ModelFileError: the file cannot be read.
    """
    header = read_model_file(path)
    effective = effective_license(clues_of_file(path, header.metadata, repo), catalog)
    verdict = file_verdict(effective, use, catalog)
    name = f"{path.name} ({header.name})" if header.name else path.name
    return _report(name, effective.licenses, verdict, effective.decided_by, effective.notes, catalog)


def file_verdict(effective: EffectiveLicense, use: StatedUse, catalog: Catalog) -> Verdict:
    """The verdict on the licenses that a model really carries."""
    return license_verdict(effective.licenses, use, catalog.licenses, effective.conditions)


def _report(
    subject: str,
    licenses: tuple[str, ...],
    verdict: Verdict,
    decided_by: str,
    notes: tuple[str, ...],
    catalog: Catalog,
) -> LicenseReport:
    known = [catalog.licenses[key] for key in licenses if key in catalog.licenses]
    notes += tuple(f"{terms.name} {note.clause}: {note.text}." for terms in known for note in terms.notes)
    sources = tuple(terms.source for terms in known)
    return LicenseReport(
        subject=subject, licenses=licenses, verdict=verdict, decided_by=decided_by, notes=notes, sources=sources
    )
