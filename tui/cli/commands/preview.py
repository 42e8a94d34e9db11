"""One's own data on the command line: the options that go with it, and a look at it before anything runs."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

import click
import msgspec

from weighin.engine.errors import PlanError
from weighin.engine.plan.checks import check_plan
from weighin.engine.plan.model import OwnAsking, OwnSuite, Plan, PlannedSuite

from ...own_data_text import asked_lines, parse_columns, problem_lines, row_lines, summary_line


def with_own_options(suites: tuple[PlannedSuite, ...], options: Mapping[str, Any]) -> tuple[PlannedSuite, ...]:
    """The suites, those of the user's own data asked and scored as the options say.

    Raises:
        PlanError: an option cannot be meant, or there is no own data that it could be for.
    """
    given = {field: options[field] for field in OwnAsking.__struct_fields__ if options.get(field) not in (None, ())}
    if not given:
        return suites
    if "columns" in given:
        given["columns"] = parse_columns(given["columns"])
    if "stop" in given:
        # A shell has no easy way to write a line's end.
        given["stop"] = tuple(text.replace("\\n", "\n").replace("\\t", "\t") for text in given["stop"])
    if not any(isinstance(suite, OwnSuite) for suite in suites):
        raise PlanError(
            f"--{next(iter(given)).replace('_', '-')} is for data of your own, and there is none.",
            hint="Name it with --data FILE.",
        )
    return tuple(
        msgspec.structs.replace(suite, asking=msgspec.structs.replace(suite.asking, **given))
        if isinstance(suite, OwnSuite)
        else suite
        for suite in suites
    )


def show_preview(data: str, options: Mapping[str, Any], *, count: int, as_json: bool) -> int:
    """Rows, problems and the first items as they will be asked. 2 when a row is bad.

    Raises:
        WeighinError: the data as a whole cannot be used.
    """
    from weighin.engine.prepare.freeze import own_suite
    from weighin.engine.tasks.own.preview import preview_suite

    from ...exit_codes import EXIT_BAD_INPUT
    from .query import print_json

    (suite,) = with_own_options((own_suite(data),), options)
    check_plan(Plan(suites=(suite,)), where="The command line")
    assert isinstance(suite, OwnSuite)
    preview = preview_suite(suite, count=count)
    if as_json:
        print_json(preview)
    else:
        width = min(shutil.get_terminal_size((100, 24)).columns, 120)
        lines = [f"{preview.source}: {summary_line(preview)}", *problem_lines(preview, limit=20)]
        lines += ["", "Rows", *row_lines(preview, width=width)] if preview.rows else []
        if preview.asked:
            lines += ["", "As they will be asked" + (" (of models with a chat template)" * bool(preview.scorer))]
            lines += asked_lines(preview)
        click.echo("\n".join(lines))
    if preview.problems:
        rows = "1 bad row" if len(preview.problems) == 1 else f"{len(preview.problems)} bad rows"
        click.echo(f"weighin: {preview.source} has {rows}.", err=True)
        return EXIT_BAD_INPUT
    return 0
