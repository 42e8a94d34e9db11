"""Commands on what is asked: suites, and the user's own data."""

from __future__ import annotations

import sys

import click

from .options import PreviewOptions, json_option, own_data_options, takes


@click.command()
@json_option
def suites(as_json: bool) -> None:
    """List the built-in suites."""
    from .commands.query import list_suites

    list_suites(as_json=as_json)


@click.command(
    epilog="DATA is a JSONL, CSV or Parquet file, a folder of them, or OWNER/NAME:PATTERN for the files of a data set"
    " on the hub, such as owner/name:data/test-*.parquet or owner/name@REVISION:data/test-*.parquet."
)
@click.argument("data", type=click.Path())
@own_data_options
@click.option(
    "-n",
    "--count",
    type=click.IntRange(1),
    metavar="N",
    default=3,
    show_default=True,
    help="Number of rows and items to show.",
)
@json_option
@takes(PreviewOptions)
def preview(options: PreviewOptions) -> None:
    """Show how your own data is read and asked.

    Prints bad rows and the first items as `weighin run` asks them with the same options. Exits with code 2 when a row
    is bad.
    """
    from .commands.preview import show_preview

    sys.exit(show_preview(options))
