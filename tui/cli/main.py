"""The command line. Nothing slow is imported here: every command imports what it does when it does it.

Exit codes: 0 done; 1 the run ended without a recommendation; 2 something about the input is wrong, said in one
sentence; 130 cancelled, to go on with ``weighin resume`` or the same command.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from weighin.engine.catalog.sort_keys import SORT_KEYS
from weighin.engine.errors import WeighinError
from weighin.engine.gguf.naming import DEFAULT_QUANT

from ..exit_codes import EXIT_BAD_INPUT, EXIT_CANCELLED
from .options import DATA_FORMS, consistency_options, own_data_options, stated_use_options

if TYPE_CHECKING:
    from weighin.engine.plan.model import KvType


_MODEL_FORMS = (
    "MODEL is a GGUF file or a folder of them, OWNER/REPO:Q4_K_M, OWNER/REPO:FILE.gguf, OWNER/REPO,"
    " a catalog name such as qwen3-1.7b or qwen3-1.7b:Q8_0, or ollama:NAME."
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Machine-readable: JSON on stdout.")


class Group(click.Group):
    """Turns our errors into one sentence on stderr and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except WeighinError as error:
            click.echo(f"weighin: {error}", err=True)
            sys.exit(EXIT_BAD_INPUT)
        except KeyboardInterrupt:
            click.echo("\nweighin: cancelled. What came or was written is kept; the same command goes on.", err=True)
            sys.exit(EXIT_CANCELLED)


@click.group(
    cls=Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 no model can be recommended, 2 bad input, 130 cancelled (weighin resume goes on).",
)
@click.version_option(package_name="weighin")
@click.pass_context
def main(context: click.Context) -> None:
    """Choose a small language model by measuring the candidates on your machine, task and data.

    Without a command, on a terminal, a wizard asks what you need.
    """
    if context.invoked_subcommand is not None:
        return
    if sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty():
        from .commands.screens import start_wizard

        sys.exit(start_wizard())
    click.echo(context.get_help())


@main.command()
@_JSON
@click.option("--limit", type=click.IntRange(1), help="Items a suite at the most.")
@click.option("--tui/--no-tui", default=None, help="On a screen or not; by default on a terminal only.")
def demo(as_json: bool, limit: int | None, tui: bool | None) -> None:
    """Compare a small sample model in four quantisations. No network, under 4 minutes on 2 cores."""
    from .commands.run import run_demo

    sys.exit(run_demo(as_json=as_json, limit=limit, screen=tui))


@main.command()
@_JSON
@click.option("--folder", type=click.Path(), default=".", help="Folder for models, to tell the free disk space.")
@click.option("--no-bandwidth", is_flag=True, help="Do not measure memory bandwidth (takes a second).")
def hardware(as_json: bool, folder: str, no_bandwidth: bool) -> None:
    """Show what this machine has for running models."""
    from .commands.query import show_hardware

    show_hardware(as_json=as_json, folder=folder, with_bandwidth=not no_bandwidth)


@main.command()
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("-p", "--n-prompt", type=click.IntRange(1), default=512, show_default=True, help="Prompt tokens.")
@click.option("-n", "--n-gen", type=click.IntRange(1), default=128, show_default=True, help="Generated tokens.")
@click.option("-r", "--repeats", type=click.IntRange(1), default=5, show_default=True, help="Clean repeats each.")
@click.option("-t", "--threads", type=click.IntRange(1), help="Default: one a physical core.")
@click.option("-c", "--context", type=click.IntRange(64), default=4096, show_default=True, help="Context to allocate.")
@_JSON
def bench(
    models: tuple[str, ...], n_prompt: int, n_gen: int, repeats: int, threads: int | None, context: int, as_json: bool
) -> None:
    """Measure speed and memory of MODEL..., as llama-bench does. What is not here is downloaded first."""
    from .commands.pull import bring
    from .commands.run import run_bench

    sys.exit(
        run_bench(
            bring(models),
            n_prompt=n_prompt,
            n_generate=n_gen,
            repeats=repeats,
            n_threads=threads or 0,
            n_ctx=context,
            as_json=as_json,
        )
    )


