"""What each command takes: one frozen dataclass per command, and the click options that several commands share.

Values are as typed; the commands parse sizes and durations. Nothing slow is imported here, so that ``--help`` is fast.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from weighin.engine.catalog.licenses import Purpose
    from weighin.engine.catalog.sort_keys import SortKey
    from weighin.engine.plan.model import KvType, PromptStyle


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    as_json: bool
    limit: int | None
    tui: bool | None


@dataclass(frozen=True, kw_only=True)
class HardwareOptions:
    as_json: bool
    folder: str
    no_bandwidth: bool


@dataclass(frozen=True, kw_only=True)
class BenchOptions:
    models: tuple[str, ...]
    n_prompt: int
    n_gen: int
    repeats: int
    threads: int | None
    context: int
    as_json: bool


@dataclass(frozen=True, kw_only=True)
class OwnDataOptions:
    """How a command asks and scores the user's own data."""

    scorer: str | None
    columns: str | None
    shots: int | None
    extractor: str | None
    metric: str | None
    right_at: float | None
    system: str | None
    max_tokens: int | None
    stop: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RunOptions(OwnDataOptions):
    plan: str | None
    models: tuple[str, ...]
    suites: tuple[str, ...]
    data: tuple[str, ...]
    consistency: int | None
    samples: int | None
    temperature: float | None
    limit: int | None
    time_budget: str | None
    threads: int | None
    context: int | None
    repeats: int | None
    max_memory: str | None
    min_speed: float | None
    max_ttft: str | None
    prompt_style: PromptStyle | None
    no_race: bool
    name: str | None
    save_plan: str | None
    tui: bool
    as_json: bool


@dataclass(frozen=True, kw_only=True)
class PreviewOptions(OwnDataOptions):
    data: str
    count: int
    as_json: bool


@dataclass(frozen=True, kw_only=True)
class ResumeOptions:
    run_id: str
    tui: bool
    as_json: bool


@dataclass(frozen=True, kw_only=True)
class ReplayOptions:
    run_id: str
    speed: float


@dataclass(frozen=True, kw_only=True)
class ShowOptions:
    run_id: str
    answers: bool
    as_json: bool


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    run_id: str
    format: str
    output: str


@dataclass(frozen=True, kw_only=True)
class StatedUseOptions:
    """What the model will be used for; ``users`` and ``revenue`` are counts as typed."""

    use: Purpose | None
    users: str | None
    revenue: str | None
    redistribute: bool
    train: bool
    osi: bool
    region: str | None


@dataclass(frozen=True, kw_only=True)
class ModelsOptions(StatedUseOptions):
    names: tuple[str, ...]
    filter: str
    min_size: str | None
    max_size: str | None
    language: str
    aptitude: str
    fits: str | None
    context: int
    unconditional: bool
    sort: SortKey
    as_json: bool


@dataclass(frozen=True, kw_only=True)
class LicenseOptions(StatedUseOptions):
    model: str
    as_json: bool


@dataclass(frozen=True, kw_only=True)
class FitOptions:
    names: tuple[str, ...]
    context: int
    quant: str
    kv_type: KvType
    refresh: bool
    as_json: bool


@dataclass(frozen=True, kw_only=True)
class PullOptions:
    models: tuple[str, ...]
    refresh: bool
    now: bool
    as_json: bool


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    words: tuple[str, ...]
    limit: int
    as_json: bool


@dataclass(frozen=True, kw_only=True)
class LocalOptions:
    folders: tuple[str, ...]
    as_json: bool


@dataclass(frozen=True, kw_only=True)
class BundleCreateOptions:
    plan: str
    to: str
    wheels: bool
    wheels_from: str | None
    as_json: bool


@dataclass(frozen=True, kw_only=True)
class BundleVerifyOptions:
    folder: str
    as_json: bool


@dataclass(frozen=True, kw_only=True)
class BundleImportOptions:
    folder: str
    to: str | None
    in_place: bool
    as_json: bool


Options = TypeVar("Options")
Command = TypeVar("Command", bound=Callable[..., object])


def takes(options: type[Options]) -> Callable[[Callable[[Options], None]], Callable[..., None]]:
    """Pass the parameters that click parsed to the command as one ``options`` object."""

    def decorate(command: Callable[[Options], None]) -> Callable[..., None]:
        @functools.wraps(command)
        def call(**parameters: object) -> None:
            command(options(**parameters))

        return call

    return decorate


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


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON to stdout.")
run_argument = click.argument("run_id", default="", metavar="[RUN]")
tui_option = click.option("--tui", is_flag=True, help="Show the run on a screen.")

_OWN_DATA = (
    click.option(
        "--scorer",
        metavar="NAME",
        help="How answers to your own data are scored: exact (default), contains, numeric, regex, …",
    ),
    click.option(
        "--columns",
        metavar="OURS=YOURS,…",
        help="Map your column names, for example question=frage,answer=antwort.",
    ),
    click.option(
        "--shots",
        type=click.IntRange(0),
        metavar="N",
        help="Use the first N rows as worked examples in every prompt. They are not scored.",
    ),
    click.option(
        "--extractor",
        metavar="NAME",
        help="How the answer is found in the output: whole, first_line, last_number, letter, …",
    ),
    click.option("--metric", metavar="NAME", help="The scorer's metric to rank by."),
    click.option(
        "--right-at",
        type=float,
        metavar="SCORE",
        help="For graded metrics, count an answer as correct from this score up (0 to 1).",
    ),
    click.option("--system", metavar="TEXT", help="System message for your own data."),
    click.option(
        "--max-tokens", type=click.IntRange(1), metavar="N", help="Maximum length of an answer to your own data."
    ),
    click.option(
        "--stop",
        multiple=True,
        metavar="TEXT",
        help=r"Text that ends an answer; \n is a line break. Repeat for several.",
    ),
)
_STATED_USE = (
    click.option("--users", metavar="N", help="Monthly users, such as 5M or 1,000."),
    click.option("--revenue", metavar="USD", help="Annual revenue in US dollars, such as 2M."),
    click.option("--redistribute", is_flag=True, help="You will redistribute the weights."),
    click.option("--train", is_flag=True, help="You will train other models on the outputs."),
    click.option("--osi", is_flag=True, help="Allow only OSI-approved licenses."),
    click.option("--region", metavar="CODE", help="Where you are: EU or a country code such as US or FR."),
)
purpose = click.Choice(["commercial", "internal", "research"])


def own_data_options(command: Command) -> Command:
    """Add the options of ``OwnDataOptions``."""
    return _add(_OWN_DATA, command)


def stated_use_options(command: Command) -> Command:
    """Add the options of ``StatedUseOptions`` except ``--use``, whose default differs."""
    return _add(_STATED_USE, command)


def _add(options: tuple[Callable[[Command], Command], ...], command: Command) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
