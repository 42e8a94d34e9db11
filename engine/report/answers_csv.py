"""Every answer as a CSV row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from ..events.run import AnswerScored, Event
from ..plan.model import Plan

_FIELDS = ("candidate", "suite", "item", "repeat", "correct", "extracted", "expected", "output", "fragile", "stop")


def answers_csv(_plan: Plan, events: Iterable[Event]) -> str:
    """One row an answer, in the order stored."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_FIELDS)
    writer.writerows([getattr(e, name) for name in _FIELDS] for e in events if isinstance(e, AnswerScored))
    return text.getvalue()
