"""Measures models while the user reads about them. The page that shows the rows starts no process itself."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from weighin.engine.plan.model import Settings
from weighin.engine.prepare.candidate_rows import CandidateRow
from weighin.engine.prepare.draft import Draft

if TYPE_CHECKING:
    from weighin.engine.fit.results import Fit
    from weighin.engine.fit.source import Source


async def measure_rows(
    rows: Iterable[CandidateRow], draft: Draft, *, started: Callable[[str], None], measured: Callable[[str, Fit], None]
) -> None:
    """Measure the models of ``rows``, the cheapest first, so that the table fills quickly.

    Both callbacks receive a row's key: ``started`` when its measurement begins, ``measured`` with the result. Rows
    without a source are skipped; rows with the same source share one measurement. Cancelling ends the worker that is
    measuring and deletes its hollow file; finished measurements are kept.
    """
    from weighin.engine.fit.measure import measure_fits  # imports gguf and numpy

    keys: dict[Source, list[str]] = {}
    for row in rows:
        if row.source:
            keys.setdefault(row.source, []).append(row.key)

    def begun(source: Source) -> None:
        for key in keys[source]:
            started(key)

    settings = Settings(n_ctx=draft.target.n_ctx, n_threads=draft.settings.n_threads)
    async with contextlib.aclosing(measure_fits(list(keys), settings, started=begun)) as fits:
        async for source, fit in fits:
            for key in keys[source]:
                measured(key, fit)
