"""The rows of the candidates table, and how they sort.

Apart from ``candidates.py``, which fills the table, because screens need the types before anything slow is imported.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..catalog.quants import ladder
from ..catalog.ranking import Conditions, Ranked, RuledOut
from ..catalog.sort_keys import SortKey
from ..catalog.verdict import Verdict, severity
from .draft import Pick

if TYPE_CHECKING:
    from ..fit.results import Fit
    from ..fit.source import Source

CANDIDATE_SORT_KEYS: tuple[SortKey, ...] = ("name", "size", "license", "memory", "speed", "score")
"""Columns that the table can be sorted by."""


@dataclass(frozen=True)
class FromSample:
    """The sample model that ships with weighin's demo."""


@dataclass(frozen=True)
class FromCatalog:
    """A model of the catalog in one quant."""

    ranked: Ranked


@dataclass(frozen=True)
class FromFile:
    """A file on this machine."""

    path: str
    decided_by: str = ""
    """What its license was read from."""


@dataclass(frozen=True)
class FromHub:
    """A model on the hub that the user named."""

    page: str
    note: str
    """What was decided for the user, such as the quant."""


Origin = FromSample | FromCatalog | FromFile | FromHub


@dataclass(frozen=True)
class CandidateRow:
    """One model in the table."""

    pick: Pick
    """The pick that names this row in the draft."""
    name: str
    quant: str
    size_bytes: int
    """Size of its file; 0 when unknown."""
    origin: Origin
    verdict: Verdict | None
    """The license verdict; None when the file cannot be read."""
    downloaded: bool
    """Its file is on this machine."""
    estimated_memory_bytes: int | None = None
    ruled_out: RuledOut | None = None
    """Why it cannot be picked."""
    source: Source | None = None
    """What to measure; None when it cannot be measured."""
    fit: Fit | None = None
    """What was measured on this machine."""
    measuring: bool = False

    @property
    def key(self) -> str:
        """Unique in the table."""
        return self.pick if isinstance(self.pick, str) else "sample"

    @property
    def measured(self) -> bool:
        """Memory and speed were measured here, rather than estimated."""
        return self.fit is not None and not self.fit.problem

    @property
    def disturbed(self) -> bool:
        """Something else used the machine during the measurement."""
        return self.fit is not None and self.fit.disturbed

    @property
    def memory_bytes(self) -> int | None:
        """Measured if possible, otherwise estimated."""
        return (self.fit.total_memory_bytes if self.fit else None) or self.estimated_memory_bytes

    @property
    def tokens_per_second(self) -> float | None:
        """Measured generation speed."""
        return self.fit.generation_tokens_per_second if self.fit else None

    @property
    def score(self) -> float | None:
        """The published score that tables show."""
        score = self.origin.ranked.score if isinstance(self.origin, FromCatalog) else None
        return score.value if score else None

    def with_fit(self, fit: Fit) -> CandidateRow:
        """The row with a measurement. A failed one is not tried again: the reason would be the same in a moment."""
        return replace(self, measuring=False, fit=fit, source=None if fit.problem else self.source)

    def sort_value(self, key: SortKey) -> float | None:
        """A number that is smaller for better rows; None when unknown."""
        if key == "size":
            return self.size_bytes or None
        if key == "license":
            return None if self.verdict is None else severity(self.verdict)
        if key == "memory":
            return self.memory_bytes
        if key == "speed":
            return None if self.tokens_per_second is None else -self.tokens_per_second
        return (
            self.origin.ranked.sort_value(key) if isinstance(self.origin, FromCatalog) else 0 if key == "name" else None
        )


@dataclass(frozen=True)
class CandidateList:
    """The table's rows, and why some of the models the user named are missing."""

    rows: tuple[CandidateRow, ...]
    problems: tuple[str, ...] = ()


def next_quant(row: CandidateRow, conditions: Conditions) -> str:
    """The next smaller quant of a catalog model that fits, from the largest again after the last.

    The row's own quant when none fits.
    """
    if not isinstance(row.origin, FromCatalog):
        return row.quant
    rungs = ladder(row.origin.ranked.model, conditions.memory_bytes, conditions.n_ctx)
    names = [rung.quant.name for rung in rungs if rung.fits]
    if not names:
        return row.quant
    return names[(names.index(row.quant) + 1) % len(names)] if row.quant in names else names[0]
