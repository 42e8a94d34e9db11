"""A run as CSV tables: its answers, its ranking, and the subjects of its suites.

People open these files in spreadsheets, which compute a cell that begins like a formula, and a formula can send data
away or start a program. Names and answers come from others, so text that begins with = + - @, a tab or a line break
gets an apostrophe in front (https://owasp.org/www-community/attacks/CSV_Injection). Numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ..events.askings import Steadiness
from ..events.ranking import Ranking
from ..events.run import AnswerScored, Event
from ..judging.verdict import reach_verdict
from ..judging.wording import exclusion_words
from ..plan.model import Plan
from ..stats.intervals import accuracy_interval

_FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?\d[\d.,]*(?:[eE][+-]?\d+)?%?", re.ASCII)
_ANSWER = (
    "candidate",
    "suite",
    "item",
    "repeat",
    "correct",
    "extracted",
    "expected",
    "output",
    "fragile",
    "stop",
    "n_prompt_tokens",
    "n_cut_tokens",
)
_GROUP = ("candidate", "suite", "group", "items", "correct", "accuracy", "standard_error", "low", "high")


def answers_csv(_plan: Plan, events: Iterable[Event]) -> str:
    """One row per answer, in the order stored."""
    rows = ([getattr(e, name) for name in _ANSWER] for e in events if isinstance(e, AnswerScored))
    return _table((_ANSWER, *rows))


def _table(rows: Iterable[Sequence[object]]) -> str:
    return "".join(map(_line, rows))


def _line(row: Sequence[object]) -> str:
    # With "\n" as its line terminator, csv leaves a bare carriage return unquoted, and readers end the row there.
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([as_text(value) for value in row])
    return text.getvalue().removesuffix("\r\n") + "\n"


def as_text(value: object) -> object:
    """A cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe in front."""
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def rankings_csv(plan: Plan, events: Iterable[Event]) -> str:
    """One row per candidate, best first; the columns are the fields of ``Ranking``.

    Each consistency figure has four columns, other nested values are JSON, and subjects are left to ``groups-csv``.
    """
    names = [name for name in Ranking.__struct_fields__ if name not in ("groups", "steadiness")]
    rows: list[Sequence[object]] = [[*names, *_steadiness(Steadiness())]]
    for row in reach_verdict(plan, events).rankings:
        cells = {**msgspec.structs.asdict(row), "ruled_out": "; ".join(map(exclusion_words, row.ruled_out))}
        rows.append([*(_cell(cells[name]) for name in names), *_steadiness(row.steadiness).values()])
    return _table(rows)


def _steadiness(steadiness: Steadiness) -> dict[str, float | None]:
    cells: dict[str, float | None] = {}
    for name in Steadiness.__struct_fields__:
        figure = getattr(steadiness, name)
        if name in ("largest_shift_nats", "samples"):
            cells[name] = figure
        else:
            cells[name] = figure.value if figure else None
            for end in ("low", "high", "items"):
                cells[f"{name}_{end}"] = getattr(figure, end) if figure else None
    return cells


def _cell(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, (dict, msgspec.Struct)) else value


def groups_csv(plan: Plan, events: Iterable[Event]) -> str:
    """One row per candidate and subject, after one for the whole suite, whose ``group`` is empty.

    ``standard_error`` is given for the whole suite only, pooled over its subjects; ``low`` and ``high`` are the 95 %
    interval of one subject for a fixed number of items.
    """
    rows: list[Sequence[object]] = [_GROUP]
    for row in reach_verdict(plan, events).rankings:
        for suite in row.groups:
            items, correct = sum(g.items for g in suite.groups), sum(g.correct for g in suite.groups)
            error = suite.standard_error
            rows.append((row.candidate, suite.suite, "", items, correct, suite.accuracy, error, None, None))
            for group in suite.groups:
                ends = accuracy_interval(group.correct, group.items)
                counts = (row.candidate, suite.suite, group.name, group.items, group.correct)
                rows.append((*counts, group.correct / group.items, None, ends.low, ends.high))
    return _table(rows)
