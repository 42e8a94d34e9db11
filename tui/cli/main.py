"""The ``weighin`` command: its subcommands with their help, its errors, and the wizard that it opens without one.

What the commands take is in ``options``; what they do is in ``commands``, which each command imports when it runs, so
that ``--help`` and the first frame are fast.
"""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import click

from weighin.engine.errors import WeighinError

from ..exit_codes import EXIT_BAD_INPUT, EXIT_CANCELLED
from .options import (
    BenchOptions,
    BundleCreateOptions,
    BundleImportOptions,
    BundleVerifyOptions,
    DemoOptions,
    ExportOptions,
    FitOptions,
    HardwareOptions,
    JsonOptions,
    LicenseOptions,
    LocalOptions,
    ModelsOptions,
    PreviewOptions,
    PullOptions,
    ReplayOptions,
    ResumeOptions,
    RunOptions,
    SearchOptions,
    ShowOptions,
)
from .parameters import takes
from .terminal import accept_any_text, is_interactive, print_warnings, require_terminal, say


class Group(click.Group):
    """Prints an error as one sentence on stderr and exits with code 2."""

    def make_context(self, *arguments: Any, **extra: Any) -> click.Context:
        """Parse the options before the command."""
        accept_any_text()
        print_warnings()
        try:
            return super().make_context(*arguments, **extra)
        except click.UsageError as error:
            _refuse_usage(error)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except WeighinError as error:
            say(f"weighin: {error}")
            sys.exit(EXIT_BAD_INPUT)
        except OSError as error:
            from weighin.engine.paths import own_folder

            place = own_folder(str(error.filename or ""))
            if place is None:
                raise
            say(f"weighin: {place} cannot be used: {error.strerror}. Set WEIGHIN_HOME to a folder you can write to.")
            sys.exit(EXIT_BAD_INPUT)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            _refuse_usage(error)
        except KeyboardInterrupt:
            say("\nweighin: cancelled. What was downloaded or written is kept; the same command resumes.")
            sys.exit(EXIT_CANCELLED)


def _refuse_usage(error: click.UsageError) -> NoReturn:
    command = error.ctx.command_path if error.ctx else "weighin"
    say(f"weighin: {error.format_message()} See `{command} --help`.")
    sys.exit(EXIT_BAD_INPUT)


@click.group(
    cls=Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 success, 1 no recommendation or a failed check, 2 invalid input, 130 cancelled.",
)
@click.version_option(package_name="weighin")
@click.pass_context
def main(context: click.Context) -> None:
    """Choose a small language model by measuring candidates on your machine, task and data.

    Run without a command on a terminal to open the wizard.
    """
    if context.invoked_subcommand is not None:
        return
    if is_interactive():
        from ..app.entry import run_wizard

        sys.exit(run_wizard())
    click.echo(context.get_help())


# Commands on runs and data


@main.command()
@takes(DemoOptions)
def demo(options: DemoOptions) -> None:
    """Compare a small sample model in four quants.

    Needs no network and takes less than 4 minutes on 2 cores.
    """
    from .commands.run import run_demo

    sys.exit(run_demo(options))


@main.command()
@takes(BenchOptions)
def bench(options: BenchOptions) -> None:
    """Measure speed and memory the way llama-bench does.

    Models that are not on this machine are downloaded first. See `weighin pull --help` for the forms of MODEL.
    """
    from .commands.run import run_bench

    sys.exit(run_bench(options))


@main.command()
@takes(RunOptions)
def run(options: RunOptions) -> None:
    """Compare models on suites or your own data and recommend one.

    Every model is measured under the same conditions. Options override the PLAN file. Models that are not on this
    machine are downloaded first.
    """
    from .commands.run import run_plan

    sys.exit(run_plan(options))


@main.command()
@takes(ResumeOptions)
def resume(options: ResumeOptions) -> None:
    """Resume a run that was cancelled or killed.

    RUN defaults to the newest run.
    """
    from .commands.run import resume_run

    sys.exit(resume_run(options))


@main.command()
@takes(ReplayOptions)
def replay(options: ReplayOptions) -> None:
    """Play a stored run on the live screen.

    RUN defaults to the newest run.
    """
    require_terminal("weighin replay", "Use `weighin show` for the verdict, or `weighin export` for all figures.")
    from weighin.engine import paths
    from weighin.engine.store.store import Store

    from ..app.entry import run_replay

    with Store.open(paths.store_path()) as store:
        row = store.find(options.run_id)
        title = f"{row.name} (replay)"
        sys.exit(run_replay(store.events(row.id), options.speed, title=title, plan=store.plan(row.id)))


@main.command()
def history() -> None:
    """Open the list of earlier runs on a screen.

    From there you can open, resume, rename, compare and delete them.
    """
    require_terminal("weighin history", "Use `weighin runs` for the list of runs.")
    from ..app.entry import run_history

    sys.exit(run_history())


@main.command("runs")
@takes(JsonOptions)
def list_runs(options: JsonOptions) -> None:
    """List the runs, newest first."""
    from .commands.query import list_runs

    list_runs(options)


