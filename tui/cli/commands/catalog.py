"""Commands on the catalog: models, license."""

from __future__ import annotations

import dataclasses

import msgspec

from weighin.engine import paths
from weighin.engine.catalog.entries import APTITUDES, Catalog
from weighin.engine.catalog.licenses import Purpose
from weighin.engine.catalog.loading import load_catalog
from weighin.engine.catalog.ranking import ModelFilter, rank_models
from weighin.engine.catalog.verdict import StatedUse
from weighin.engine.errors import WeighinError
from weighin.engine.hardware.memory import usable_memory
from weighin.engine.models.resolve import license_report
from weighin.engine.report.catalog_compare import compare_models
from weighin.engine.report.catalog_history import measured_here, measured_speeds
from weighin.engine.report.catalog_table import models_builtins, models_table

from ..options import LicenseOptions, ModelsOptions
from ..parameters import StatedUseOptions
from ..terminal import out, say, table_width
from .query import print_json

_MAX_WIDTH = 160


def show_models(options: ModelsOptions) -> None:
    """Print the catalog, filtered and sorted, or the named models side by side."""
    catalog, names = load_catalog(), options.names
    ids = {catalog.find(name).id for name in names}
    measured = measured_here(catalog, paths.store_path(), answers=bool(names) or options.as_json)
    width = table_width(_MAX_WIDTH)
    if names and not options.as_json:
        use = _stated_use(options.use, options.stated) if options.use else None
        out("\n".join(compare_models(names, catalog, measured, width=width, use=use)))
        return
    rows = rank_models(catalog, _filter(options), options.sort, measured_speeds(measured))
    rows = [row for row in rows if not ids or row.model.id in ids]
    if options.as_json:
        print_json(models_builtins(rows, measured))
    elif not rows:
        say(_no_match(catalog, options))
    else:
        out("\n".join(models_table(rows, width=width)))


def show_license(options: LicenseOptions) -> None:
    """Print the license verdict for the stated use."""
    report = license_report(options.model, _stated_use(options.use, options.stated), load_catalog())
    if options.as_json:
        print_json(msgspec.to_builtins(report))
    else:
        out("\n".join(report.lines()))


def _stated_use(use: Purpose | None, stated: StatedUseOptions) -> StatedUse:
    return StatedUse(purpose=use or "commercial", **dataclasses.asdict(stated))


def _filter(options: ModelsOptions) -> ModelFilter:
    stated = any(value is not None and value is not False for value in dataclasses.astuple(options.stated))
    aptitude = options.aptitude.lower()
    if aptitude and aptitude not in APTITUDES:
        raise WeighinError(
            f"--aptitude is {aptitude!r}, which the catalog does not know.",
            hint=f"Choose one of {', '.join(sorted(APTITUDES))}.",
        )
    return ModelFilter(
        words=options.filter,
        use=_stated_use(options.use, options.stated) if options.use or options.unconditional or stated else None,
        without_conditions=options.unconditional,
        min_parameters=options.min_parameters,
        max_parameters=options.max_parameters,
        language=options.language,
        aptitude=aptitude,
        fits_bytes=options.fits_bytes,
        machine_bytes=usable_memory().usable_bytes,
        n_ctx=options.context,
    )


def _no_match(catalog: Catalog, options: ModelsOptions) -> str:
    if not options.language:
        return "No model matches."
    unlisted = sum(not (model.languages and model.languages.value) for model in catalog.models)
    return f"No model matches. {unlisted} models do not list their languages."
