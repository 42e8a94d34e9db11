"""The ranking as a CSV table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

import msgspec

from ..events.askings import Steadiness
from ..events.ranking import Ranking
from ..events.run import Event
from ..judging.verdict import reach_verdict
from ..judging.wording import exclusion_words
from ..plan.model import Plan


def rankings_csv(plan: Plan, events: Iterable[Event]) -> str:
    """One row per candidate, best first; the columns are the fields of ``Ranking``.

    Each consistency figure has four columns, other nested values are JSON, and subjects are left to ``groups-csv``.
    """
    text = io.StringIO()
    names = [name for name in Ranking.__struct_fields__ if name not in ("groups", "steadiness")]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*names, *_steadiness(Steadiness())])
    for row in reach_verdict(plan, events).rankings:
        cells = {**msgspec.structs.asdict(row), "ruled_out": "; ".join(map(exclusion_words, row.ruled_out))}
        writer.writerow([*(_cell(cells[name]) for name in names), *_steadiness(row.steadiness).values()])
    return text.getvalue()


def _steadiness(steadiness: Steadiness) -> dict[str, float | None]:
    """Value, interval and number of items of every figure, by column name."""
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
