"""Shows your own data before anything runs: rows as they were read, problems, and items as they will be asked."""

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
    """A row as weighin reads it."""

    id: str
    text: str
    """The question or prompt."""
    choices: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    """All correct answers; empty when the scorer checks something else."""


class DataPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a preview of your own data shows."""

    name: str
    source: str
    kind: Kind
    columns: tuple[str, ...]
    """Columns of the first row, after the mapping."""
    items: int
    """Number of items to ask: usable rows without worked examples."""
    shots: int
    scorer: str = ""
    """Scorer of generate items."""
    metric: str = ""
    """The main metric; empty while there are problems."""
    problems: tuple[RowProblem, ...] = ()
    """Nothing can be asked until these are fixed."""
    rows: tuple[ReadRow, ...] = ()
    asked: tuple[Preview, ...] = ()


def preview_suite(suite: OwnSuite, *, count: int = 3) -> DataPreview:
    """The first ``count`` rows and items of the data, and every problem in it.

    Raises:
        DatasetError, HubError: the data as a whole is missing or cannot be used, or something named in ``suite`` does
            not exist.
    """
    if is_harness_task(data_path(suite)):
        return _preview_task_file(suite, count)
    own_files = find_own_files(suite)
    data = read_own(suite, own_files)
    result = DataPreview(
        name=suite.name,
        source=own_files.where,
        kind=data.kind,
        columns=data.columns,
        items=len(data.items),
        shots=0 if data.problems else suite.asking.shots,
        scorer="" if data.kind == "choice" else suite.asking.scorer or DEFAULT_SCORER,
        problems=data.problems,
        rows=tuple(_row(item) for item in data.items[:count]),
    )
    if data.problems:
        return result
    spec = own_spec(suite, own_files, data)
    return msgspec.structs.replace(result, metric=spec.metric, asked=preview(spec, data.items, count=count))


def _preview_task_file(suite: OwnSuite, count: int) -> DataPreview:
    """The first items of a task file of lm-evaluation-harness, including worked examples."""
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
