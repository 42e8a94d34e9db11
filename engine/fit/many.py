"""Measures many models, smallest first, so that a table fills while its reader waits.

::

    async with contextlib.aclosing(measure_fits(sources, settings)) as fits:
        async for source, fit in fits:
            ...

Earlier measurements come at once, then the smallest model, and so on. Stopping early (``aclose``, or canceling the
task) ends the worker that is measuring, deletes its hollow file and keeps every finished measurement. One measurement
runs at a time, because two would disturb each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

import msgspec

from ..errors import ModelFileError
from ..plan.model import Settings
from .cache import cached_fit
from .measure import measure_fit
from .results import Fit
from .source import Source


async def measure_fits(
    sources: Sequence[Source],
    settings: Settings,
    *,
    refresh: bool = False,
    started: Callable[[Source], None] | None = None,
) -> AsyncGenerator[tuple[Source, Fit], None]:
    """Yield every source with its measurement, smallest first; ``started`` is called before each measurement.

    Never raises for a model: its ``Fit`` says what the problem is.
    """
    left: list[Source] = []
    for source in cheapest_first(sources):
        known = None if refresh else cached_fit(source, settings)
        if known is None:
            left.append(source)
        else:
            yield source, known
        await asyncio.sleep(0)  # the caller may have a screen to paint
    of_shape: dict[str, Fit] = {}
    for source in left:
        shape = _shape(source)
        if shape in of_shape:  # disturbed measurements are not stored, but need not be repeated here
            yield source, msgspec.structs.replace(of_shape[shape], name=source.name)
            continue
        if started is not None:
            started(source)
        fit = await measure_fit(source, settings, refresh=refresh)
        if shape:
            of_shape[shape] = fit
        yield source, fit


def _shape(source: Source) -> str:
    """What the measurement depends on, the same for models of one shape; empty when unknown."""
    try:
        return source.identity()
    except ModelFileError:
        return ""


def cheapest_first(sources: Sequence[Source]) -> list[Source]:
    """Sources by approximate file size, which is roughly how long measuring takes."""
    return sorted(sources, key=lambda source: source.sort_bytes())
