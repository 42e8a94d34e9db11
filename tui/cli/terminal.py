"""The terminal that the commands write to: whether there is one, how wide it is, and its changing last line."""

from __future__ import annotations

import io
import logging
import shutil
import sys

import click

from weighin.engine.errors import WeighinError
from weighin.engine.visible import visible_lines

from ..formatting import cut

_CLEAR_LINE = "\r\x1b[K"


def is_interactive() -> bool:
    """Whether a person can type and see the output: stdin, stdout and stderr are all a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()


def require_terminal(command: str, instead: str) -> None:
    """Check that a screen can be shown, because one that is drawn into a file or a pipe never ends.

    Raises:
        WeighinError: it cannot; ``instead`` is what works without one.
    """
    if not is_interactive():
        raise WeighinError(f"`{command}` opens a screen, and this is not a terminal.", hint=instead)


def table_width(maximum: int = 120) -> int:
    """Columns for a table on stdout: 100 without a terminal, up to ``maximum`` with one."""
    return min(shutil.get_terminal_size((100, 24)).columns, maximum)


def accept_any_text() -> None:
    """Let the output streams replace what their encoding lacks, such as ▶ on a Windows console, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


class _Said(logging.Handler):
    """Prints what the engine warns of on stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        say(f"weighin: {record.getMessage()}")


def print_warnings() -> None:
    """Print what the engine warns of, such as a token that the hub rejects, from now on."""
    log = logging.getLogger("weighin")
    if not any(isinstance(handler, _Said) for handler in log.handlers):
        log.addHandler(_Said())


def out(text: str = "") -> None:
    """Print a line or several on stdout, which is for data. What others wrote in it cannot control the terminal."""
    click.echo(visible_lines(text))


def say(text: str) -> None:
    """Print a line on stderr, which is for people; stdout is for data."""
    click.echo(visible_lines(text), err=True)


class StatusLine:
    """The last line of stderr, rewritten in place. Does nothing when stderr is not a terminal."""

    def __init__(self) -> None:
        self.visible = sys.stderr.isatty()

    def show(self, text: str) -> None:
        """Replace the line, cut to the width of the terminal."""
        if self.visible:
            sys.stderr.write(_CLEAR_LINE + cut(text, shutil.get_terminal_size().columns - 1))
            sys.stderr.flush()

    def clear(self) -> None:
        """Remove the line."""
        if self.visible:
            sys.stderr.write(_CLEAR_LINE)
            sys.stderr.flush()

    def say(self, text: str) -> None:
        """Print a line that stays, above the changing one."""
        self.clear()
        say(text)
