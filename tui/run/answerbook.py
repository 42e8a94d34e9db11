"""All answers of a run as a table of items by candidates, with filters. Without Textual."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from weighin.engine.events.run import AnswerScored

from .board import Board

Filter = Literal["all", "A right, B wrong", "A wrong, B right", "they differ", "all wrong", "all right", "fragile"]
FILTERS: tuple[Filter, ...] = get_args(Filter)


@dataclass(frozen=True)
class Row:
    """One item with each candidate's first answer, in the order of the panels; None where it is missing."""

    suite: str
    item: str
    answers: tuple[AnswerScored | None, ...]

    @property
    def known(self) -> list[AnswerScored]:
        """The answers without the gaps."""
        return [answer for answer in self.answers if answer is not None]

    @property
    def expected(self) -> str:
        """The expected answer."""
        return next((answer.expected for answer in self.known), "")


@dataclass(frozen=True)
class Query:
    """Which items to show. ``a`` and ``b`` are indices of candidates."""

    kind: Filter = "all"
    suite: str = ""
    text: str = ""
    a: int = 0
    b: int = 1


def answer_rows(board: Board) -> list[Row]:
    """Every answered item, by suite in the run's order, then by name with numbers in numeric order."""
    suites = {suite.name: place for place, suite in enumerate(board.suites)}
    columns = [panel.answers for panel in board.panels]
    keys = {(answer.suite, answer.item) for column in columns for answer in column.values() if answer.repeat == 0}
    ordered = sorted(keys, key=lambda key: (suites.get(key[0], len(suites)), key[0], _natural(key[1])))
    return [Row(suite, item, tuple(column.get((suite, item, 0)) for column in columns)) for suite, item in ordered]


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def filtered(rows: Iterable[Row], query: Query) -> list[Row]:
    """The rows that match the query."""
    needle = query.text.casefold()
    return [
        row
        for row in rows
        if (not query.suite or row.suite == query.suite) and _is_kind(row, query) and (not needle or _has(row, needle))
    ]


def _is_kind(row: Row, query: Query) -> bool:
    known = row.known
    if query.kind == "all":
        return True
    if query.kind == "all wrong":
        return bool(known) and not any(answer.correct for answer in known)
    if query.kind == "all right":
        return bool(known) and all(answer.correct for answer in known)
    if query.kind == "fragile":
        return any(answer.fragile for answer in known)
    if query.kind == "they differ":
        return len({answer.correct for answer in known}) > 1
    pair = [row.answers[place] if place < len(row.answers) else None for place in (query.a, query.b)]
    if pair[0] is None or pair[1] is None:
        return False
    wanted = (True, False) if query.kind == "A right, B wrong" else (False, True)
    return (pair[0].correct, pair[1].correct) == wanted


def _has(row: Row, needle: str) -> bool:
    if needle in row.item.casefold() or needle in row.suite.casefold():
        return True
    return any(
        needle in part.casefold()
        for answer in row.known
        for part in (answer.prompt, answer.output, answer.expected, answer.extracted or "")
    )


def mark(answer: AnswerScored | None) -> str:
    """``✓`` right, ``✗`` wrong, followed by ``~`` when fragile; ``·`` without an answer."""
    if answer is None:
        return "·"
    return ("✓" if answer.correct else "✗") + ("~" if answer.fragile else "")


def differences(left: str, right: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Both texts in pieces, compared word by word; each piece says whether the other text lacks it."""
    a, b = (re.findall(r"\s+|\w+|[^\w\s]", side)[:4000] for side in (left, right))
    lefts: list[tuple[str, bool]] = []
    rights: list[tuple[str, bool]] = []
    for tag, a0, a1, b0, b1 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if a1 > a0:
            lefts.append(("".join(a[a0:a1]), tag != "equal"))
        if b1 > b0:
            rights.append(("".join(b[b0:b1]), tag != "equal"))
    return lefts, rights
