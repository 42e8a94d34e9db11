"""Commands on models: what there is, what a license allows, what runs here, and downloads."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from weighin.engine.catalog.sort_keys import SORT_KEYS
from weighin.engine.gguf.naming import DEFAULT_QUANT

from .options import (
    Command,
    FitOptions,
    LicenseOptions,
    LocalOptions,
    ModelsOptions,
    PullOptions,
    SearchOptions,
    json_option,
    purpose,
    stated_use_options,
    takes,
)

_MODEL_FORMS = (
    "MODEL is a GGUF file or a folder of them, OWNER/REPO, OWNER/REPO:QUANT, OWNER/REPO:FILE.gguf, a catalog name such"
    " as qwen3-1.7b or qwen3-1.7b:Q8_0, or ollama:NAME or lm-studio:NAME for a model of that program."
)


def _context(help_text: str) -> Callable[[Command], Command]:
    return click.option(
        "-c", "--context", type=click.IntRange(64), metavar="TOKENS", default=4096, show_default=True, help=help_text
    )


@click.command()
@click.argument("names", nargs=-1, metavar="[MODEL...]")
@click.option("--filter", default="", metavar="WORDS", help="Only models that match all these words.")
@click.option("--min-size", metavar="N", help="Minimum number of parameters, such as 1B.")
@click.option("--max-size", metavar="N", help="Maximum number of parameters, such as 4B.")
@click.option("--language", default="", metavar="CODE", help="Only models that list this language, such as de.")
@click.option("--aptitude", default="", metavar="NAME", help="Only models that are good at this, such as coding.")
@click.option(
    "--fits",
    metavar="SIZE",
    help="Only models whose weights and KV cache fit in this memory, such as 8G (GiB), each in its best quant.",
)
@_context("Context for the KV cache.")
@click.option("--use", type=purpose, help="Only models whose license allows this use, with or without conditions.")
@click.option("--unconditional", is_flag=True, help="Only models whose license allows the use without conditions.")
@stated_use_options
@click.option(
    "--sort", type=click.Choice(SORT_KEYS), default="name", show_default=True, help="Column to sort by, best first."
)
@json_option
@takes(ModelsOptions)
def models(options: ModelsOptions) -> None:
    """List the catalog of open-weight models, or compare some.

    MODEL... are compared side by side. Memory is estimated for Q4_K_M. Published scores are shown with their setup,
    separately from what was measured on this machine.
    """
    from .commands.catalog import show_models

    show_models(options)


@click.command()
@click.argument("names", nargs=-1, metavar="[MODEL...]")
@_context("Context to allocate.")
@click.option("--quant", default=DEFAULT_QUANT, show_default=True, metavar="QUANT", help="Quant of catalog models.")
@click.option(
    "--kv-type", type=click.Choice(["f16", "q8_0", "q4_0"]), default="f16", show_default=True, help="KV cache type."
)
@click.option("--refresh", is_flag=True, help="Measure again instead of using stored results.")
@json_option
@takes(FitOptions)
def fit(options: FitOptions) -> None:
    """Measure speed and memory of models before downloading them.

    MODEL is a catalog name, OWNER/REPO:QUANT or a file; the default is the whole catalog. Models that are not on this
    machine run as hollow files, which have the real shape and no weights.
    """
    from .commands.fit import show_fit

    sys.exit(show_fit(options))


@click.command("license")
@click.argument("model")
@click.option("--use", type=purpose, default="commercial", show_default=True, help="What you will use the model for.")
@stated_use_options
@json_option
@takes(LicenseOptions)
def license_command(options: LicenseOptions) -> None:
    """Show whether a model's license allows a use, with the clauses.

    MODEL is a catalog name, a license id, or a GGUF file, whose header and LICENSE file are read. This is not legal
    advice.
    """
    from .commands.catalog import show_license

    show_license(options)


@click.command(epilog=_MODEL_FORMS)
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("--refresh", is_flag=True, help="Check the hub for newer versions of models that are on this machine.")
@click.option("--now", is_flag=True, help="Do not wait for a run that is measuring.")
@json_option
@takes(PullOptions)
def pull(options: PullOptions) -> None:
    """Download models into the Hugging Face cache.

    Prints the path of each model. Interrupted downloads resume. Every file is checked against the hub's SHA-256, and
    its GGUF header is validated.
    """
    from .commands.pull import pull_models

    sys.exit(pull_models(options))


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="WORD...")
@click.option(
    "--limit",
    type=click.IntRange(1, 100),
    metavar="N",
    default=20,
    show_default=True,
    help="Maximum number of repositories.",
)
@json_option
@takes(SearchOptions)
def search(options: SearchOptions) -> None:
    """Search the hub for GGUF models, most downloaded first."""
    from .commands.pull import search_hub

    search_hub(options)


@click.command()
@click.argument("folders", nargs=-1, metavar="[FOLDER...]", type=click.Path())
@json_option
@takes(LocalOptions)
def local(options: LocalOptions) -> None:
    """List the models on this machine.

    Looks in FOLDER..., the Hugging Face cache and the stores of Ollama and LM Studio.
    """
    from .commands.pull import list_local

    list_local(options)
