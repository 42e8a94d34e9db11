"""Options cannot be changed, and sizes mean the same in every one."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from fixtures.command_line import call, refusal

from weighin.engine.plan.files import read_plan
from weighin.tui.cli import options


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
