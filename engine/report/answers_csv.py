"""Every answer as a CSV row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from ..events.run import AnswerScored, Event
from ..plan.model import Plan

_FIELDS = ("candidate", "suite", "item", "repeat", "correct", "extracted", "expected", "output", "fragile", "stop")


def answers_csv(_plan: Plan, events: Iterable[Event]) -> str:
    """One row per answer, in the order stored."""
    rows = ([getattr(e, name) for name in _FIELDS] for e in events if isinstance(e, AnswerScored))
    return "".join(_line(row) for row in (_FIELDS, *rows))


def _line(row: Sequence[object]) -> str:
    # With "\n" as its line terminator, csv leaves a bare carriage return unquoted, and readers end the row there.
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(row)
    return text.getvalue().removesuffix("\r\n") + "\n"
