"""Makes items from a seed: no download, no license, and no model can have seen them. One module per suite."""

from __future__ import annotations

import importlib
from typing import Protocol, cast

from ...errors import DatasetError
from ..items import Item


class Generator(Protocol):
    """Makes a suite's items; without a seed, the ones weighin uses."""

    def __call__(self, seed: int = ...) -> tuple[Item, ...]: ...


class ContextGenerator(Protocol):
    """Makes items whose length follows the candidates' context."""

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
"""Each is the function ``make_items`` of the module with that name, with ``_`` for ``-``. Imported when used."""


def find_generator(name: str) -> Generator:
    """The generator ``name``.

    Raises:
        DatasetError: there is no such name.
    """
    return cast(Generator, _maker(name))


def find_context_generator(name: str) -> ContextGenerator:
    """The generator ``name`` for a suite that follows the context.

    Raises:
        DatasetError: there is no such name.
    """
    return cast(ContextGenerator, _maker(name))


def _maker(name: str) -> object:
    if name not in GENERATORS:
        raise DatasetError(f"There is no generator {name!r}.", hint=f"Choose one of: {', '.join(GENERATORS)}.")
    made: object = importlib.import_module(f"{__name__}.{name.replace('-', '_')}").make_items
    return made
