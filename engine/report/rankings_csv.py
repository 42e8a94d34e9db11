"""The ranking as a CSV table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

import msgspec

from ..events import Event, Ranking
from ..plan import Plan
from ..verdict import reach_verdict


def rankings_csv(plan: Plan, events: Iterable[Event]) -> str:
    """One row a candidate, best first; columns are the fields of ``Ranking``.

    What is no single value is JSON; subjects are left to ``groups-csv``.
    """
    text = io.StringIO()
    names = [field.name for field in msgspec.structs.fields(Ranking) if field.name != "groups"]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in reach_verdict(plan, events).rankings:
        cells = {**msgspec.structs.asdict(row), "ruled_out": "; ".join(row.ruled_out)}
        writer.writerow([_cell(cells[name]) for name in names])
    return text.getvalue()


def _cell(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, (dict, msgspec.Struct)) else value
