"""Commands that measure models, and commands on the runs that they store."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from .options import (
    BenchOptions,
    DemoOptions,
    ExportOptions,
    LazyChoice,
    ReplayOptions,
    ResumeOptions,
    RunOptions,
    ShowOptions,
    json_option,
    own_data_options,
    run_argument,
    takes,
    tui_option,
)


def _export_formats() -> Iterable[str]:
    from weighin.engine.report.export import formats

    return tuple(each.name for each in formats())


@click.command()
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Maximum number of items per suite.")
@click.option("--tui/--no-tui", default=None, help="Show the run on a screen. Default: only on a terminal.")
@json_option
@takes(DemoOptions)
def demo(options: DemoOptions) -> None:
    """Compare a small sample model in four quants.

    Needs no network and takes less than 4 minutes on 2 cores.
    """
    from .commands.run import run_demo

    sys.exit(run_demo(options))


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option(
    "-p", "--n-prompt", type=click.IntRange(1), metavar="N", default=512, show_default=True, help="Prompt tokens."
)
@click.option(
    "-n", "--n-gen", type=click.IntRange(1), metavar="N", default=128, show_default=True, help="Generated tokens."
)
@click.option(
    "-r",
    "--repeats",
    type=click.IntRange(1),
    metavar="N",
    default=5,
    show_default=True,
    help="Undisturbed repeats per model.",
)
@click.option("-t", "--threads", type=click.IntRange(1), metavar="N", help="Threads. Default: one per physical core.")
@click.option(
    "-c",
    "--context",
    type=click.IntRange(64),
    metavar="TOKENS",
    default=4096,
    show_default=True,
    help="Context to allocate.",
)
@json_option
@takes(BenchOptions)
def bench(options: BenchOptions) -> None:
    """Measure speed and memory the way llama-bench does.

    Models that are not on this machine are downloaded first. See `weighin pull --help` for the forms of MODEL.
    """
    from .commands.run import run_bench

    sys.exit(run_bench(options))


@click.command()
@click.argument("plan", required=False, type=click.Path())
@click.option(
    "-m",
    "--model",
    "models",
    multiple=True,
    metavar="MODEL",
    help="Model to compare; see `weighin pull --help` for its forms. Repeat for several.",
)
@click.option(
    "-s",
    "--suite",
    "suites",
    multiple=True,
    metavar="SUITE",
    help="Suite (see `weighin suites`) or task file of lm-evaluation-harness. Repeat for several.",
)
@click.option(
    "-d",
    "--data",
    multiple=True,
    type=click.Path(),
    metavar="DATA",
    help="Your own data (see `weighin preview --help`), or SUITE=FOLDER for the data of a suite. Repeat for several.",
)
@own_data_options
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Maximum number of items per suite.")
@click.option(
    "--consistency",
    type=click.IntRange(0),
    metavar="N",
    help="Items per suite to ask again; 0 turns this off. Default: up to 50, fewer where answers are long.",
)
@click.option(
    "--samples", type=int, metavar="N", help="Sampled answers to each of these items, from 2 to 16. Default: 5."
)
@click.option("--temperature", type=float, metavar="T", help="Sampling temperature for these answers. Default: 0.7.")
@click.option("--time-budget", metavar="DURATION", help="Wall time for the run, such as 90s, 15m or 2h.")
@click.option("-t", "--threads", type=click.IntRange(1), metavar="N", help="Threads. Default: one per physical core.")
@click.option("-c", "--context", type=click.IntRange(64), metavar="TOKENS", help="Context to allocate.")
@click.option("--repeats", type=click.IntRange(1), metavar="N", help="Undisturbed speed repeats per model.")
@click.option("--max-memory", metavar="SIZE", help="Rule out models that need more memory, such as 4G (GiB).")
@click.option(
    "--min-speed", type=click.FloatRange(0), metavar="RATE", help="Rule out models that generate fewer tokens/s."
)
@click.option("--max-ttft", metavar="DURATION", help="Rule out models whose first token takes longer, such as 500ms.")
@click.option(
    "--prompt-style",
    type=click.Choice(["auto", "chat", "plain"]),
    help="Whether to use each model's chat template. Default: auto.",
)
@click.option("--no-race", is_flag=True, help="Ask every model all items, even when it has clearly lost.")
@click.option("--name", metavar="TEXT", help="Name of the run.")
@click.option("--save-plan", type=click.Path(), metavar="FILE", help="Write the plan to this file and exit.")
@tui_option
@json_option
@takes(RunOptions)
def run(options: RunOptions) -> None:
    """Compare models on suites or your own data and recommend one.

    Every model is measured under the same conditions. Options override the PLAN file. Models that are not on this
    machine are downloaded first.
    """
    from .commands.run import run_plan

    sys.exit(run_plan(options))


@click.command()
@run_argument
@tui_option
@json_option
@takes(ResumeOptions)
def resume(options: ResumeOptions) -> None:
    """Resume a run that was cancelled or killed.

    RUN defaults to the newest run.
    """
    from .commands.run import resume_run

    sys.exit(resume_run(options))


@click.command()
@run_argument
@click.option(
    "--speed",
    type=click.FloatRange(0),
    metavar="FACTOR",
    default=10.0,
    show_default=True,
    help="Playback speed; 0 jumps to the end.",
)
@takes(ReplayOptions)
def replay(options: ReplayOptions) -> None:
    """Play a stored run on the live screen.

    RUN defaults to the newest run.
    """
    from .commands.screens import replay_run

    sys.exit(replay_run(options))


@click.command()
def history() -> None:
    """Open the list of earlier runs on a screen.

    From there you can open, resume, rename, compare and delete them.
    """
    from .commands.screens import show_history

    sys.exit(show_history())


@click.command("runs")
@json_option
def list_runs(as_json: bool) -> None:
    """List the runs, newest first."""
    from .commands.query import list_runs

    list_runs(as_json=as_json)


@click.command()
@run_argument
@click.option("--answers", is_flag=True, help="Show every answer, too.")
@json_option
@takes(ShowOptions)
def show(options: ShowOptions) -> None:
    """Show the verdict of a run.

    RUN defaults to the newest run. A run that is not finished has a verdict on its answers so far.
    """
    from .commands.query import show_run

    show_run(options)


@click.command()
@run_argument
@click.option(
    "--format",
    type=LazyChoice(_export_formats),
    default="json",
    show_default=True,
    help="Format to write; lm-eval is a folder, the others are one file.",
)
@click.option("-o", "--output", type=click.Path(), metavar="PATH", required=True, help="File or folder to write.")
@takes(ExportOptions)
def export(options: ExportOptions) -> None:
    """Write a run to a file for other tools.

    RUN defaults to the newest run.
    """
    from .commands.query import export_run

    export_run(options)
