"""``weighin preview``: how the user's own data is read, and its first items as they will be asked."""

from __future__ import annotations

import click
import msgspec

from weighin.engine.plan.checks import check_plan
from weighin.engine.plan.model import Plan
from weighin.engine.prepare.freeze import own_suite
from weighin.engine.tasks.own.preview import preview_suite

from ...exit_codes import EXIT_BAD_INPUT, EXIT_OK
from ...own_data_text import asked_lines, problem_lines, row_lines, summary_line
from ..options import PreviewOptions
from ..terminal import say, table_width
from .plan_options import changed_asking
from .query import print_json

_SHOWN_PROBLEMS = 20


def show_preview(options: PreviewOptions) -> int:
    """Print rows, problems and the first items as they will be asked; 2 when a row is bad.

    Raises:
        WeighinError: the data as a whole cannot be used.
    """
    suite = own_suite(options.data)
    suite = msgspec.structs.replace(suite, asking=changed_asking(suite.asking, options.own))
    check_plan(Plan(suites=(suite,)), where="The command line")
    preview = preview_suite(suite, count=options.count)
    if options.as_json:
        print_json(preview)
    else:
        lines = [f"{preview.source}: {summary_line(preview)}", *problem_lines(preview, limit=_SHOWN_PROBLEMS)]
        lines += ["", "Rows", *row_lines(preview, width=table_width())] if preview.rows else []
        if preview.asked:
            lines += ["", "As they will be asked" + (" (of models with a chat template)" * bool(preview.scorer))]
            lines += asked_lines(preview)
        click.echo("\n".join(lines))
    if preview.problems:
        rows = "1 bad row" if len(preview.problems) == 1 else f"{len(preview.problems)} bad rows"
        say(f"weighin: {preview.source} has {rows}.")
        return EXIT_BAD_INPUT
    return EXIT_OK
