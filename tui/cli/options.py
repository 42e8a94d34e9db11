"""What each command takes, declared once: a frozen dataclass per command, whose fields are its click parameters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from weighin.engine.catalog.sort_keys import SORT_KEYS
from weighin.engine.gguf.naming import DEFAULT_QUANT
from weighin.engine.units import parse_count, parse_duration

from .parameters import (
    AT_LEAST_0,
    AT_LEAST_1,
    PATH,
    LazyChoice,
    OwnDataOptions,
    StatedUseOptions,
    argument,
    context_option,
    flag,
    group,
    item_limit_option,
    json_option,
    memory_limit_bytes,
    option,
    parsed,
    run_argument,
    threads_option,
    tui_option,
    use_option,
)

if TYPE_CHECKING:
    from weighin.engine.catalog.licenses import Purpose
    from weighin.engine.catalog.sort_keys import SortKey
    from weighin.engine.plan.model import KvType, LongPrompts, PromptStyle


def _export_formats() -> Iterable[str]:
    from weighin.engine.report.export import formats

    return tuple(each.name for each in formats())


@dataclass(frozen=True, kw_only=True)
class JsonOptions:
    as_json: bool = json_option()


# Commands on runs and data


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    limit: int | None = item_limit_option()
    tui: bool | None = option(
        "--tui/--no-tui", default=None, help="Show the run on a screen. Default: only on a terminal."
    )
    as_json: bool = json_option()


@dataclass(frozen=True, kw_only=True)
class BenchOptions:
    models: tuple[str, ...] = argument(nargs=-1, required=True, metavar="MODEL...")
    n_prompt: int = option("-p", "--n-prompt", type=AT_LEAST_1, metavar="N", default=512, help="Prompt tokens.")
    n_gen: int = option("-n", "--n-gen", type=AT_LEAST_1, metavar="N", default=128, help="Generated tokens.")
    repeats: int = option(
        "-r", "--repeats", type=AT_LEAST_1, metavar="N", default=5, help="Undisturbed repeats per model."
    )
    threads: int | None = threads_option()
    context: int = context_option(help="Context to allocate.", default=4096)
    as_json: bool = json_option()


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    plan: str | None = argument(required=False, type=PATH)
    models: tuple[str, ...] = option(
        "-m",
        "--model",
        multiple=True,
        metavar="MODEL",
        help="Model to compare; see `weighin pull --help` for its forms. Repeat for several.",
    )
    suites: tuple[str, ...] = option(
        "-s",
        "--suite",
        multiple=True,
        metavar="SUITE",
        help="Suite (see `weighin suites`) or task file of lm-evaluation-harness. Repeat for several.",
    )
    data: tuple[str, ...] = option(
        "-d",
        "--data",
        multiple=True,
        type=PATH,
        metavar="DATA",
        help="Your own data (see `weighin preview --help`), or SUITE=FOLDER for the data of a suite."
        " Repeat for several.",
    )
    own: OwnDataOptions = group(OwnDataOptions)
    limit: int | None = item_limit_option()
    consistency: int | None = option(
        "--consistency",
        type=AT_LEAST_0,
        metavar="N",
        help="Items per suite to ask again; 0 turns this off. Default: up to 50, fewer where answers are long.",
    )
    samples: int | None = option(
        "--samples", type=int, metavar="N", help="Sampled answers to each of these items, from 2 to 16. Default: 5."
    )
    temperature: float | None = option(
        "--temperature", type=float, metavar="T", help="Sampling temperature for these answers. Default: 0.7."
    )
    time_budget_s: float | None = option(
        "--time-budget",
        callback=parsed(parse_duration),
        metavar="DURATION",
        help="Wall time for the run, such as 90s, 15m or 2h.",
    )
    threads: int | None = threads_option()
    context: int | None = context_option(help="Context to allocate.")
    max_thinking_tokens: int | None = option(
        "--max-thinking-tokens",
        type=AT_LEAST_0,
        metavar="N",
        help="Tokens a reasoning model may think before each answer; 0: as many as the context holds. Default 2048.",
    )
    repeats: int | None = option("--repeats", type=AT_LEAST_1, metavar="N", help="Undisturbed speed repeats per model.")
    max_memory_bytes: int | None = option(
        "--max-memory",
        callback=parsed(memory_limit_bytes),
        metavar="SIZE",
        help="Rule out models that need more memory, such as 4G (GiB).",
    )
    min_speed: float | None = option(
        "--min-speed", type=click.FloatRange(0), metavar="RATE", help="Rule out models that generate fewer tokens/s."
    )
    max_ttft_s: float | None = option(
        "--max-ttft",
        callback=parsed(parse_duration),
        metavar="DURATION",
        help="Rule out models whose first token takes longer, such as 500ms.",
    )
    prompt_style: PromptStyle | None = option(
        "--prompt-style",
        type=click.Choice(["auto", "chat", "plain"]),
        help="Whether to use each model's chat template. Default: auto.",
    )
    long_prompts: LongPrompts | None = option(
        "--long-prompts",
        type=click.Choice(["raise-context", "count-wrong", "cut-start"]),
        help="What happens to prompts longer than the context. Default: raise-context, as far as the model was"
        " trained and memory allows.",
    )
    no_race: bool = flag("--no-race", help="Ask every model all items, even when it has clearly lost.")
    name: str | None = option("--name", metavar="TEXT", help="Name of the run.")
    save_plan: str | None = option(
        "--save-plan", type=PATH, metavar="FILE", help="Write the plan to this file and exit."
    )
    tui: bool = tui_option()
    as_json: bool = json_option()


@dataclass(frozen=True, kw_only=True)
class ResumeOptions:
    run_id: str = run_argument()
    retry_failed: bool = flag("--retry-failed", help="Try failed models again, for example after a crash.")
    tui: bool = tui_option()
    as_json: bool = json_option()


@dataclass(frozen=True, kw_only=True)
class ReplayOptions:
    run_id: str = run_argument()
    speed: float = option(
        "--speed", type=click.FloatRange(0), metavar="FACTOR", default=10.0, help="Playback speed; 0 jumps to the end."
    )


@dataclass(frozen=True, kw_only=True)
class ShowOptions:
    run_id: str = run_argument()
    answers: bool = flag("--answers", help="Show every answer, too.")
    as_json: bool = json_option()


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    run_id: str = run_argument()
    format: str = option(
        "--format",
        type=LazyChoice(_export_formats),
        default="json",
        help="Format to write; lm-eval is a folder, the others are one file.",
    )
    output: str = option("-o", "--output", type=PATH, metavar="PATH", required=True, help="File or folder to write.")


@dataclass(frozen=True, kw_only=True)
class PreviewOptions:
    data: str = argument(type=PATH)
    own: OwnDataOptions = group(OwnDataOptions)
    count: int = option(
        "-n", "--count", type=AT_LEAST_1, metavar="N", default=3, help="Number of rows and items to show."
    )
    as_json: bool = json_option()


# Commands on models and this machine


@dataclass(frozen=True, kw_only=True)
class ModelsOptions:
    names: tuple[str, ...] = argument(nargs=-1, metavar="[MODEL...]")
    filter: str = option("--filter", default="", metavar="WORDS", help="Only models that match all these words.")
    min_parameters: int | None = option(
        "--min-size", callback=parsed(parse_count), metavar="N", help="Minimum number of parameters, such as 1B."
    )
    max_parameters: int | None = option(
        "--max-size", callback=parsed(parse_count), metavar="N", help="Maximum number of parameters, such as 4B."
    )
    language: str = option(
        "--language", default="", metavar="CODE", help="Only models that list this language, such as de."
    )
    aptitude: str = option(
        "--aptitude", default="", metavar="NAME", help="Only models that are good at this, such as coding."
    )
    fits_bytes: int | None = option(
        "--fits",
        callback=parsed(memory_limit_bytes),
        metavar="SIZE",
        help="Only models whose weights and KV cache fit in this memory, such as 8G (GiB), each in its best quant.",
    )
    context: int = context_option(help="Context for the KV cache.", default=4096)
    use: Purpose | None = use_option(help="Only models whose license allows this use, with or without conditions.")
    unconditional: bool = flag("--unconditional", help="Only models whose license allows the use without conditions.")
    stated: StatedUseOptions = group(StatedUseOptions)
    sort: SortKey = option(
        "--sort", type=click.Choice(SORT_KEYS), default="name", help="Column to sort by, best first."
    )
    as_json: bool = json_option()


@dataclass(frozen=True, kw_only=True)
class LicenseOptions:
    model: str = argument()
    use: Purpose = use_option(default="commercial", help="What you will use the model for.")
    stated: StatedUseOptions = group(StatedUseOptions)
    as_json: bool = json_option()


@dataclass(frozen=True, kw_only=True)
class FitOptions:
    names: tuple[str, ...] = argument(nargs=-1, metavar="[MODEL...]")
    context: int = context_option(help="Context to allocate.", default=4096)
    quant: str = option("--quant", default=DEFAULT_QUANT, metavar="QUANT", help="Quant of catalog models.")
    kv_type: KvType = option(
        "--kv-type", type=click.Choice(["f16", "q8_0", "q4_0"]), default="f16", help="KV cache type."
    )
    refresh: bool = flag("--refresh", help="Measure again instead of using stored results.")
    as_json: bool = json_option()


@dataclass(frozen=True, kw_only=True)
class PullOptions:
    models: tuple[str, ...] = argument(nargs=-1, required=True, metavar="MODEL...")
    refresh: bool = flag("--refresh", help="Check the hub for newer versions of models that are on this machine.")
    now: bool = flag("--now", help="Do not wait for a run that is measuring.")
    as_json: bool = json_option()


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    words: tuple[str, ...] = argument(nargs=-1, required=True, metavar="WORD...")
    limit: int = option(
        "--limit", type=click.IntRange(1, 100), metavar="N", default=20, help="Maximum number of repositories."
    )
    as_json: bool = json_option()


@dataclass(frozen=True, kw_only=True)
class LocalOptions:
    folders: tuple[str, ...] = argument(nargs=-1, metavar="[FOLDER...]", type=PATH)
    as_json: bool = json_option()


@dataclass(frozen=True, kw_only=True)
class HardwareOptions:
    folder: str = option(
        "--folder",
        type=PATH,
        metavar="FOLDER",
        default=".",
        show_default=False,
        help="Folder for models; its free disk space is shown. Default: the current folder.",
    )
    no_bandwidth: bool = flag("--no-bandwidth", help="Skip measuring memory bandwidth, which takes a second.")
    as_json: bool = json_option()


# Commands on bundles


@dataclass(frozen=True, kw_only=True)
class BundleCreateOptions:
    plan: str = argument(type=PATH)
    to: str = option(
        "--to", required=True, type=PATH, metavar="FOLDER", help="Folder to write. An interrupted bundle is completed."
    )
    wheels: bool = flag("--wheels", help="Add the wheels that weighin needs, built for this system and Python version.")
    wheels_from: str | None = option(
        "--wheels-from",
        type=PATH,
        metavar="FOLDER",
        help="Add the wheels in this folder, for example for another system.",
    )
    as_json: bool = json_option()


@dataclass(frozen=True, kw_only=True)
class BundleVerifyOptions:
    folder: str = argument(type=PATH)
    as_json: bool = json_option()


@dataclass(frozen=True, kw_only=True)
class BundleImportOptions:
    folder: str = argument(type=PATH)
    to: str | None = option("--to", type=PATH, metavar="FOLDER", help="Copy the whole bundle to this folder.")
    in_place: bool = flag("--in-place", help="Copy nothing and use the bundle where it is.")
    as_json: bool = json_option()
