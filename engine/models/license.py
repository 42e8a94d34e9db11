"""The license verdict on whatever a model name stands for, or on a license itself."""

from __future__ import annotations

from ..catalog.entries import Catalog
from ..catalog.licenses import license_id
from ..catalog.report import LicenseReport, entry_report, file_report, license_id_report
from ..catalog.verdict import StatedUse
from ..hub.errors import HubNotFoundError, UnknownModelError
from ..suggest import did_you_mean
from .references import CatalogRef, parse
from .resolve import LocalPath, resolve


def license_report(text: str, use: StatedUse, catalog: Catalog) -> LicenseReport:
    """The verdict on ``text``: a model name in any form, or a license's name, id or link. Sends nothing.

    Raises:
        ModelFileError: the file cannot be read.
        HubError: no model and no license has that name, or the catalog does not have the repo.
    """
    key = license_id(text, catalog.licenses)
    if key is not None:
        return license_id_report(key, use, catalog)
    ref = parse(text)
    try:
        resolved = resolve(ref)
    except UnknownModelError as error:
        hint = did_you_mean(str(ref), catalog.licenses, otherwise=error.hint) if isinstance(ref, CatalogRef) else ""
        raise UnknownModelError(error.what, hint=hint or error.hint) from None
    if isinstance(resolved, LocalPath):
        return file_report(resolved.path, use, catalog, repo=resolved.repo)
    if resolved.entry is None:
        raise HubNotFoundError(
            f"The catalog does not have {resolved.ref.repo}, so its license is not known.",
            hint=f"Download it first: weighin pull {resolved.ref}",
        )
    return entry_report(resolved.entry, use, catalog)
