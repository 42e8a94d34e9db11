"""Items made from a seed: no download, no licence, and no model can have seen them. One module a suite."""

from __future__ import annotations

import importlib
from typing import Protocol, cast

from ...errors import DatasetError
from ..items import Item


class Generator(Protocol):
    """Makes a suite's items; called without a seed it makes the ones that come with weighin."""

    def __call__(self, seed: int = ...) -> tuple[Item, ...]: ...


class ContextGenerator(Protocol):
    """Makes items whose length follows the context that the candidates get."""

    def __call__(self, seed: int = ..., *, n_ctx: int = ...) -> tuple[Item, ...]: ...


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
    return cast(Generator, _maker(name))


def find_context_generator(name: str) -> ContextGenerator:
    """The generator ``name`` of a suite that follows the context.

    Raises:
        DatasetError: there is none.
    """
    return cast(ContextGenerator, _maker(name))


def _maker(name: str) -> object:
    if name not in GENERATORS:
        raise DatasetError(f"There is no generator {name!r}.", hint=f"Known are: {', '.join(GENERATORS)}.")
    made: object = importlib.import_module(f"{__name__}.{name.replace('-', '_')}").make_items
    return made
