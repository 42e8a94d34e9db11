"""Catalog models under one use, memory and context: what each needs, what rules it out, and their order.

There is no overall score: people sort by one figure at a time. Nothing here looks at this machine or at files; that is
``prepare/candidates.py``, which builds the wizard's table from the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

import msgspec

from ..gguf.naming import DEFAULT_QUANT
from .entries import Catalog, CatalogModel, Score
from .licenses import License
from .quants import Rung, best_fitting, ladder
from .sort_keys import SortKey
from .verdict import NotAllowed, StatedUse, Unknown, Verdict, model_verdict, reasons_of, severity

MAIN_SCORE = "MMLU"
"""The published score that tables show."""


class LicenseForbids(msgspec.Struct, frozen=True, tag="license"):
    """A term of the license excludes the stated use."""

    term: str


class LicenseUnknown(msgspec.Struct, frozen=True, tag="license-unknown"):
    """Nobody has read the terms, and unknown is never allowed."""

    gap: str


class TooLarge(msgspec.Struct, frozen=True, tag="memory"):
    """The quant, or every quant, needs more memory than there is."""

    needed_bytes: int
    available_bytes: int
    quant: str
    """The quant that was checked; empty when no quant fits."""


class NoFiles(msgspec.Struct, frozen=True, tag="no-files"):
    """The catalog knows no GGUF files for the model."""


class Unreadable(msgspec.Struct, frozen=True, tag="unreadable"):
    """The file cannot be used."""

    problem: str


RuledOut = LicenseForbids | LicenseUnknown | TooLarge | NoFiles | Unreadable


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """What a model is wanted for, and where it has to run."""

    use: StatedUse = StatedUse()
    memory_bytes: int | None = None
    """Memory for weights and KV cache; None means no limit."""
    n_ctx: int = 4096
    aptitude: str = ""


class MeasuredSpeed(msgspec.Struct, frozen=True, kw_only=True):
    """Generation speed of one of the model's files, measured on this machine."""

    tokens_per_second: float
    quant: str
    """The quant of that file, which may differ from the row's."""
    disturbed: bool = False


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """One catalog model in one quant."""

    model: CatalogModel
    verdict: Verdict
    rung: Rung
    """The quant, with its estimated size and memory."""
    ruled_out: RuledOut | None
    score: Score | None
    aptitude_match: bool | None
    """None when no aptitude is wanted, or the catalog names none for the model."""
    speed: MeasuredSpeed | None = None

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def memory_bytes(self) -> int:
        return self.rung.memory_bytes

    def sort_value(self, key: SortKey) -> float | None:
        """A number that is smaller for better rows; None when unknown."""
        if key == "name":
            return 0
        if key == "size":
            return self.model.parameters.total
        if key == "context":
            return None if self.model.context_tokens is None else -self.model.context_tokens.value
        if key == "memory":
            return self.memory_bytes
        if key == "score":
            return None if self.score is None else -self.score.value
        if key == "speed":
            return None if self.speed is None else -self.speed.tokens_per_second
        if key == "license":
            return severity(self.verdict)
        if key == "aptitude":
            return None if self.aptitude_match is None else not self.aptitude_match
        released = self.model.released
        return None if released is None else -int(released.value.replace("-", "").ljust(8, "0"))


class Sortable(Protocol):
    """A row that knows how it compares with others."""

    @property
    def name(self) -> str: ...

    def sort_value(self, key: SortKey) -> float | None:
        """A number that is smaller for better rows; None when unknown."""


SortableT = TypeVar("SortableT", bound=Sortable)


def sort_rows(rows: Iterable[SortableT], key: SortKey) -> list[SortableT]:
    """Rows by one figure, best first, unknown values last, ties by name."""

    def order(row: SortableT) -> tuple[bool, float, str]:
        value = row.sort_value(key)
        return value is None, value or 0, row.name.lower()

    return sorted(rows, key=order)


def rank_model(
    model: CatalogModel,
    licenses: Mapping[str, License],
    conditions: Conditions,
    *,
    quant: str = DEFAULT_QUANT,
    speed: MeasuredSpeed | None = None,
) -> Ranked:
    """The model in ``quant``, or in the default quant when the ladder does not have that one."""
    rungs = {rung.quant.name: rung for rung in ladder(model, conditions.memory_bytes, conditions.n_ctx)}
    rung = rungs.get(quant) or rungs[DEFAULT_QUANT]
    verdict = model_verdict(model, conditions.use, licenses)
    aptitudes = model.aptitudes.value if model.aptitudes else None
    return Ranked(
        model=model,
        verdict=verdict,
        rung=rung,
        ruled_out=_ruled_out(model, verdict, rung, list(rungs.values()), conditions.memory_bytes),
        score=published_score(model, MAIN_SCORE),
        aptitude_match=conditions.aptitude in aptitudes if conditions.aptitude and aptitudes is not None else None,
        speed=speed,
    )