@main.command()
@click.argument("plan", required=False, type=click.Path())
@click.option(
    "-m", "--model", "models", multiple=True, help="A file, folder, OWNER/REPO:QUANT or catalog name; repeat."
)
@click.option(
    "-s", "--suite", "suites", multiple=True, help="A suite (`weighin suites`), or lm-eval's TASK.yaml; repeat."
)
@click.option(
    "-d", "--data", multiple=True, type=click.Path(), help="Your own data (`weighin preview -h`), or SUITE=FOLDER."
)
@own_data_options
@consistency_options
@click.option("--limit", type=click.IntRange(1), help="Items a suite at the most.")
@click.option("--time-budget", help="Wall time for the run, such as 90s, 15m or 2h.")
@click.option("-t", "--threads", type=click.IntRange(1), help="Default: one a physical core.")
@click.option("-c", "--context", type=click.IntRange(64), help="Context to allocate, in tokens.")
@click.option("--repeats", type=click.IntRange(1), help="Clean speed repeats each.")
@click.option("--max-memory", help="Rule out what needs more, such as 4G.")
@click.option("--min-speed", type=click.FloatRange(0), help="Rule out what generates fewer tokens a second.")
@click.option("--max-ttft", help="Rule out what takes longer to its first token, such as 500ms.")
@click.option("--prompt-style", type=click.Choice(["auto", "chat", "plain"]), help="Use the models' chat templates?")
@click.option("--no-race", is_flag=True, help="Ask everybody all items; by default clear losers stop early.")
@click.option("--name", help="What to call the run.")
@click.option("--save-plan", type=click.Path(), help="Write the plan to this file and do not run it.")
@click.option("--tui", is_flag=True, help="Watch it on a screen.")
@_JSON
def run(as_json: bool, **options: Any) -> None:
    """Compare models on suites or your own data, on equal terms, and say which to take.

    Models that are not here are downloaded first.
    """
    from weighin.engine.prepare.inputs import Inputs

    from .commands.pull import bring
    from .commands.run import check_data, run_plan

    inputs = Inputs()
    check_data(options, inputs)
    options["models"] = bring(options["models"])
    sys.exit(run_plan(options, inputs, as_json=as_json))


@main.command()
@click.argument("run_id", default="", metavar="[RUN]")
@click.option("--tui", is_flag=True, help="Watch it on a screen.")
@_JSON
def resume(run_id: str, tui: bool, as_json: bool) -> None:
    """Go on with a run that was cancelled or killed; the newest when RUN is left out."""
    from .commands.run import resume_run

    sys.exit(resume_run(run_id, as_json=as_json, screen=tui))


@main.command()
@click.argument("run_id", default="", metavar="[RUN]")
@click.option("--speed", type=click.FloatRange(0), default=10.0, show_default=True, help="Times as fast; 0: the end.")
def replay(run_id: str, speed: float) -> None:
    """Play a stored run through the live screen."""
    from .commands.screens import replay_run

    sys.exit(replay_run(run_id, speed=speed))


@main.command()
def history() -> None:
    """Open, resume, rename, compare or delete earlier runs, on a screen."""
    from .commands.screens import show_history

    sys.exit(show_history())


@main.command()
@_JSON
def runs(as_json: bool) -> None:
    """List the runs."""
    from .commands.query import list_runs

    list_runs(as_json=as_json)


@main.command()
@click.argument("run_id", default="", metavar="[RUN]")
@click.option("--answers", is_flag=True, help="Every answer too.")
@_JSON
def show(run_id: str, answers: bool, as_json: bool) -> None:
    """Show the verdict of a run so far; the newest when RUN is left out."""
    from .commands.query import show_run

    show_run(run_id, answers=answers, as_json=as_json)


@main.command()
@_JSON
def suites(as_json: bool) -> None:
    """List the built-in suites."""
    from .commands.query import list_suites

    list_suites(as_json=as_json)


@main.command(epilog=DATA_FORMS)
@click.argument("data", type=click.Path())
@own_data_options
@click.option("-n", "--count", type=click.IntRange(1), default=3, show_default=True, help="Rows and items to show.")
@_JSON
def preview(data: str, count: int, as_json: bool, **options: Any) -> None:
    """Show how DATA of your own is read, what is wrong in it, and its first items as they will be asked.

    Takes the options that `weighin run` takes for it. Exit code 2 when a row is bad.
    """
    from .commands.preview import show_preview

    sys.exit(show_preview(data, options, count=count, as_json=as_json))


@main.command()
@click.argument("run_id", default="", metavar="[RUN]")
@click.option(
    "--format",
    "fmt",
    default="json",
    show_default=True,
    help="json, json-answers, markdown, lm-eval (a folder), answers-csv, rankings-csv or groups-csv.",
)
@click.option("-o", "--output", type=click.Path(), required=True, help="File or folder to write.")
def export(run_id: str, fmt: str, output: str) -> None:
    """Write a run to a file that other tools read."""
    from .commands.query import export_run

    export_run(run_id, fmt=fmt, output=output)


_PURPOSE = click.Choice(["commercial", "internal", "research"])


