"""Reference suites: raw rows of a data set into items, prompt for prompt as lm-evaluation-harness asks them.

One module a suite, named in the spec's ``format``; a new one is a new file. Each has
``make_items(rows, spec) -> tuple[Item, ...]``.
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
        DatasetError: there is none.
    """
    if not name.isidentifier() or importlib.util.find_spec(f"{__name__}.{name}") is None:
        raise DatasetError(f"There is no format {name!r} of reference suites.", hint="Install weighin again.")
    return cast(Format, importlib.import_module(f"{__name__}.{name}").make_items)
