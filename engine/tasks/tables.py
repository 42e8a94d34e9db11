"""Reads the word tables that generators, formats and scorers work with, from ``assets/tasks/tables``.

A module reads its table when it is imported or first used, and no module with a table is imported before a suite needs
it. Lists of a line or two stay in the code that uses them.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from weighin.assets import asset

from ..toml import loads

Words = tuple[str, ...]
T = TypeVar("T")


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base class of tables and their rows."""


def read_table(name: str, of: type[T]) -> T:
    """The table ``NAME.toml`` as ``of``, typically a ``Table`` or a dictionary."""
    return msgspec.convert(loads(asset("tasks", "tables", f"{name}.toml").read_text(encoding="utf-8")), of)
