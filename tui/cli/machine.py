"""Commands on this machine: its hardware, and whether weighin works on it."""

from __future__ import annotations

import sys

import click

from .options import HardwareOptions, json_option, takes


@click.command()
@click.option(
    "--folder",
    type=click.Path(),
    metavar="FOLDER",
    default=".",
    help="Folder for models; its free disk space is shown. Default: the current folder.",
)
@click.option("--no-bandwidth", is_flag=True, help="Skip measuring memory bandwidth, which takes a second.")
@json_option
@takes(HardwareOptions)
def hardware(options: HardwareOptions) -> None:
    """Show the hardware that models can use."""
    from .commands.query import show_hardware

    show_hardware(options)


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Check that weighin works on this machine."""
    from .commands.doctor import check_up

    sys.exit(check_up(as_json=as_json))
