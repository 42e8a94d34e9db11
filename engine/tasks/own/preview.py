"""A look at the user's own data before anything runs: rows as they were read, what is wrong, how items are asked."""

from __future__ import annotations

import msgspec

from ...plan.model import OwnSuite, data_path
from ..harness.items import open_task_suite
from ..harness.yaml import is_harness_task
from ..items import ChoiceItem, Item
from ..scorers import DEFAULT_SCORER
from ..spec import Kind
from .data import RowProblem
from .files import find_own_files, own_spec, read_own
from .suite import Preview, preview


class ReadRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row as it was understood."""

    id: str
    text: str
    """The question or prompt."""
    choices: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    """All that count as right; empty where the scorer checks something else."""


class DataPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown of a suite of the user's own."""

    name: str
    source: str
    kind: Kind
    columns: tuple[str, ...]
    """Of the first row, after the mapping."""
    items: int
    """To be asked: rows that can be used, those held out as examples not counted."""
    shots: int
    scorer: str = ""
    """Of generate items."""
    metric: str = ""
    """The one that leads; empty while there are problems."""
    problems: tuple[RowProblem, ...] = ()
    """While there are any, nothing can be asked."""
    rows: tuple[ReadRow, ...] = ()
    asked: tuple[Preview, ...] = ()


def preview_suite(suite: OwnSuite, *, count: int = 3) -> DataPreview:
    """The first ``count`` rows and items of the user's data, and every problem in it.

    Raises:
        DatasetError, HubError: the data as a whole cannot be had or used, or something named in ``suite`` does not
            exist.
    """
    if is_harness_task(data_path(suite)):
        return _preview_task_file(suite, count)
    found = find_own_files(suite)
    data = read_own(suite, found)
    shown = DataPreview(
        name=suite.name,
        source=found.where,
        kind=data.kind,
        columns=data.columns,
        items=len(data.items),
        shots=0 if data.problems else suite.asking.shots,
        scorer="" if data.kind == "choice" else suite.asking.scorer or DEFAULT_SCORER,
        problems=data.problems,
        rows=tuple(_row(item) for item in data.items[:count]),
    )
    if data.problems:
        return shown
    spec = own_spec(suite, found, data)
    return msgspec.structs.replace(shown, metric=spec.metric, asked=preview(spec, data.items, count=count))


def _preview_task_file(suite: OwnSuite, count: int) -> DataPreview:
    """Of a task file of lm-evaluation-harness: its first items, solved examples included."""
    spec, items = open_task_suite(suite)
    return DataPreview(
        name=suite.name,
        source=data_path(suite),
        kind=spec.kind,
        columns=(),
        items=len(items),
        shots=spec.n_shot,
        scorer="" if spec.kind == "choice" else spec.scorer,
        metric=spec.metric,
        rows=tuple(_row(item) for item in items[:count]),
        asked=preview(spec, items, count=count),
    )


def _row(item: Item) -> ReadRow:
    if isinstance(item, ChoiceItem):
        return ReadRow(id=item.id, text=item.question, choices=item.choices, answers=(item.choices[item.gold],))
    return ReadRow(id=item.id, text=item.prompt, answers=item.answers)
