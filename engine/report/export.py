"""The export formats: the one list that the command line and the export dialog show.

A new format is a new function and one entry in ``_FORMATS``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from ..errors import WeighinError
from ..events.run import Event
from ..files import write_atomically
from ..plan.model import Plan
from .csv_tables import answers_csv, groups_csv, rankings_csv
from .json_export import run_json, run_json_with_answers
from .lm_eval import lm_eval_files
from .markdown import run_markdown


@dataclass(frozen=True)
class FileFormat:
    """A format that is one file."""

    name: str
    description: str
    ending: str
    """What a default file name ends with, after the run's id."""
    text: Callable[[Plan, Iterable[Event]], str]
    """Makes the file's text."""


@dataclass(frozen=True)
class FolderFormat:
    """A format that is a folder of files."""

    name: str
    description: str
    ending: str
    """What a default folder name ends with, after the run's id."""
    texts: Callable[[Plan, Iterable[Event]], dict[str, str]]
    """Makes the text of each file, by its path in the folder."""


ExportFormat: TypeAlias = FileFormat | FolderFormat

_FORMATS: tuple[ExportFormat, ...] = (
    FileFormat("json", "All figures, settings and the verdict", ".json", run_json),
    FileFormat("json-answers", "The same with every prompt and answer", "-answers.json", run_json_with_answers),
    FileFormat("markdown", "A report to read and share", ".md", run_markdown),
    FileFormat("answers-csv", "One row per answer", "-answers.csv", answers_csv),
    FileFormat("rankings-csv", "One row per candidate", "-rankings.csv", rankings_csv),
    FileFormat("groups-csv", "One row per candidate and subject", "-groups.csv", groups_csv),
    FolderFormat("lm-eval", "A folder in the shape of lm-evaluation-harness", "-lm-eval", lm_eval_files),
)


def formats() -> tuple[ExportFormat, ...]:
    """Every export format, in the order in which they are offered."""
    return _FORMATS


def export(run_id: str, plan: Plan, events: Iterable[Event], format_name: str, to: Path) -> tuple[Path, ...]:
    """Write a run to ``to``, a file or a folder, and return the files written. Each appears complete or not at all.

    Raises:
        WeighinError: the format is unknown, the run has nothing to write in it, or a file cannot be written.
    """
    chosen = next((each for each in _FORMATS if each.name == format_name), None)
    if chosen is None:
        names = ", ".join(each.name for each in _FORMATS)
        raise WeighinError(f"{format_name!r} is not an export format.", hint=f"Choose one of {names}.")
    if isinstance(chosen, FileFormat):
        if not to.parent.is_dir():
            raise WeighinError(f"Run {run_id} cannot be written to {to}: the folder does not exist.")
        texts = {to: chosen.text(plan, events)}
    else:
        texts = {to / path: text for path, text in chosen.texts(plan, events).items()}
    if not texts:
        raise WeighinError(f"Run {run_id} has no answers to write as {format_name}.")
    try:
        for path, text in texts.items():
            # A model's bytes may decode to lone surrogates, which UTF-8 does not have.
            write_atomically(path, text.encode("utf-8", "replace"))
    except OSError as error:
        raise WeighinError(f"Run {run_id} cannot be written to {to}: {error.strerror}.") from None
    return tuple(texts)
