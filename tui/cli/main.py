"""The ``weighin`` command: its group, its errors, and the wizard that it opens without a subcommand.

What the commands take and say is in ``runs``, ``models``, ``data``, ``bundles`` and ``machine``; what they do is in
``commands``, which each command imports when it runs, so that ``--help`` and the first frame are fast.
"""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import click

from weighin.engine.errors import WeighinError

from ..exit_codes import EXIT_BAD_INPUT, EXIT_CANCELLED
from . import bundles, data, machine, models, runs
from .terminal import is_interactive, say


class Group(click.Group):
    """Prints an error as one sentence on stderr and exits with code 2."""

    def make_context(self, *arguments: Any, **extra: Any) -> click.Context:
        """Parse the options before the command."""
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
        from .commands.screens import start_wizard

        sys.exit(start_wizard())
    click.echo(context.get_help())


for command in (
    runs.demo,
    runs.run,
    runs.bench,
    runs.resume,
    runs.replay,
    runs.history,
    runs.list_runs,
    runs.show,
    runs.export,
    data.suites,
    data.preview,
    models.models,
    models.fit,
    models.license_command,
    models.pull,
    models.search,
    models.local,
    bundles.bundle,
    machine.hardware,
    machine.doctor,
):
    main.add_command(command)


if __name__ == "__main__":
    main()
