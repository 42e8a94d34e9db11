"""Every command has one function that carries it out."""

from __future__ import annotations

from typing import get_args

import pytest

from weighin.engine.worker.choice import common_prefix
from weighin.engine.worker.commands import HANDLERS
from weighin.engine.worker.protocol import Command, LoadModel


def test_every_command_but_loading_has_a_handler() -> None:
    assert set(HANDLERS) == {*get_args(Command)} - {LoadModel}


@pytest.mark.parametrize(
    ("rows", "length"),
    [([[1, 2, 3]], 3), ([[1, 2, 3], [1, 2]], 2), ([[1, 2, 9], [1, 2, 3], [1, 4, 3]], 1), ([[], [1]], 0)],
)
def test_a_common_prefix_is_shared_by_all_rows(rows: list[list[int]], length: int) -> None:
    assert common_prefix(rows) == length
