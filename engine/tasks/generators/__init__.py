"""Items made from a seed: no download, no licence, and no model can have seen them. One module a suite."""

from __future__ import annotations

from collections.abc import Callable

from ...errors import DatasetError
from ..items import GenerateItem
from . import read_and_extract

Generator = Callable[[], tuple[GenerateItem, ...]]

GENERATORS: dict[str, Generator] = {"read-and-extract": read_and_extract.make_items}


def find_generator(name: str) -> Generator:
    """The generator ``name``.

    Raises:
        DatasetError: there is none.
    """
    if name not in GENERATORS:
        raise DatasetError(f"There is no generator {name!r}.", hint=f"Known are: {', '.join(GENERATORS)}.")
    return GENERATORS[name]
