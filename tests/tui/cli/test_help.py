"""The help texts: short enough for a terminal of 80 columns, and fast."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from fixtures.command_line import call

from weighin.tui.cli.main import main


@pytest.mark.parametrize("group", [(), ("bundle",)])
def test_no_summary_is_cut_off_at_80_columns(group: tuple[str, ...]) -> None:
    text = call(*group, "--help", width=80).stdout
    assert "..." not in text.partition("Commands:")[2]


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_has_help_that_starts_with_a_sentence(command: str) -> None:
    text = call(command, "--help", width=80).stdout
    first = text.split("\n\n")[1].strip()
    assert first.endswith(".")
    assert first.count(". ") == 0


def test_choices_are_the_ones_of_the_engine() -> None:
    from weighin.engine.catalog.sort_keys import SORT_KEYS
    from weighin.engine.report.export import formats

    def choices(command: click.Command, option: str) -> tuple[str, ...]:
        (kind,) = (parameter.type for parameter in command.params if parameter.name == option)
        assert isinstance(kind, click.Choice)
        return tuple(kind.choices)

    assert choices(main.commands["export"], "format") == tuple(each.name for each in formats())
    assert choices(main.commands["models"], "sort") == SORT_KEYS


def test_help_imports_nothing_slow() -> None:
    program = (
        "import sys\nfrom weighin.tui.cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "slow = {'llama_cpp', 'textual', 'scipy', 'numpy', 'huggingface_hub', 'gguf', 'jinja2', 'msgspec', 'asyncio'}\n"
        "slow &= set(sys.modules)\n"
        "sys.exit(f'imported: {slow}' if slow else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