@main.command()
@takes(ShowOptions)
def show(options: ShowOptions) -> None:
    """Show the verdict of a run.

    RUN defaults to the newest run. A run that is not finished has a verdict on its answers so far.
    """
    from .commands.query import show_run

    show_run(options)


@main.command()
@takes(ExportOptions)
def export(options: ExportOptions) -> None:
    """Write a run to a file for other tools.

    RUN defaults to the newest run.
    """
    from .commands.query import export_run

    export_run(options)


@main.command()
@takes(JsonOptions)
def suites(options: JsonOptions) -> None:
    """List the built-in suites."""
    from .commands.query import list_suites

    list_suites(options)


@main.command(
    epilog="DATA is a JSON, CSV, Excel or Parquet file, a folder of them, or OWNER/NAME:PATTERN for the files of a data"
    " set on the hub, such as owner/name:data/test-*.parquet or owner/name@REVISION:data/test-*.parquet."
)
@takes(PreviewOptions)
def preview(options: PreviewOptions) -> None:
    """Show how your own data is read and asked.

    Prints bad rows and the first items as `weighin run` asks them with the same options. Exits with code 2 when a row
    is bad.
    """
    from .commands.query import show_preview

    sys.exit(show_preview(options))


# Commands on models and this machine


@main.command()
@takes(ModelsOptions)
def models(options: ModelsOptions) -> None:
    """List the catalog of open-weight models, or compare some.

    MODEL... are compared side by side. Memory is estimated for Q4_K_M. Published scores are shown with their setup,
    separately from what was measured on this machine.
    """
    from .commands.catalog import show_models

    show_models(options)


@main.command()
@takes(FitOptions)
def fit(options: FitOptions) -> None:
    """Measure speed and memory of models before downloading them.

    MODEL is a catalog name, OWNER/REPO:QUANT or a file; the default is the whole catalog. Models that are not on this
    machine run as hollow files, which have the real shape and no weights.
    """
    from .commands.fit import show_fit

    sys.exit(show_fit(options))


@main.command("license")
@takes(LicenseOptions)
def license_command(options: LicenseOptions) -> None:
    """Show whether a model's license allows a use, with the clauses.

    MODEL is a catalog name, a license id, or a GGUF file, whose header and LICENSE file are read. This is not legal
    advice.
    """
    from .commands.catalog import show_license

    show_license(options)


@main.command(
    epilog="MODEL is a GGUF file or a folder of them, OWNER/REPO, OWNER/REPO:QUANT, OWNER/REPO:FILE.gguf, a catalog"
    " name such as qwen3-1.7b or qwen3-1.7b:Q8_0, or ollama:NAME or lm-studio:NAME for a model of that program."
)
@takes(PullOptions)
def pull(options: PullOptions) -> None:
    """Download models into the Hugging Face cache.

    Prints the path of each model. Interrupted downloads resume. Every file is checked against the hub's SHA-256, and
    its GGUF header is validated.
    """
    from .commands.pull import pull_models

    sys.exit(pull_models(options))


@main.command()
@takes(SearchOptions)
def search(options: SearchOptions) -> None:
    """Search the hub for GGUF models, most downloaded first."""
    from .commands.pull import search_hub

    search_hub(options)


@main.command()
@takes(LocalOptions)
def local(options: LocalOptions) -> None:
    """List the models on this machine.

    Looks in FOLDER..., the Hugging Face cache and the stores of Ollama and LM Studio.
    """
    from .commands.pull import list_local

    list_local(options)


@main.command()
@takes(HardwareOptions)
def hardware(options: HardwareOptions) -> None:
    """Show the hardware that models can use."""
    from .commands.query import show_hardware

    show_hardware(options)


@main.command()
@takes(JsonOptions)
def doctor(options: JsonOptions) -> None:
    """Check that weighin works on this machine."""
    from .commands.doctor import check_up

    sys.exit(check_up(options))


# Commands on bundles


@main.group()
def bundle() -> None:
    """Carry a plan and its files to a machine without a network.

    A bundle is a folder with the plan, its models, data and license texts.
    """


@bundle.command("create")
@takes(BundleCreateOptions)
def bundle_create(options: BundleCreateOptions) -> None:
    """Write the models, data and licenses of PLAN to a folder.

    Models that are not on this machine are downloaded first.
    """
    from .commands.bundle import create

    create(options)


@bundle.command("verify")
@takes(BundleVerifyOptions)
def bundle_verify(options: BundleVerifyOptions) -> None:
    """Compare every byte of a bundle with its checksums.

    Opens no connection.
    """
    from .commands.bundle import verify

    verify(options)


@bundle.command("import")
@takes(BundleImportOptions)
def bundle_import(options: BundleImportOptions) -> None:
    """Check a bundle and install its files.

    Models go into the Hugging Face cache, data into weighin's data folder. Opens no connection.
    """
    from .commands.bundle import import_

    import_(options)


if __name__ == "__main__":
    main()
