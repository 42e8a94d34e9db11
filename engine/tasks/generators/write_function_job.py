"""A function to write, as the makers of ``write_function`` describe it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Job(NamedTuple):
    """``solve`` is called with each of ``cases``; the first is shown as an example."""

    signature: str
    text: str
    solve: Callable[..., Any]
    cases: Sequence[tuple[Any, ...]]


JobMaker = Callable[[random.Random], Job]
