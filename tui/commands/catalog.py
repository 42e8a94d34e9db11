"""Commands on the catalog: models, license."""

from __future__ import annotations

import re
import shutil
from typing import Literal, cast

import click
import msgspec

from weighin.engine.catalog.ranking import SortKey
from weighin.engine.catalog.text import compare_models, license_report, models_builtins, models_table
from weighin.engine.catalog.verdict import StatedUse
from weighin.engine.errors import WeighinError

from .query import print_json


def show_models(names: tuple[str, ...], *, words: str, sort: str, as_json: bool) -> None:
    """The catalog, or some of it side by side."""
    key = cast(SortKey, sort)
    if as_json:
        rows = models_builtins(words, key)
        print_json([row for row in rows if not names or row["id"] in names])
    elif names:
        click.echo("\n".join(compare_models(names)))
    else:
        width = min(shutil.get_terminal_size((100, 24)).columns, 140)
        click.echo("\n".join(models_table(words, key, width=width)))


def show_license(
    model: str,
    *,
    use: str,
    users: str | None,
    redistribute: bool,
    train_on_outputs: bool,
    osi_required: bool,
    region: str | None,
    as_json: bool,
) -> None:
    """The license verdict for a stated use."""
    stated = StatedUse(
        purpose=cast(Literal["commercial", "internal", "research"], use),
        monthly_users=parse_count(users),
        redistribute=redistribute,
        train_on_outputs=train_on_outputs,
        osi_required=osi_required,
        region=region,
    )
    report = license_report(model, stated)
    if as_json:
        print_json(msgspec.to_builtins(report))
    else:
        click.echo("\n".join(report.lines))


def parse_count(text: str | None) -> int | None:
    """A number of people in ``5M``, ``700k`` or ``1200``.

    Raises:
        WeighinError: it is none.
    """
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kKmMbB])?\s*", text)
    if not found:
        raise WeighinError(f"--users {text!r} is no number of people.", hint="Write it as 5M, 700k or 1200.")
    return int(float(found[1]) * {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}[(found[2] or "").lower()])
