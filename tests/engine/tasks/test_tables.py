"""The tables in assets/tasks/tables, apart from what is made of them."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from weighin.engine.tasks.tables import Words, read_table


def test_a_table_with_another_shape_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError):
        read_table("names", dict[str, str])
    assert len(read_table("names", dict[str, Words])["months"]) == 12


def test_listing_suites_and_scorers_reads_no_table() -> None:
    program = (
        "import sys\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open' else None)\n"
        "from weighin.engine.tasks import opening, scorers, spec\n"
        "assert spec.suite_specs() and scorers.own_scorers()\n"
        "assert any('everyday-choice.toml' in path for path in opened)\n"
        "print([path for path in opened if 'tables' in path and path.endswith('.toml')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stderr, done.stdout.strip()) == ("", "[]")
