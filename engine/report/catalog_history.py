"""Figures that runs on this machine measured for the catalog's models; never mixed with published figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from ..catalog.effective import letters, model_by_file_name
from ..catalog.entries import Catalog, CatalogModel
from ..catalog.ranking import MeasuredSpeed
from ..events.run import Event, RunStarted
from ..judging.summary import SpeedFigure, summarize
from ..plan.model import Candidate
from ..store.store import RunRow, Store

_CHEAP = ("RunStarted", "SpeedMeasured", "MemoryMeasured")
"""Events that are few in every run."""
_ANSWERS = ("AnswerScored", "SuiteDropped")


class MeasuredHere(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate of one run; None where the run did not measure it."""

    model: str
    """Id in the catalog."""
    quant: str
    generation_tokens_per_second: float | None
    prompt_tokens_per_second: float | None
    memory_bytes: int | None
    n_ctx: int
    accuracy: float | None
    """Mean over the run's suites, 0 to 1."""
    suites: tuple[str, ...]
    disturbed: bool
    """Something else used the machine while speed was measured."""
    machine: str
    run: str
    date: str
    """The day on which the run started."""


def measured_here(catalog: Catalog, store_path: Path, *, answers: bool = False) -> dict[str, list[MeasuredHere]]:
    """Figures by catalog id, newest run first. Empty without a store, which is not created.

    ``answers`` also reads every answer, for the accuracy.

    Raises:
        StoreError: the store cannot be read.
    """
    by_model: dict[str, list[MeasuredHere]] = {}
    if not store_path.exists():
        return by_model
    with Store.open(store_path) as store:
        for row in store.runs():
            if row.damage or row.started is None:
                continue
            for figures in _measured_in(row, store, catalog, answers=answers):
                by_model.setdefault(figures.model, []).append(figures)
    return by_model


def _measured_in(row: RunRow, store: Store, catalog: Catalog, *, answers: bool) -> Iterable[MeasuredHere]:
    plan = store.plan(row.id)
    known = [(c, model) for c in plan.candidates if (model := catalog_model_of(c, catalog)) is not None]
    if not known:
        return
    kinds = (*_CHEAP, *(_ANSWERS if answers else ()))
    events: list[Event] = [event for kind in kinds for event in store.events(row.id, kind)]
    machine = next((e.machine for e in events if isinstance(e, RunStarted) and e.machine), "")
    run = summarize(events)
    for candidate, model in known:
        figures = run.of(candidate.id)
        if figures.generation is None and figures.memory_bytes is None and figures.accuracy is None:
            continue
        yield MeasuredHere(
            model=model.id,
            quant=candidate.quant,
            generation_tokens_per_second=_rate(figures.generation),
            prompt_tokens_per_second=_rate(figures.prompt),
            memory_bytes=figures.memory_bytes,
            n_ctx=plan.settings.n_ctx,
            accuracy=figures.accuracy,
            suites=tuple(figures.suite_counts),
            disturbed=figures.disturbed,
            machine=machine,
            run=row.id,
            date=row.started.date().isoformat() if row.started else "",
        )


def best_known(figures: Sequence[MeasuredHere]) -> MeasuredHere | None:
    """The newest with a clean speed, else the newest with any speed, else the newest. None if there are none."""
    timed = [f for f in figures if f.generation_tokens_per_second is not None]
    clean = [f for f in timed if not f.disturbed]
    return next(iter([*clean, *timed, *figures]), None)


def measured_speeds(measured: Mapping[str, Sequence[MeasuredHere]]) -> dict[str, MeasuredSpeed]:
    """The best known speed of each model that has one, by catalog id."""
    speeds = {}
    for model, figures in measured.items():
        best = best_known(figures)
        if best is not None and best.generation_tokens_per_second is not None:
            speeds[model] = MeasuredSpeed(
                tokens_per_second=best.generation_tokens_per_second,
                quant=best.quant,
                disturbed=best.disturbed,
            )
    return speeds


def catalog_model_of(candidate: Candidate, catalog: Catalog) -> CatalogModel | None:
    """The catalog's model that a candidate is, by its file's name or by its own; None when neither says."""
    by_file = model_by_file_name(Path(candidate.path).name, catalog)
    if by_file is not None:
        return by_file
    names = {letters(candidate.name), letters(candidate.name.removesuffix(candidate.quant))}
    return next((m for m in catalog.models if names & {letters(m.id), letters(m.name)}), None)


def _rate(figure: SpeedFigure | None) -> float | None:
    return figure.tokens_per_second if figure else None
