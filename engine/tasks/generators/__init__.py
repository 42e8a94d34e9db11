"""Makes items from a seed: no download, no license, and no model can have seen them.

One module per suite, with a function ``make_items``. The folder is the registry: a new generator is one new file, and
its name is that of the module with ``-`` for ``_``. Modules without ``make_items`` are helpers.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from ...errors import DatasetError
from ..items import Item

Generator = Callable[..., tuple[Item, ...]]
"""Takes ``seed``, by default the one weighin uses. For a suite that follows the context, also ``n_ctx``."""


def find_generator(name: str) -> Generator:
    """The generator ``name``.

    Raises:
        DatasetError: there is no such name.
    """
    maker = _make_items(name)
    if maker is None:
        raise DatasetError(f"There is no generator {name!r}.", hint=f"Choose one of: {', '.join(generator_names())}.")
    return maker


def generator_names() -> tuple[str, ...]:
    """Every generator, by name. Imports them all."""
    names = sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__))
    return tuple(name for name in names if _make_items(name) is not None)


def _make_items(name: str) -> Generator | None:
    module = name.replace("-", "_")
    if module not in {each.name for each in pkgutil.iter_modules(__path__)}:
        return None
    return getattr(importlib.import_module(f"{__name__}.{module}"), "make_items", None)
