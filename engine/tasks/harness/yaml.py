"""Task files of lm-evaluation-harness (its YAML), as far as they say everything themselves.

What is read: local json, csv and parquet data (``dataset_path`` with ``dataset_kwargs.data_files``, from the YAML's own
folder), prompts, choices and targets as columns or Jinja, solved examples, ``multiple_choice`` and ``generate_until``,
``acc``, ``acc_norm`` and ``exact_match``, ``regex`` and ``take_first`` filters. Whatever else a file asks for, Python
functions above all, is refused with the key's name: half a task would be another task.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from ...errors import DatasetError

SUFFIXES = (".yaml", ".yml")
MAX_SIZE_BYTES = 2**20
_LOADERS = ("json", "csv", "parquet")
_IGNORED = ("tag", "task_alias", "metadata", "should_decontaminate", "doc_to_decontamination_query", "training_split")
"""Say nothing about what is asked or scored, except ``training_split`` as the usual place of solved examples."""


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
    """One of ``filter_list``: at most one ``regex`` step."""

    name: str
    filter: tuple[FilterStep, ...]


class Generation(_Part, frozen=True, kw_only=True):
    """``generation_kwargs``; answers are greedy."""

    until: tuple[str, ...] | str = ("\n\n",)
    max_gen_toks: int = 256
    do_sample: Literal[False] = False
    temperature: float = 0.0


class FewshotConfig(_Part, frozen=True, kw_only=True):
    """How solved examples are chosen."""

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
        """The split whose rows are asked; empty where none is named."""
        return self.test_split or self.validation_split or ""

    @property
    def shots_split(self) -> str:
        """The split that solved examples come from."""
        return self.fewshot_split or self.training_split or self.validation_split or self.test_split or ""

    def data_files(self, folder: Path) -> dict[str, list[Path]]:
        """The files of each split, by their paths from ``folder``; without names of splits all are ``train``."""
        given = self.dataset_kwargs["data_files"]
        splits = given if isinstance(given, dict) else {"train": given}
        return {
            str(split): [folder / name for name in ([names] if isinstance(names, str) else names)]
            for split, names in splits.items()
        }


def is_harness_task(data: str) -> bool:
    """Whether what a suite names as its data is a task file."""
    return data.lower().endswith(SUFFIXES)


def read_harness_task(path: Path) -> HarnessTask:
    """The task in ``path``.

    Raises:
        DatasetError: it cannot be read, or asks for something that is not known here; names the key.
    """
    table = _load(path)
    for where, value in _walk(table):
        if isinstance(value, _PythonFunction):
            raise _unknown(path, where, f"is the Python function {value.name}, which is not run")
    for key in table:
        if key not in HarnessTask.__struct_fields__ and key not in _IGNORED:
            raise _unknown(path, str(key), "is not known here")
    if table.get("dataset_path") not in _LOADERS:
        raise _unknown(
            path,
            "dataset_path",
            f"is {table.get('dataset_path')!r}; only local data is read: json, csv or parquet with"
            " dataset_kwargs.data_files",
        )
    kept = {key: value for key, value in table.items() if key == "training_split" or key not in _IGNORED}
    try:
        # A missing value and a null are the same in the harness.
        task = msgspec.convert({k: v for k, v in kept.items() if v is not None}, HarnessTask, strict=True)
    except msgspec.ValidationError as error:
        raise DatasetError(f"The task {path} cannot be used: {str(error).replace('$.', '')}.") from None
    _check(task, path)
    return task


def _check(task: HarnessTask, path: Path) -> None:
    extra = set(task.dataset_kwargs) - {"data_files"}
    if extra:
        raise _unknown(path, f"dataset_kwargs.{min(extra)}", "is not known here")
    given = task.dataset_kwargs.get("data_files")
    names = [name for each in (given.values() if isinstance(given, dict) else [given]) for name in _names(each)]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise _unknown(path, "dataset_kwargs.data_files", "names no files")
    far = next((name for name in names if "://" in name), None)
    if far is not None:
        raise _unknown(path, "dataset_kwargs.data_files", f"names {far}; only files on this machine are read")
    if not task.asked_split:
        raise _unknown(path, "test_split", "is missing, and validation_split too: nothing says what is asked")
    if task.output_type == "multiple_choice" and task.doc_to_choice is None:
        raise _unknown(path, "doc_to_choice", "is missing")
    if task.output_type == "generate_until" and task.doc_to_choice is not None:
        raise _unknown(path, "doc_to_choice", "is for multiple_choice here")
    fitting = ("acc", "acc_norm") if task.output_type == "multiple_choice" else ("exact_match",)
    wrong = next((each.metric for each in task.metric_list if each.metric not in fitting), None)
    if wrong is not None:
        raise _unknown(path, "metric_list", f"has {wrong}, which does not go with {task.output_type}")
    if len(task.metric_list) != len({each.metric for each in task.metric_list}):
        raise _unknown(path, "metric_list", "has a metric twice")
    if task.filter_list and task.output_type == "multiple_choice":
        raise _unknown(path, "filter_list", "is for generate_until here")
    if any(sum(step.function == "regex" for step in each.filter) > 1 for each in task.filter_list):
        raise _unknown(path, "filter_list", "has two regex steps in one filter")
    if len({each.name for each in task.filter_list}) < len(task.filter_list):
        raise _unknown(path, "filter_list", "has a name twice")
    if task.generation_kwargs.temperature or task.generation_kwargs.max_gen_toks < 1:
        raise _unknown(path, "generation_kwargs", "must be greedy, with max_gen_toks of 1 or more")
    if (task.num_fewshot or 0) < 0:
        raise _unknown(path, "num_fewshot", "is negative")


def _names(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


class _PythonFunction:
    """What stands behind ``!function``."""

    def __init__(self, name: str) -> None:
        self.name = name


def _load(path: Path) -> dict[Any, Any]:
    import yaml  # type: ignore[import-untyped] # only for these files

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        """Builds nothing but plain values."""

    Loader.add_constructor("!function", lambda _loader, node: _PythonFunction(str(node.value)))
    try:
        if path.stat().st_size > MAX_SIZE_BYTES:
            raise DatasetError(f"The task {path} has more than {MAX_SIZE_BYTES // 2**20} MiB.")
        table = yaml.load(path.read_bytes(), Loader)  # a safe loader with one more tag
    except FileNotFoundError:
        raise DatasetError(f"There is no task file {path}.") from None
    except OSError as error:
        raise DatasetError(f"The task {path} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        words = " ".join(str(error).split())[:200]
        raise DatasetError(f"The task {path} is not valid YAML: {words}.") from None
    if not isinstance(table, dict):
        raise DatasetError(f"The task {path} holds no keys.", hint="It should be a task of lm-evaluation-harness.")
    return table


def _walk(table: Any) -> Iterator[tuple[str, Any]]:
    """Every value with its place; one that is there several times (YAML's anchors) once."""
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


def _unknown(path: Path, key: str, what: str) -> DatasetError:
    return DatasetError(
        f"The task {path} cannot be used: {key} {what}.",
        hint="Tasks that need no Python are read; or give the data itself with --data.",
    )
