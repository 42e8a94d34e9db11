"""What a scorer is: the record that each module of ``scorers`` exports as ``SCORER``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..errors import DatasetError
from .items import GenerateItem

Score = Callable[[str, GenerateItem], Mapping[str, float]]
"""From an extracted answer and its item to every metric by name, each from 0 to 1."""


@dataclass(frozen=True)
class GoldReading:
    """How a scorer understands one allowed answer, for people who check their data before a run."""

    comparison: str
    """How answers are compared with it, in few words: ``as text``, ``as the number 1234.56``."""
    doubt: str = ""
    """One sentence where the answer can be read in more than one way: ``1.234 can mean 1.234 or 1,234.``"""


def _as_text(_gold: str) -> GoldReading:
    return GoldReading("as text")


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """A way to score generated text, and how a suite of your own data uses it unless the plan says otherwise."""

    name: str
    """The name of its module."""
    correct_when: str
    """When an answer is correct, for lists: ``it equals an allowed answer``."""
    score: Score
    metrics: tuple[str, ...]
    """Every metric it returns; the first is the main one."""
    reads_whole_output: bool = False
    """It has filters of its own and gets the output before extraction. The extractor still decides what is shown,
    compared between repeats and counted as missing."""
    needs: Literal["answer", "answer or check", "nothing"] = "answer"
    """What every row must have."""
    json_fields: frozenset[str] = frozenset()
    """Fields of a row's ``check`` that are never text: where a table holds text, it is parsed as JSON."""
    number_check: Mapping[str, Any] = field(default_factory=dict)
    """What a row's ``check`` says besides, where the file holds an answer as a decimal number and not as text."""
    reveals_bad_items: bool = False
    """Scoring any text raises DatasetError for an item it cannot use, and is fast enough to try on every row."""
    find_problem: Callable[[GenerateItem], str | None] = lambda _item: None
    """What else is wrong with an item, found without scoring anything."""
    read_gold: Callable[[str], GoldReading] = _as_text
    """How it understands an allowed answer. Never fails: an answer that it cannot use is told by ``find_problem``."""
    read_item: Callable[[GenerateItem], tuple[GoldReading, ...]] | None = None
    """The same for all answers of an item, where how they are read depends on its ``check`` too. Use ``read_golds``."""
    settle: Callable[[tuple[GenerateItem, ...]], tuple[GenerateItem, ...]] = lambda items: items
    """The items of one file, each with what all of them together tell about it in its ``check``."""
    count_parts: Callable[[GenerateItem], int] = lambda _item: 1
    """How many checks an item's score is the mean of, for metrics that are a mean over checks."""
    for_own_data: bool = True
    """Can be chosen for your own data."""
    extractor: str = "whole"
    right_at: float = 1.0
    """Where the main metric is graded, an answer counts as correct from this score up."""
    max_tokens: int = 256
    stop: tuple[str, ...] = ()

    def read_golds(self, item: GenerateItem) -> tuple[GoldReading, ...]:
        """How it understands each allowed answer of the item."""
        if self.read_item is not None:
            return self.read_item(item)
        return tuple(self.read_gold(answer) for answer in item.answers)

    def problem_of(self, item: GenerateItem) -> str:
        """Why scoring would fail on the item in the middle of a run; empty for an item that can be used."""
        if self.needs == "answer" and not item.answers:
            return "'answer' is missing or empty"
        if self.reveals_bad_items:
            try:
                self.score(item.answers[0] if item.answers else "text", item)
            except DatasetError as error:
                return str(error)
        problem = self.find_problem(item)
        if not problem and self.needs == "answer or check" and not item.answers and not item.check:
            problem = "has neither 'answer' nor 'check'"
        return problem or ""
