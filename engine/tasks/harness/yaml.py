"""Reads task files (YAML) of lm-evaluation-harness that need nothing but themselves and local data.

Supported: local json, csv and parquet data (``dataset_path`` with ``dataset_kwargs.data_files``, relative to the YAML),
prompts, choices and targets as columns or Jinja, few-shot examples, ``multiple_choice`` and ``generate_until``,
``acc``, ``acc_norm`` and ``exact_match``, ``regex`` and ``take_first`` filters. Anything else, Python functions above
all, is an error that names the key, because half a task would be a different task.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from ...errors import DatasetError
from ...files import read_file

SUFFIXES = (".yaml", ".yml")
MAX_SIZE_BYTES = 2**20
_LOADERS = ("json", "csv", "parquet")
_IGNORED = ("tag", "task_alias", "metadata", "should_decontaminate", "doc_to_decontamination_query", "training_split")
"""Keys that change nothing about asking or scoring, except that ``training_split`` may hold the few-shot examples."""


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of a task file."""


class Metric(_Part, frozen=True, kw_only=True):
    """One of ``metric_list``."""

    metric: Literal["acc", "acc_norm", "exact_match"]
    aggregation: Literal["mean"] = "mean"
    higher_is_better: Literal[True] = True
    ignore_case: bool = False
    ignore_punctuation: bool = False
    regexes_to_ignore: tuple[str, ...] = ()


class FilterStep(_Part, frozen=True, kw_only=True):
    """One step of a filter."""

    function: Literal["regex", "take_first"]
    regex_pattern: str = r"#### (\-?[0-9\.\,]+)"
    group_select: int = 0
    fallback: str = "[invalid]"


class Filter(_Part, frozen=True, kw_only=True):
    """One of ``filter_list``, with up to one ``regex`` step."""

    name: str
    filter: tuple[FilterStep, ...]


class Generation(_Part, frozen=True, kw_only=True):
    """``generation_kwargs``; answers are greedy."""

    until: tuple[str, ...] | str = ("\n\n",)
    max_gen_toks: int = 256
    do_sample: Literal[False] = False
    temperature: float = 0.0


class FewshotConfig(_Part, frozen=True, kw_only=True):
    """How few-shot examples are chosen."""

    sampler: Literal["default", "first_n"] = "default"


class HarnessTask(_Part, frozen=True, kw_only=True):
    """A task file, checked."""

    task: str
    dataset_path: Literal["json", "csv", "parquet"]
    dataset_kwargs: dict[str, Any]
    dataset_name: str | None = None
    output_type: Literal["multiple_choice", "generate_until"] = "generate_until"
    training_split: str | None = None
    validation_split: str | None = None
    test_split: str | None = None
    fewshot_split: str | None = None
    num_fewshot: int | None = None
    fewshot_config: FewshotConfig = FewshotConfig()
    doc_to_text: str
    doc_to_target: str | int
    doc_to_choice: str | tuple[str, ...] | None = None
    description: str = ""
    target_delimiter: str = " "
    fewshot_delimiter: str = "\n\n"
    generation_kwargs: Generation = Generation()
    metric_list: tuple[Metric, ...] = ()
    filter_list: tuple[Filter, ...] = ()
    repeats: Literal[1] = 1

    @property
    def asked_split(self) -> str:
        """The split whose rows are asked; empty when the file names none."""
        return self.test_split or self.validation_split or ""

    @property
    def shots_split(self) -> str:
        """The split that few-shot examples come from."""
        return self.fewshot_split or self.training_split or self.validation_split or self.test_split or ""

    def data_files(self, folder: Path) -> dict[str, list[Path]]:
        """The files of each split, below ``folder``. Without split names, all files are ``train``."""
        named_files = self.dataset_kwargs["data_files"]
        splits = named_files if isinstance(named_files, dict) else {"train": named_files}
        return {
            str(split): [folder / name for name in ([names] if isinstance(names, str) else names)]
            for split, names in splits.items()
        }


def is_harness_task(data: str) -> bool:
    """Whether a suite's data is a task file, going by its name."""
    return data.lower().endswith(SUFFIXES)


def read_harness_task(path: Path) -> HarnessTask:
    """The task in ``path``.

    Raises:
        DatasetError: the file cannot be read, or a key is not supported; the message names the key.
    """
    table = _load(path)
    for where, value in _walk(table):
        if isinstance(value, _PythonFunction):
            raise _unusable(path, where, f"is the Python function {value.name}, which weighin does not run")
    for key in table:
        if key not in HarnessTask.__struct_fields__ and key not in _IGNORED:
            raise _unusable(path, str(key), "is not supported")
    if table.get("dataset_path") not in _LOADERS:
        raise _unusable(
            path,
            "dataset_path",
            f"is {table.get('dataset_path')!r}; it must be json, csv or parquet, with local files in"
            " dataset_kwargs.data_files",
        )
    kept = {key: value for key, value in table.items() if key == "training_split" or key not in _IGNORED}
    try:
        # The harness treats a missing value and a null alike.
        task = msgspec.convert({k: v for k, v in kept.items() if v is not None}, HarnessTask, strict=True)
    except msgspec.ValidationError as error:
        raise DatasetError(f"The task {path} cannot be used: {str(error).replace('$.', '')}.") from None
    _check(task, path)
    return task


