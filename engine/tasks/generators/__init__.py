"""Items made from a seed: no download, no licence, and no model can have seen them. One module a suite."""

from __future__ import annotations

import importlib
from typing import Protocol, cast

from ...errors import DatasetError
from ..items import Item


class Generator(Protocol):
    """Makes a suite's items; called without a seed it makes the ones that come with weighin."""

    def __call__(self, seed: int = ...) -> tuple[Item, ...]: ...


GENERATORS: tuple[str, ...] = (
    "arithmetic-words",
    "classify",
    "contract-clauses",
    "fix-bug",
    "follow-instructions",
    "json-extract",
    "multilingual-facts",
    "needle",
    "over-refusal",
    "read-and-extract",
    "table-lookup",
    "write-function",
)
"""Each is the function ``make_items`` of the module of that name, with ``_`` for ``-``; imported when used."""


def find_generator(name: str) -> Generator:
    """The generator ``name``.

    Raises:
        DatasetError: there is none.
    """
    if name not in GENERATORS:
        raise DatasetError(f"There is no generator {name!r}.", hint=f"Known are: {', '.join(GENERATORS)}.")
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    return cast(Generator, module.make_items)
