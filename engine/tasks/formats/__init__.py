"""Turns rows of public data sets into items, with the same prompts as lm-evaluation-harness.

One module per suite, named in the spec's ``format``: a new format is a new file. Each has
``make_items(rows, spec) -> tuple[Item, ...]``, which raises DatasetError when a split, a column or a worked example is
missing or wrong.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import cast

from ...errors import DatasetError
from ..items import Item
from ..spec import SuiteSpec
from .fields import Rows

Format = Callable[[Rows, SuiteSpec], tuple[Item, ...]]


def find_format(name: str) -> Format:
    """The format ``name``.

    Raises:
        DatasetError: there is no such name.
    """
    if not name.isidentifier() or importlib.util.find_spec(f"{__name__}.{name}") is None:
        raise DatasetError(f"There is no format {name!r} for reference suites.", hint="Reinstall weighin.")
    return cast(Format, importlib.import_module(f"{__name__}.{name}").make_items)
