"""Models measured while the user reads about them. The page that shows the rows starts nothing itself."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from weighin.engine.plan.model import Settings
from weighin.engine.prepare.candidates import Row
from weighin.engine.prepare.draft import Draft

if TYPE_CHECKING:
    from weighin.engine.fit.results import Fit
    from weighin.engine.fit.source import Source


async def measure_rows(
    rows: Iterable[Row], draft: Draft, *, started: Callable[[str], None], measured: Callable[[str, Fit], None]
) -> None:
    """Measure the models of ``rows``, the cheapest first, so that the table fills quickly.

    Both callbacks are given a row's key: ``started`` when its measuring begins, ``measured`` with what was found.
    Rows without a source are left out. Cancelling ends the worker that is measuring and deletes its hollow file;
    what was finished is kept.
    """
    from weighin.engine.fit.many import measure_fits  # imports gguf and numpy

    waiting = [(row.source, row.key) for row in rows if row.source]
    keys = {id(source): key for source, key in waiting}

    def begun(source: Source) -> None:
        started(keys[id(source)])

    settings = Settings(n_ctx=draft.target.n_ctx, n_threads=draft.settings.n_threads)
    fits = measure_fits([source for source, _ in waiting], settings, started=begun)
    async with contextlib.aclosing(fits):
        async for source, fit in fits:
            measured(keys[id(source)], fit)
