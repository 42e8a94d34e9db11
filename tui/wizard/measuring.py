"""Models measured while the user reads about them. The page that shows the rows starts nothing itself."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from weighin.engine.draft import Draft
from weighin.engine.plan import Settings

from .rows import Row

if TYPE_CHECKING:
    from weighin.engine.fit.source import Source


def unmeasured(rows: Iterable[Row]) -> list[Row]:
    """Those that can be measured and have not been."""
    return [row for row in rows if row.source and not row.measured and not row.reason]


async def measure_rows(rows: Iterable[Row], draft: Draft, changed: Callable[[Row], None]) -> None:
    """Measure what has not been, the cheapest model first, so that the table fills quickly.

    ``changed`` is called with a row when its measuring begins (``busy``) and again with what was found. Cancelling
    ends the worker that is measuring and deletes its hollow file; what was finished is kept.
    """
    from weighin.engine.fit.many import measure_fits  # imports gguf and numpy

    waiting = [(row.source, row) for row in unmeasured(rows) if row.source]
    by_source = {id(source): row for source, row in waiting}

    def started(source: Source) -> None:
        changed(replace(by_source[id(source)], busy=True))

    settings = Settings(n_ctx=draft.target.n_ctx, n_threads=draft.settings.n_threads)
    fits = measure_fits([source for source, _ in waiting], settings, started=started)
    async with contextlib.aclosing(fits):
        async for source, fit in fits:
            changed(by_source[id(source)].with_fit(fit))