def _ruled_out(
    model: CatalogModel, verdict: Verdict, rung: Rung, rungs: list[Rung], memory_bytes: int | None
) -> RuledOut | None:
    if isinstance(verdict, NotAllowed):
        return LicenseForbids(reasons_of(verdict)[0])
    if isinstance(verdict, Unknown):
        return LicenseUnknown(reasons_of(verdict)[0])
    if memory_bytes is not None and not any(each.fits for each in rungs):
        smallest = min(rungs, key=lambda each: each.memory_bytes)
        return TooLarge(smallest.memory_bytes, memory_bytes, "")
    if not model.gguf:
        return NoFiles()
    if memory_bytes is not None and not rung.fits:
        return TooLarge(rung.memory_bytes, memory_bytes, rung.quant.name)
    return None


class ModelFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which models a list holds."""

    words: str = ""
    """Every word must occur in the name, family, developer, license or aptitudes."""
    use: StatedUse | None = None
    """Only models whose licenses allow this use; None keeps all."""
    without_conditions: bool = False
    """With ``use``: only models that are allowed without any condition."""
    min_parameters: int | None = None
    max_parameters: int | None = None
    language: str = ""
    """An ISO 639 code. Models that only state how many languages they know are left out."""
    aptitude: str = ""
    fits_bytes: int | None = None
    """Only models with a quant whose estimated weights and KV cache fit; each is listed in its best such quant."""
    machine_bytes: int | None = None
    """Memory that rows are checked against when ``fits_bytes`` is None; rules out, but keeps the row."""
    n_ctx: int = 4096


def rank_models(
    catalog: Catalog, wanted: ModelFilter, sort: SortKey = "name", speeds: Mapping[str, MeasuredSpeed] | None = None
) -> list[Ranked]:
    """The models that pass the filter, sorted. ``speeds`` are measured ones by catalog id."""
    conditions = Conditions(
        use=wanted.use or StatedUse(),
        memory_bytes=wanted.machine_bytes if wanted.fits_bytes is None else wanted.fits_bytes,
        n_ctx=wanted.n_ctx,
        aptitude=wanted.aptitude.lower(),
    )
    rows = []
    for model in catalog.models:
        quant = DEFAULT_QUANT
        if wanted.fits_bytes is not None:
            fitting = best_fitting(model, wanted.fits_bytes, wanted.n_ctx)
            if fitting is None:
                continue
            quant = fitting.quant.name
        row = rank_model(model, catalog.licenses, conditions, quant=quant, speed=(speeds or {}).get(model.id))
        allowed = severity(row.verdict) <= (0 if wanted.without_conditions else 1)
        if _matches(model, wanted) and (wanted.use is None or allowed):
            rows.append(row)
    return sort_rows(rows, sort)


def published_score(model: CatalogModel, name: str) -> Score | None:
    """The score of that name, instruct before base, 5-shot before other setups; None when none is published."""
    scores = [s for s in model.score if s.name.lower() == name.lower()]
    return min(scores, key=lambda s: (s.variant != "instruct", s.shots != 5), default=None)


def setup(score: Score) -> str:
    """How the score was taken, in words."""
    shots, stated = "" if score.shots is None else f"{score.shots}-shot", score.setup or ""
    return ", ".join(part for part in (shots if shots not in stated else "", stated) if part) or "setup not stated"


def _matches(model: CatalogModel, wanted: ModelFilter) -> bool:
    words = wanted.words.lower().split()
    aptitudes = model.aptitudes.value if model.aptitudes else ()
    languages = model.languages.value if model.languages else ()
    text = " ".join((model.id, model.name, model.family, model.developer, *model.licenses, *aptitudes)).lower()
    total = model.parameters.total
    return (
        all(word in text for word in words)
        and (wanted.min_parameters is None or total >= wanted.min_parameters)
        and (wanted.max_parameters is None or total <= wanted.max_parameters)
        and (not wanted.language or wanted.language.lower() in languages)
        and (not wanted.aptitude or wanted.aptitude.lower() in aptitudes)
    )
