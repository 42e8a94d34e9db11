"""Exporters by name. A new one is a new file and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ..errors import WeighinError
from ..events.run import Event
from ..files import write_atomically
from ..plan.model import Plan
from .answers_csv import answers_csv
from .groups import groups_csv
from .json_export import run_json, run_json_with_answers
from .lm_eval import lm_eval_files
from .markdown import run_markdown
from .rankings_csv import rankings_csv

EXPORTERS: dict[str, Callable[[Plan, Iterable[Event]], str]] = {
    "json": run_json,
    "json-answers": run_json_with_answers,
    "markdown": run_markdown,
    "answers-csv": answers_csv,
    "rankings-csv": rankings_csv,
    "groups-csv": groups_csv,
}
"""Formats that are one file."""

FOLDER_EXPORTERS: dict[str, Callable[[Plan, Iterable[Event]], dict[str, str]]] = {
    "lm-eval": lm_eval_files,
}
"""Formats that are a folder of files: their texts by relative path."""


def formats() -> tuple[str, ...]:
    """Every format's name."""
    return (*EXPORTERS, *FOLDER_EXPORTERS)


def export(run_id: str, plan: Plan, events: Iterable[Event], fmt: str, to: Path) -> tuple[Path, ...]:
    """Write a run in the format named, each file in one step; returns the files.

    Args:
        run_id: to name in errors.
        plan: of the run.
        events: stored ones, in order.
        fmt: one of ``formats``.
        to: the file to write; for formats of many files the folder, made as needed.

    Raises:
        WeighinError: there is no such format, nothing to write in it, or a file cannot be written.
    """
    if fmt in EXPORTERS:
        texts = {to: EXPORTERS[fmt](plan, events)}
    elif fmt in FOLDER_EXPORTERS:
        texts = {to / path: text for path, text in FOLDER_EXPORTERS[fmt](plan, events).items()}
    else:
        raise WeighinError(f"There is no export format {fmt}.", hint=f"Choose one of {', '.join(sorted(formats()))}.")
    if not texts:
        raise WeighinError(f"Run {run_id} has no answers to write as {fmt}.")
    if fmt in EXPORTERS and not to.parent.is_dir():
        raise WeighinError(f"Run {run_id} cannot be written to {to}: the folder does not exist.")
    try:
        for path, text in texts.items():
            # Lone surrogates, which a model's bytes may decode to, have no UTF-8.
            write_atomically(path, text.encode("utf-8", "replace"))
    except OSError as error:
        raise WeighinError(f"Run {run_id} cannot be written to {to}: {error.strerror}.") from None
    return tuple(texts)
