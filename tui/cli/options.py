"""Options that several commands share. Nothing slow is imported here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
DATA_FORMS = (
    "DATA is a JSONL, CSV or Parquet file, a folder of them, or OWNER/NAME:PATTERN for files of a data set on the"
    " hub, such as owner/name:data/test-*.parquet; a revision goes before the colon, as in owner/name@main:FILE."
)

_OWN_DATA = (
    click.option("--scorer", help="Of your own data's answers: exact (the default), contains, numeric, regex, …"),
    click.option("--columns", help="Columns with other names, ours first: question=frage,answer=antwort."),
    click.option("--shots", type=click.IntRange(0), help="So many first rows stand solved before every item."),
    click.option("--extractor", help="How the answer is found in the text: whole, first_line, last_number, letter, …"),
    click.option("--metric", help="The one of the scorer's metrics to lead with."),
    click.option("--right-at", type=float, help="Where the metric is graded, right from this value on, 0 to 1."),
    click.option("--system", help="System message before the items of your own data."),
    click.option("--max-tokens", type=click.IntRange(1), help="Tokens an answer to your own data may have."),
    click.option("--stop", multiple=True, help=r"Text that ends an answer, \n for a line's end; repeat."),
)
_CONSISTENCY = (
    click.option(
        "--consistency",
        type=click.IntRange(0),
        metavar="ITEMS",
        help="Items of each suite that are asked again; 0: none. Default: up to 50, fewer of those with long answers.",
    ),
    click.option("--samples", type=int, help="Sampled answers to each of them, 2 to 16. Default: 5."),
    click.option("--temperature", type=float, help="Of these answers. Default: 0.7."),
)
_STATED_USE = (
    click.option("--users", help="Monthly users, such as 5M or 1,000."),
    click.option("--revenue", help="Annual revenue in USD, such as 2M."),
    click.option("--redistribute", is_flag=True, help="You will pass the weights on."),
    click.option("--train", is_flag=True, help="You will train other models on its outputs."),
    click.option("--osi", is_flag=True, help="Only licenses that the OSI approved."),
    click.option("--region", help="Where you are, such as EU, UK, US or a country's two letters."),
)


def own_data_options(command: Command) -> Command:
    """How the user's own data of this command is asked and scored."""
    return _with(_OWN_DATA, command)


def consistency_options(command: Command) -> Command:
    """How much is asked again to see how steady answers are."""
    return _with(_CONSISTENCY, command)


def stated_use_options(command: Command) -> Command:
    """What the model will be used for, besides the purpose."""
    return _with(_STATED_USE, command)


def _with(options: tuple[Callable[[Command], Command], ...], command: Command) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
