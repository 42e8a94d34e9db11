"""Exporters by name. A new one is a new file and a line here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from ..errors import WeighinError
from ..events import Event
from ..plan import Plan
from .answers_csv import answers_csv
from .rankings_csv import rankings_csv

EXPORTERS: dict[str, Callable[[Plan, Iterable[Event]], str]] = {
    "answers-csv": answers_csv,
    "rankings-csv": rankings_csv,
}


def export(run_id: str, plan: Plan, events: Iterable[Event], fmt: str, to: Path) -> None:
    """Write a run in the format named, in one step.

    Raises:
        WeighinError: there is no such format, or the file cannot be written.
    """
    if fmt not in EXPORTERS:
        raise WeighinError(f"There is no export format {fmt}.", hint=f"Choose one of {', '.join(sorted(EXPORTERS))}.")
    part = to.with_name(f"{to.name}.{os.getpid()}.part")
    try:
        part.write_text(EXPORTERS[fmt](plan, events), encoding="utf-8")
        part.replace(to)
    except OSError as error:
        raise WeighinError(f"Run {run_id} cannot be written to {to}: {error.strerror}.") from None
