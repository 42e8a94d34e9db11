"""Shows your own data before anything runs: rows as they were read, problems, and items as they will be asked."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ...plan.model import OwnSuite, data_path
from ..harness.yaml import is_harness_task
from ..items import ChoiceItem, GenerateItem, Item
from ..limited import limited
from ..scorers import DEFAULT_SCORER, find_scorer
from ..spec import Kind
from .cells import RowProblem
from .data import ColumnUse
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
    compared: tuple[str, ...] = ()
    """For each answer how it is compared, in few words, such as ``as the number 1234.56``; empty where all answers of
    the data are compared alike."""


class DataPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a preview of your own data shows."""

    name: str
    source: str
    kind: Kind
    columns: tuple[ColumnUse, ...] = ()
    """Columns of the first usable row that mean something, with their names in the file."""
    unused: tuple[str, ...] = ()
    """Its other columns."""
    how: tuple[str, ...] = ()
    """How the data was read where that is not what everybody expects, in a few words each."""
    doubts: tuple[RowProblem, ...] = ()
    """Usable, but a person should look: there is another way to read it. Line 0 is the data as a whole."""
    items: int
    """Number of items to ask: usable rows without worked examples."""
    shots: int
    scorer: str = ""
    """Scorer of generate items."""
    compared: str = ""
    """How every answer is compared, such as ``as text``; empty when that differs between answers."""
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
    scorer = "" if data.kind == "choice" else suite.asking.scorer or DEFAULT_SCORER
    compared = _comparison(data.items, scorer)
    result = DataPreview(
        name=suite.name,
        source=own_files.where,
        kind=data.kind,
        columns=data.columns,
        unused=data.unused,
        how=data.how,
        doubts=data.doubts,
        items=len(data.items),
        shots=0 if data.problems else suite.asking.shots,
        scorer=scorer,
        compared=compared,
        problems=data.problems,
        rows=tuple(_row(item, "" if compared else scorer) for item in data.items[:count]),
    )
    if data.problems:
        return result
    spec = own_spec(suite, own_files, data)
    return msgspec.structs.replace(result, metric=spec.metric, asked=preview(spec, data.items, count=count))


def _preview_task_file(suite: OwnSuite, count: int) -> DataPreview:
    """The first items of a task file of lm-evaluation-harness, including worked examples."""
    spec, items = limited().open_task(suite)
    return DataPreview(
        name=suite.name,
        source=data_path(suite),
        kind=spec.kind,
        items=len(items),
        shots=spec.n_shot,
        scorer="" if spec.kind == "choice" else spec.scorer,
        metric=spec.metric,
        rows=tuple(_row(item, "") for item in items[:count]),
        asked=preview(spec, items, count=count),
    )


def _comparison(items: Sequence[Item], scorer: str) -> str:
    """How all answers are compared; empty when they differ, or are choices."""
    if not scorer:
        return ""
    read = find_scorer(scorer).read_golds
    found = {each.comparison for item in items if isinstance(item, GenerateItem) for each in read(item)}
    return found.pop() if len(found) == 1 else ""


def _row(item: Item, scorer: str) -> ReadRow:
    if isinstance(item, ChoiceItem):
        return ReadRow(id=item.id, text=item.question, choices=item.choices, answers=(item.choices[item.gold],))
    compared = tuple(each.comparison for each in find_scorer(scorer).read_golds(item)) if scorer else ()
    return ReadRow(id=item.id, text=item.prompt, answers=item.answers, compared=compared)
