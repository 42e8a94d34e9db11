"""Every command gets exactly what its click parameters parse; sizes mean the same in every option."""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from fixtures.command_line import call, refusal

from weighin.engine.plan.files import read_plan
from weighin.tui.cli import options
from weighin.tui.cli.main import main


def commands(group: click.Group) -> Iterator[click.Command]:
    for command in group.commands.values():
        if isinstance(command, click.Group):
            yield from commands(command)
        else:
            yield command


def fields(command: click.Command) -> set[str]:
    """What the command's function takes: the fields of its options, or its parameters when it has no options."""
    assert command.callback is not None
    parameters = inspect.signature(inspect.unwrap(command.callback)).parameters
    if "options" not in parameters:
        return set(parameters)
    return {field.name for field in dataclasses.fields(getattr(options, parameters["options"].annotation))}


@pytest.mark.parametrize("command", commands(main), ids=lambda command: command.name)
def test_the_parameters_of_a_command_are_the_fields_of_its_options(command: click.Command) -> None:
    assert {parameter.name for parameter in command.params} == fields(command)


def test_options_cannot_be_changed() -> None:
    taken = options.ReplayOptions(run_id="", speed=1.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        taken.speed = 2.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [("4G", 4 * 2**30), ("4 GiB", 4 * 2**30), ("4GB", 4 * 10**9), ("512M", 2**29), ("4", 2**32), ("4294967296", 2**32)],
)
def test_max_memory_reads_sizes(tmp_path: Path, text: str, size_bytes: int) -> None:
    plan = tmp_path / "plan.toml"
    assert call("run", "--max-memory", text, "--save-plan", str(plan)).exit_code == 0
    assert read_plan(plan).limits.max_memory_bytes == size_bytes


@pytest.mark.parametrize("text", ["4G", "4 GiB", "4", "4294967296"])
def test_fits_means_the_same_sizes_as_max_memory(text: str) -> None:
    rows = json.loads(call("models", "--fits", text, "--json").stdout)
    largest_bytes = max(row["estimated"]["memory_bytes"] for row in rows)
    assert 4 * 10**9 < largest_bytes <= 4 * 2**30  # some quant of some model is between 4 GB and 4 GiB


def test_a_size_or_duration_that_cannot_be_read_is_refused_with_its_option() -> None:
    assert "--max-memory is 'much', which is not a size." in refusal("run", "--max-memory", "much")
    assert "--fits is 'much', which is not a size." in refusal("models", "--fits", "much")
    assert "--time-budget is 'soon', which is not a duration." in refusal("run", "--time-budget", "soon")
    assert "--max-ttft is 'quick', which is not a duration." in refusal("run", "--max-ttft", "quick")