@main.command()
@click.argument("names", nargs=-1, metavar="[MODEL...]")
@click.option("--compare", is_flag=True, help="MODEL... side by side, which naming them does already.")
@click.option("--filter", "words", default="", help="Only models that match all these words.")
@click.option("--min-size", help="Parameters at least, such as 1B.")
@click.option("--max-size", help="Parameters at most, such as 4B.")
@click.option("--language", default="", help="A language they list, such as de.")
@click.option("--aptitude", default="", help="What they are good at, such as coding.")
@click.option("--fits", help="GB that weights and KV cache may take; the best quant within is shown.")
@click.option("-c", "--context", type=click.IntRange(64), default=4096, show_default=True, help="For the KV cache.")
@click.option("--use", type=_PURPOSE, help="Only licenses that allow this, with conditions or without.")
@click.option("--unconditional", is_flag=True, help="Only licenses that allow it without conditions.")
@stated_use_options
@click.option("--sort", type=click.Choice(SORT_KEYS), default="name", show_default=True)
@_JSON
def models(names: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """List the catalog of open-weight models, or compare MODEL... side by side.

    Published figures come with their set-up; what was measured here stands apart. Memory is estimated for Q4_K_M.
    """
    from .commands.catalog import show_models

    show_models(names, options, as_json=as_json)


@main.command()
@click.argument("names", nargs=-1, metavar="[MODEL...]")
@click.option("-c", "--context", type=click.IntRange(64), default=4096, show_default=True, help="Context to allocate.")
@click.option("--quant", default=DEFAULT_QUANT, show_default=True, help="Quant of catalog models.")
@click.option("--kv-type", type=click.Choice(["f16", "q8_0", "q4_0"]), default="f16", show_default=True)
@click.option("--refresh", is_flag=True, help="Measure again what was measured before.")
@_JSON
def fit(names: tuple[str, ...], context: int, quant: str, kv_type: KvType, refresh: bool, as_json: bool) -> None:
    """Measure speed and memory of MODEL... without downloading it: catalog names, OWNER/REPO:QUANT, or files.

    Catalog models run as hollow files: the real shape without the weights. Nothing named means the whole catalog.
    """
    from .commands.fit import show_fit

    sys.exit(show_fit(names, n_ctx=context, quant=quant, refresh=refresh, as_json=as_json, kv_type=kv_type))


@main.command("license")
@click.argument("model")
@click.option("--use", type=_PURPOSE, default="commercial", show_default=True)
@stated_use_options
@_JSON
def license_command(model: str, as_json: bool, **options: Any) -> None:
    """Say whether MODEL's license allows a use, with the clauses. No legal advice.

    MODEL is a name in the catalog, a GGUF file (its header and the LICENSE beside it are read), or a license's id.
    """
    from .commands.catalog import show_license

    show_license(model, options, as_json=as_json)


@main.command(epilog=_MODEL_FORMS)
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("--refresh", is_flag=True, help="Ask the hub for a newer version of what is here.")
@click.option("--now", is_flag=True, help="Do not wait for a run that is measuring.")
@_JSON
def pull(models: tuple[str, ...], refresh: bool, now: bool, as_json: bool) -> None:
    """Download MODEL... into the Hugging Face cache, resumable and checked; prints where each is.

    Every file is held against the hub's SHA-256 and its GGUF header is read before it is said to be good.
    """
    from .commands.pull import pull_models

    sys.exit(pull_models(models, newest=refresh, now=now, as_json=as_json))


@main.command()
@click.argument("words", nargs=-1, required=True, metavar="WORDS...")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="Repositories at the most.")
@_JSON
def search(words: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Search the hub for repositories with GGUF files, the most downloaded first."""
    from .commands.pull import search_hub

    search_hub(" ".join(words), limit=limit, as_json=as_json)


@main.command()
@click.argument("folders", nargs=-1, metavar="[FOLDER...]", type=click.Path())
@_JSON
def local(folders: tuple[str, ...], as_json: bool) -> None:
    """List the models on this machine: FOLDER..., the hub's cache, Ollama's and LM Studio's stores."""
    from .commands.pull import list_local

    list_local(folders, as_json=as_json)


@main.group()
def bundle() -> None:
    """Carry a plan with its models, data and licenses to a machine without a network."""


@bundle.command("create")
@click.argument("plan", type=click.Path())
@click.option("--to", required=True, type=click.Path(), help="Folder to write; an interrupted one goes on.")
@click.option("--wheels", is_flag=True, help="Build and add the wheels that weighin needs, for this system and Python.")
@click.option("--wheels-from", type=click.Path(), help="Add the wheels of this folder instead.")
@_JSON
def bundle_create(plan: str, to: str, wheels: bool, wheels_from: str | None, as_json: bool) -> None:
    """Write everything that PLAN needs to a folder. Models that are not here are downloaded first."""
    from .commands.bundle import create

    create(plan, to, wheels=wheels, wheels_from=wheels_from, as_json=as_json)


@bundle.command("verify")
@click.argument("folder", type=click.Path())
@_JSON
def bundle_verify(folder: str, as_json: bool) -> None:
    """Read every byte of a bundle and compare it with its checksums. Opens no connection."""
    from .commands.bundle import verify

    verify(folder, as_json=as_json)


@bundle.command("import")
@click.argument("folder", type=click.Path())
@click.option("--to", type=click.Path(), help="Copy the bundle as it is to this folder.")
@click.option("--in-place", is_flag=True, help="Copy nothing: run it from where it is.")
@_JSON
def bundle_import(folder: str, to: str | None, in_place: bool, as_json: bool) -> None:
    """Check a bundle and put its files where weighin finds them. Opens no connection."""
    from .commands.bundle import import_

    import_(folder, to=to, in_place=in_place, as_json=as_json)


@main.command()
@_JSON
def doctor(as_json: bool) -> None:
    """Check that everything weighin needs works here."""
    from .commands.doctor import check_up

    sys.exit(check_up(as_json=as_json))


if __name__ == "__main__":
    main()
