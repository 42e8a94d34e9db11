"""How the fields of a dataclass become click parameters, how values are read, and the options that commands share.

Sizes, counts and durations are parsed here, so that every command reads them alike and errors name the option.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import partial, wraps
from typing import Any, TypeVar

import click

from weighin.engine.units import GIB, MIB, parse_count, parse_size

Options = TypeVar("Options")
Command = Callable[..., None]

# How a field becomes a parameter


def takes(options: type[Options]) -> Callable[[Callable[[Options], None]], Command]:
    """Declare the fields of ``options`` as parameters, and pass what click parsed as one object."""

    def decorate(command: Callable[[Options], None]) -> Command:
        @wraps(command)
        def call(**parameters: object) -> None:
            command(_filled(options, parameters))

        declared: Command = call
        for declare in reversed(list(_declarations(options))):
            declared = declare(declared)
        return declared

    return decorate


def _filled(options: type[Options], parameters: Mapping[str, object]) -> Options:
    values = {
        each.name: _filled(each.metadata["group"], parameters) if "group" in each.metadata else parameters[each.name]
        for each in fields(options)  # type: ignore[arg-type]  # takes() is only used with dataclasses
    }
    return options(**values)


def _declarations(options: Any) -> Iterator[Callable[[Command], Command]]:
    for each in fields(options):
        if "group" in each.metadata:
            yield from _declarations(each.metadata["group"])
        else:
            yield each.metadata["declare"](each.name)


def option(*names: str, **attributes: Any) -> Any:
    """A field that is an option. Its help shows the default, if there is one."""
    attributes.setdefault("show_default", attributes.get("default") not in (None, ""))
    return field(metadata={"declare": lambda name: click.option(*names, name, **attributes)})


def argument(**attributes: Any) -> Any:
    """A field that is an argument."""
    return field(metadata={"declare": lambda name: click.argument(name, **attributes)})


def group(options: type) -> Any:
    """A field that holds options which several commands share."""
    return field(metadata={"group": options})


class LazyChoice(click.Choice[str]):
    """A choice whose values are only looked up when its command runs or shows its help."""

    def __init__(self, values: Callable[[], Iterable[str]]) -> None:
        super().__init__(())
        self._values = values

    @property
    def choices(self) -> tuple[str, ...]:
        """What the user may write."""
        return tuple(self._values())

    @choices.setter
    def choices(self, _none: Any) -> None:
        pass


# How values are read


def parsed(parse: Callable[..., object]) -> Callable[[click.Context, click.Parameter, str | None], object]:
    """A callback that parses a value; its error names the option."""
    return lambda _context, parameter, text: None if text is None else parse(text, what=parameter.opts[-1])


def memory_limit_bytes(text: str, *, what: str) -> int:
    """Bytes in ``4G``, ``4 GiB`` or ``512M``. A bare number below 1,048,576 is GiB, a larger one is bytes."""
    size_bytes = parse_size(text, what=what)
    is_bare = text.strip().replace(".", "", 1).isdigit()
    return size_bytes if not is_bare or size_bytes >= MIB else round(float(text) * GIB)


def _dollars(text: str, *, what: str) -> int | None:
    bare = text.lstrip("$")
    return parse_count(bare, what=what, unit="dollars") if bare else None


# Parameters of several commands

AT_LEAST_0, AT_LEAST_1 = click.IntRange(0), click.IntRange(1)
PATH = click.Path()

flag = partial(option, is_flag=True)
json_option = partial(flag, "--json", help="Print JSON to stdout.")
tui_option = partial(flag, "--tui", help="Show the run on a screen.")
run_argument = partial(argument, default="", metavar="[RUN]")
item_limit_option = partial(option, "--limit", type=AT_LEAST_1, metavar="N", help="Maximum number of items per suite.")
threads_option = partial(
    option, "-t", "--threads", type=AT_LEAST_1, metavar="N", help="Threads. Default: one per physical core."
)
context_option = partial(option, "-c", "--context", type=click.IntRange(64), metavar="TOKENS")
use_option = partial(option, "--use", type=click.Choice(["commercial", "internal", "research"]))


@dataclass(frozen=True, kw_only=True)
class OwnDataOptions:
    """How a command asks and scores the user's own data."""

    scorer: str | None = option(
        "--scorer",
        metavar="NAME",
        help="How answers to your own data are scored: exact (default), contains, numeric, regex, …",
    )
    columns: str | None = option(
        "--columns", metavar="OURS=YOURS,…", help="Map your column names, for example question=frage,answer=antwort."
    )
    reading: str | None = option(
        "--reading",
        metavar="NAME=VALUE,…",
        help="How to read your files where weighin cannot tell: delimiter, encoding, header=no, index=1, sheet, …",
    )
    shots: int | None = option(
        "--shots",
        type=AT_LEAST_0,
        metavar="N",
        help="Use the first N rows as worked examples in every prompt. They are not scored.",
    )
    extractor: str | None = option(
        "--extractor",
        metavar="NAME",
        help="How the answer is found in the output: whole, first_line, number, letter, …",
    )
    metric: str | None = option("--metric", metavar="NAME", help="The scorer's metric to rank by.")
    right_at: float | None = option(
        "--right-at",
        type=float,
        metavar="SCORE",
        help="For graded metrics, count an answer as correct from this score up (0 to 1).",
    )
    system: str | None = option("--system", metavar="TEXT", help="System message for your own data.")
    max_tokens: int | None = option(
        "--max-tokens", type=AT_LEAST_1, metavar="N", help="Maximum length of an answer to your own data."
    )
    stop: tuple[str, ...] = option(
        "--stop",
        multiple=True,
        metavar="TEXT",
        help=r"Text that ends an answer; \n is a line break. Repeat for several.",
    )


@dataclass(frozen=True, kw_only=True)
class StatedUseOptions:
    """What the model will be used for, apart from ``--use``, whose default differs between commands."""

    monthly_users: int | None = option(
        "--users",
        callback=parsed(partial(parse_count, unit="people")),
        metavar="N",
        help="Monthly users, such as 5M or 1,000.",
    )
    annual_revenue_usd: int | None = option(
        "--revenue", callback=parsed(_dollars), metavar="USD", help="Annual revenue in US dollars, such as 2M."
    )
    redistribute: bool = flag("--redistribute", help="You will redistribute the weights.")
    train_on_outputs: bool = flag("--train", help="You will train other models on the outputs.")
    osi_required: bool = flag("--osi", help="Allow only OSI-approved licenses.")
    region: str | None = option(
        "--region", metavar="CODE", help="Where you are: EU or a country code such as US or FR."
    )
