"""Commands on the catalog: models, license."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, Literal, cast

import click
import msgspec

from weighin.engine.catalog.entries import APTITUDES, Catalog
from weighin.engine.catalog.loading import load_catalog
from weighin.engine.catalog.ranking import ModelFilter, rank_models
from weighin.engine.catalog.sort_keys import SortKey
from weighin.engine.catalog.verdict import StatedUse
from weighin.engine.errors import WeighinError
from weighin.engine.units import parse_count

from .query import print_json

_MAX_WIDTH = 160


def show_models(names: tuple[str, ...], options: dict[str, Any], *, as_json: bool) -> None:
    """The catalog, filtered and sorted, or some of it side by side."""
    from weighin.engine import paths
    from weighin.engine.report.catalog_compare import compare_models
    from weighin.engine.report.catalog_history import measured_here, measured_speeds
    from weighin.engine.report.catalog_table import models_builtins, models_table

    catalog = load_catalog()
    if options["compare"] and not names:
        raise WeighinError("--compare needs the names of models.", hint="Such as: weighin models --compare A B")
    named = {catalog.find(name).id for name in names}
    measured = measured_here(catalog, paths.store_path(), answers=bool(names) or as_json)
    width = min(shutil.get_terminal_size((100, 24)).columns, _MAX_WIDTH)
    if names and not as_json:
        use = _use(options) if options["use"] else None
        click.echo("\n".join(compare_models(names, catalog, measured, width=width, use=use)))
        return
    rows = rank_models(catalog, _filter(options), cast(SortKey, options["sort"]), measured_speeds(measured))
    rows = [row for row in rows if not named or row.model.id in named]
    if as_json:
        print_json(models_builtins(rows, measured))
    elif not rows:
        click.echo(_nothing(catalog, options), err=True)
    else:
        click.echo("\n".join(models_table(rows, width=width)))


def show_license(model: str, options: dict[str, Any], *, as_json: bool) -> None:
    """The license verdict for a stated use."""
    from weighin.engine.catalog.report import license_report

    report = license_report(model, _use(options), load_catalog(), repo=_repo_of(model))
    if as_json:
        print_json(msgspec.to_builtins(report))
    else:
        click.echo("\n".join(report.lines()))


def _use(options: dict[str, Any]) -> StatedUse:
    users, revenue = options.get("users"), (options.get("revenue") or "").lstrip("$")
    return StatedUse(
        purpose=cast(Literal["commercial", "internal", "research"], options.get("use") or "commercial"),
        monthly_users=None if users is None else parse_count(users, what="--users", unit="people"),
        annual_revenue_usd=parse_count(revenue, what="--revenue", unit="dollars") if revenue else None,
        redistribute=bool(options.get("redistribute")),
        train_on_outputs=bool(options.get("train")),
        osi_required=bool(options.get("osi")),
        region=options.get("region"),
    )


def _filter(options: dict[str, Any]) -> ModelFilter:
    from weighin.engine.hardware.memory import usable_memory

    stated = any(options.get(name) for name in ("use", "users", "revenue", "redistribute", "train", "osi", "region"))
    aptitude = str(options["aptitude"]).lower()
    if aptitude and aptitude not in APTITUDES:
        raise WeighinError(
            f"--aptitude {aptitude!r} is none that the catalog knows.", hint=f"One of {', '.join(sorted(APTITUDES))}."
        )
    least, most, fits = options["min_size"], options["max_size"], options["fits"]
    return ModelFilter(
        words=options["words"],
        use=_use(options) if stated or options["unconditional"] else None,
        without_conditions=options["unconditional"],
        min_parameters=None if least is None else parse_count(least, what="--min-size"),
        max_parameters=None if most is None else parse_count(most, what="--max-size"),
        language=options["language"],
        aptitude=aptitude,
        fits_bytes=None if fits is None else _gigabytes(fits),
        machine_bytes=usable_memory().usable_bytes,
        n_ctx=options["context"],
    )


def _gigabytes(text: str) -> int:
    """``8``, ``8G`` or ``8 GB``, in units of 10⁹ bytes."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:g|gb)?\s*", text, re.IGNORECASE | re.ASCII)
    if not found:
        raise WeighinError(f"--fits {text!r} is no memory in GB.", hint="Write it as 8 or 8G.")
    return int(float(found[1]) * 1e9)


def _nothing(catalog: Catalog, options: dict[str, Any]) -> str:
    silent = sum(not (m.languages and m.languages.value) for m in catalog.models) if options["language"] else 0
    return "No model passes." + (f" {silent} models do not list their languages." if silent else "")


def _repo_of(model: str) -> str:
    """Where a file in the hub's cache came from; empty for everything else."""
    from weighin.engine.hub.cache import cached_from

    path = Path(model).expanduser()
    cached = cached_from(path) if path.is_file() else None
    return cached.repo if cached is not None else ""
