"""Commands that carry a plan to a machine without a network."""

from __future__ import annotations

import click

from .options import BundleCreateOptions, BundleImportOptions, BundleVerifyOptions, json_option, takes


@click.group()
def bundle() -> None:
    """Carry a plan and its files to a machine without a network.

    A bundle is a folder with the plan, its models, data and license texts.
    """


@bundle.command("create")
@click.argument("plan", type=click.Path())
@click.option(
    "--to",
    required=True,
    type=click.Path(),
    metavar="FOLDER",
    help="Folder to write. An interrupted bundle is completed.",
)
@click.option(
    "--wheels", is_flag=True, help="Add the wheels that weighin needs, built for this system and Python version."
)
@click.option(
    "--wheels-from",
    type=click.Path(),
    metavar="FOLDER",
    help="Add the wheels in this folder, for example for another system.",
)
@json_option
@takes(BundleCreateOptions)
def bundle_create(options: BundleCreateOptions) -> None:
    """Write the models, data and licenses of PLAN to a folder.

    Models that are not on this machine are downloaded first.
    """
    from .commands.bundle import create

    create(options)


@bundle.command("verify")
@click.argument("folder", type=click.Path())
@json_option
@takes(BundleVerifyOptions)
def bundle_verify(options: BundleVerifyOptions) -> None:
    """Compare every byte of a bundle with its checksums.

    Opens no connection.
    """
    from .commands.bundle import verify

    verify(options)


@bundle.command("import")
@click.argument("folder", type=click.Path())
@click.option("--to", type=click.Path(), metavar="FOLDER", help="Copy the whole bundle to this folder.")
@click.option("--in-place", is_flag=True, help="Copy nothing and use the bundle where it is.")
@json_option
@takes(BundleImportOptions)
def bundle_import(options: BundleImportOptions) -> None:
    """Check a bundle and install its files.

    Models go into the Hugging Face cache, data into weighin's data folder. Opens no connection.
    """
    from .commands.bundle import import_

    import_(options)