def _check(task: HarnessTask, path: Path) -> None:
    for key, problem in (*_data_problems(task), *_kind_problems(task), *_list_problems(task)):
        raise _unusable(path, key, problem)


_Problem = tuple[str, str]
"""A key of the file, and what is wrong with its value."""


def _data_problems(task: HarnessTask) -> Iterator[_Problem]:
    for key in sorted(set(task.dataset_kwargs) - {"data_files"}):
        yield f"dataset_kwargs.{key}", "is not supported"
    files = task.dataset_kwargs.get("data_files")
    names = [name for each in (files.values() if isinstance(files, dict) else [files]) for name in _names(each)]
    if not names or not all(isinstance(name, str) and name for name in names):
        yield "dataset_kwargs.data_files", "names no files"
    for name in names:
        if isinstance(name, str) and "://" in name:
            yield "dataset_kwargs.data_files", f"names {name}; only files on this machine can be read"
    if not task.asked_split:
        yield "test_split", "is missing, and so is validation_split: one of them names the rows to ask"


def _kind_problems(task: HarnessTask) -> Iterator[_Problem]:
    """What does not go with the task's ``output_type``."""
    is_choice = task.output_type == "multiple_choice"
    if is_choice and task.doc_to_choice is None:
        yield "doc_to_choice", "is missing"
    if not is_choice and task.doc_to_choice is not None:
        yield "doc_to_choice", "works only with multiple_choice"
    metrics = ("acc", "acc_norm") if is_choice else ("exact_match",)
    for each in task.metric_list:
        if each.metric not in metrics:
            yield "metric_list", f"has {each.metric}, which does not work with {task.output_type}"
    if is_choice and task.filter_list:
        yield "filter_list", "works only with generate_until"


def _list_problems(task: HarnessTask) -> Iterator[_Problem]:
    if _has_duplicates(each.metric for each in task.metric_list):
        yield "metric_list", "has a metric twice"
    if any(sum(step.function == "regex" for step in each.filter) > 1 for each in task.filter_list):
        yield "filter_list", "has two regex steps in one filter"
    if _has_duplicates(each.name for each in task.filter_list):
        yield "filter_list", "has a name twice"
    if task.generation_kwargs.temperature or task.generation_kwargs.max_gen_toks < 1:
        yield "generation_kwargs", "must be greedy, with max_gen_toks of 1 or more"
    if (task.num_fewshot or 0) < 0:
        yield "num_fewshot", "is negative"


def _has_duplicates(names: Iterable[str]) -> bool:
    listed = list(names)
    return len(set(listed)) < len(listed)


def _names(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


class _PythonFunction:
    """The value of a ``!function`` tag."""

    def __init__(self, name: str) -> None:
        self.name = name


def _load(path: Path) -> dict[Any, Any]:
    import yaml  # type: ignore[import-untyped] # only for these files

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        """Builds plain values only."""

    Loader.add_constructor("!function", lambda _loader, node: _PythonFunction(str(node.value)))
    try:
        table = yaml.load(read_file(path, max_bytes=MAX_SIZE_BYTES), Loader)  # a safe loader plus one tag
    except FileNotFoundError:
        raise DatasetError(f"There is no task file {path}.") from None
    except OSError as error:
        raise DatasetError(f"The task {path} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DatasetError(f"The task {path} is not valid YAML: {reason}.") from None
    if not isinstance(table, dict):
        raise DatasetError(f"The task {path} holds no keys.", hint="It should be a task file of lm-evaluation-harness.")
    return table


def _walk(table: Any) -> Iterator[tuple[str, Any]]:
    """Every value with its path; a value shared through YAML anchors comes once."""
    seen: set[int] = set()
    waiting: list[tuple[str, Any]] = [("", table)]
    while waiting:
        where, value = waiting.pop()
        if isinstance(value, dict | list):
            if id(value) in seen:
                continue
            seen.add(id(value))
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            waiting += [(f"{where}.{key}".lstrip("."), each) for key, each in pairs]
        yield where, value


def _unusable(path: Path, key: str, what: str) -> DatasetError:
    return DatasetError(
        f"The task {path} cannot be used: {key} {what}.",
        hint="weighin reads tasks that need no Python. Or give the data itself with --data.",
    )
