"""What is found in a text: numbers, and what only looks like one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "number",
    "operand",
    "ordinal",
    "list marker",
    "footnote",
    "reference",
    "coefficient",
    "date",
    "time",
    "version",
    "name",
    "tolerance",
    "expression",
]
"""What a number is in its text. ``number`` counts. ``operand`` belongs to a calculation (``6 × 7``), ``name`` to an
identifier (``GPT-4``), ``reference`` to a part of a text (``step 3``). ``tolerance`` follows ±, ``coefficient`` is
``3x``, and ``expression`` is a factor of something that is no plain number (``2π``)."""


@dataclass(frozen=True)
class Number:
    """An exact number as somebody wrote it."""

    readings: tuple[Fraction, ...]
    """What it can mean: one value, or several where the marks do not tell (``1.234``). Empty when it has no value that
    can be computed: division by zero, or too many digits."""
    per: int = 1
    """What its sign divides it by: 100 for percent, 1000 for per mille. ``readings`` are without the division."""

    @property
    def is_ambiguous(self) -> bool:
        return len(self.readings) > 1

    def equals(self, other: Number, *, absolute: Fraction = Fraction(0), relative: Fraction = Fraction(0)) -> bool:
        """Whether a reading of this number and one of ``other`` are equal, within a tolerance.

        ``absolute`` is in the number's units, ``relative`` a share of ``other``; meeting either is enough. A percent
        sign may be missing on one side: ``50%`` equals ``50`` and ``0.5``.
        """
        scales = {(1, 1), (self.per, other.per)} if self.per != other.per else {(1, 1)}
        return any(
            abs(mine / scale - its / its_scale) <= max(absolute, relative * abs(its / its_scale))
            for mine in self.readings
            for its in other.readings
            for scale, its_scale in scales
        )


@dataclass(frozen=True)
class FoundNumber:
    """A number in a text. ``start`` and ``end`` are its place, with its sign, currency and percent sign."""

    start: int
    end: int
    number: Number
    kind: Kind = "number"
