"""Items from a task file of lm-evaluation-harness, with identical prompts (its api/task.py and api/samplers.py)."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ...errors import DatasetError
from ...plan.model import OwnSuite, data_path
from ..items import ChoiceItem, GenerateItem, Item
from ..patterns import check_pattern
from ..reference.datasets import read_rows
from ..scorers.harness_match import HarnessCheck, RegexStep, metric_name
from ..spec import SuiteSpec
from .yaml import HarnessTask, Metric, read_harness_task

_SEED = 1234
"""The harness's default few-shot seed."""
_MAX_TEXT = 1_000_000
"""Characters of a rendered text: far more than any context holds."""
_Row = Mapping[str, Any]
RowBegins = Callable[[str], None]


def harness_files(path: Path) -> list[Path]:
    """The task file and all the data files it names.

    Raises:
        DatasetError: as ``read_harness_task``.
    """
    files = read_harness_task(path).data_files(path.parent)
    return [path, *dict.fromkeys(file for each in files.values() for file in each)]


def open_task_suite(
    suite: OwnSuite, *, row_begins: RowBegins = lambda _where: None
) -> tuple[SuiteSpec, tuple[Item, ...]]:
    """Spec and items of a suite whose data is a task file. ``row_begins`` is told before each row is rendered.

    Templates may take forever: ``limited`` calls this in a process with limits.

    Raises:
        DatasetError: as ``open_harness_task``, or the suite changes how the task is asked.
    """
    changes = suite.asking.changes()
    if changes:
        raise DatasetError(
            f"{suite.name} is asked and scored as its task file says: it takes no {changes[0]}.",
            hint="To ask it another way, give the data itself under another name.",
        )
    return open_harness_task(Path(data_path(suite)), name=suite.name, row_begins=row_begins)


def open_harness_task(
    path: Path, *, name: str, row_begins: RowBegins = lambda _where: None
) -> tuple[SuiteSpec, tuple[Item, ...]]:
    """Spec and items of a task file, in the order of its rows.

    Raises:
        DatasetError: the file asks for something unsupported, or a row does not fit it.
    """
    task = read_harness_task(path)
    maker = _Maker(task, path)
    items = maker.items(row_begins)
    if not items:
        raise DatasetError(f"The split {task.asked_split} of {path} has no rows.", hint="Check the file it names.")
    return _spec(task, name, items), items


def _spec(task: HarnessTask, name: str, items: Sequence[Item]) -> SuiteSpec:
    title = f"{task.task}, from lm-evaluation-harness's task file"
    n_shot = task.num_fewshot or 0
    if task.output_type == "multiple_choice":
        listed = [each.metric for each in task.metric_list] or ["acc", "acc_norm"]
        rates = [1 / len(item.choices) for item in items if isinstance(item, ChoiceItem)]
        return SuiteSpec(
            name=name,
            title=title,
            kind="choice",
            metric="acc_norm" if "acc_norm" in listed else "acc",
            chance=sum(rates) / len(rates),
            n_shot=n_shot,
            prompt_style="plain",
            delimiter=task.target_delimiter,
        )
    lead, until = _filters(task)[0], task.generation_kwargs.until
    return SuiteSpec(
        name=name,
        title=title,
        kind="generate",
        metric=metric_name(lead),
        n_shot=n_shot,
        stop=(until,) if isinstance(until, str) else until,
        max_tokens=task.generation_kwargs.max_gen_toks,
        extractor=f"regex:{lead.group}:{lead.pattern}" if lead.pattern else "whole",
        scorer="harness_match",
    )


def _filters(task: HarnessTask) -> tuple[RegexStep, ...]:
    """The task's filters; without any, the answer itself is compared."""
    steps = []
    for each in task.filter_list:
        step = next((step for step in each.filter if step.function == "regex"), None)
        label = "" if each.name == "none" else each.name
        if step is None:
            steps.append(RegexStep(name=label))
        else:
            steps.append(
                RegexStep(name=label, pattern=step.regex_pattern, group=step.group_select, fallback=step.fallback)
            )
    return tuple(steps) or (RegexStep(name=""),)


class _Maker:
    def __init__(self, task: HarnessTask, path: Path) -> None:
        import jinja2
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        self._task, self._path = task, path
        # Task files are shared like data, so their templates must not reach Python.
        self._jinja = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
        self._jinja.filters["regex_replace"] = _regex_replace
        self._templates: dict[str, Any] = {}
        splits = {task.asked_split, task.shots_split} if task.num_fewshot else {task.asked_split}
        self._rows = {split: self._read(split) for split in splits}
        self._draw = random.Random(_SEED)

    def items(self, row_begins: RowBegins) -> tuple[Item, ...]:
        """One item per row of the split that is asked."""
        make = self._choice_item if self._task.output_type == "multiple_choice" else self._generate_item
        split = self._task.asked_split
        # In row order, because every row draws its few-shot examples from the same generator.
        items = []
        for n, row in enumerate(self._rows[split]):
            where = f"row {n} of {split}"
            row_begins(where)
            items.append(make(row, where, n))
        return tuple(items)

    def _read(self, split: str) -> list[dict[str, Any]]:
        files = self._task.data_files(self._path.parent)
        if split not in files:
            raise self._wrong("dataset_kwargs.data_files", f"has no split {split!r}, only {', '.join(files)}")
        missing = next((file for file in files[split] if not file.is_file()), None)
        if missing is not None:
            raise self._wrong("dataset_kwargs.data_files", f"names {missing}, which does not exist")
        return [row for file in files[split] for row in read_rows(file)]

    def _choice_item(self, row: _Row, where: str, number: int) -> Item:
        choices = self._choices(row, where)
        gold = self._gold(row, choices, where)
        return ChoiceItem(
            id=f"{self._task.asked_split}-{number}",
            question=self._text(row, where),
            choices=choices,
            gold=gold,
            contexts=(self._context(row, where),),
            continuations=tuple(self._task.target_delimiter + choice for choice in choices),
        )

    def _generate_item(self, row: _Row, where: str, number: int) -> Item:
        metric = next(iter(self._task.metric_list), Metric(metric="exact_match"))
        check = HarnessCheck(
            filters=_filters(self._task),
            ignore_case=metric.ignore_case,
            ignore_punctuation=metric.ignore_punctuation,
            regexes_to_ignore=metric.regexes_to_ignore,
        )
        for pattern in (*check.regexes_to_ignore, *(step.pattern for step in check.filters)):
            check_pattern(pattern)
        prompt = self._context(row, where)
        # With a chat template, the harness sends the same text as one user turn.
        return GenerateItem(
            id=f"{self._task.asked_split}-{number}",
            prompt=prompt,
            plain_prompt=prompt,
            answers=self._answers(row, where),
            check=msgspec.to_builtins(check),
        )

    def _context(self, row: _Row, where: str) -> str:
        task = self._task
        parts = [self._render(task.description, row, "description", where) if task.description else ""]
        for shot in self._shots(row):
            solved = self._solved(shot, f"a solved example of {task.shots_split}")
            parts.append(self._text(shot, where) + task.target_delimiter + solved + task.fewshot_delimiter)
        return "".join([*parts, self._text(row, where)])

    def _shots(self, row: _Row) -> Sequence[_Row]:
        task = self._task
        n = task.num_fewshot or 0
        if not n:
            return ()
        pool = self._rows[task.shots_split]
        same = task.shots_split == task.asked_split
        if len(pool) < n + same:
            raise self._wrong("num_fewshot", f"is {n}, but the split {task.shots_split} has {len(pool)} rows")
        if task.fewshot_config.sampler == "first_n":
            return [each for each in pool if not same or each != row][:n]
        if not same:
            return self._draw.sample(pool, n)
        return [each for each in self._draw.sample(pool, n + 1) if each != row][:n]

    def _solved(self, row: _Row, where: str) -> str:
        if self._task.output_type == "multiple_choice":
            choices = self._choices(row, where)
            return choices[self._gold(row, choices, where)]
        return self._answers(row, where)[0]

    def _text(self, row: _Row, where: str) -> str:
        text = self._value(self._task.doc_to_text, row, "doc_to_text", where)
        if not isinstance(text, str) or (self._task.doc_to_choice is not None and text.isdigit()):
            raise self._wrong("doc_to_text", f"gives {text!r} for {where}; it must be a text, the same for all choices")
        return text

    def _choices(self, row: _Row, where: str) -> tuple[str, ...]:
        template = self._task.doc_to_choice
        choices: Any = template
        if isinstance(template, str):
            choices = self._value(template, row, "doc_to_choice", where)
            if template not in row:
                choices = _literal(choices)
        if (
            not isinstance(choices, list | tuple)
            or len(choices) < 2
            or not all(isinstance(one, str) for one in choices)
        ):
            raise self._wrong("doc_to_choice", f"gives {str(choices)[:80]!r} for {where}; it must be a list of texts")
        return tuple(choices)

    def _gold(self, row: _Row, choices: tuple[str, ...], where: str) -> int:
        target = self._target(row, where)
        if isinstance(target, str):
            # A template's output is a number if possible; the harness's CSV reader also recognizes numbers.
            counts = self._task.dataset_path == "csv" or self._task.doc_to_target not in row
            if counts and re.fullmatch(r"[0-9]{1,4}", target):
                target = int(target)
            elif target in choices:
                return choices.index(target)
        if isinstance(target, bool) or not isinstance(target, int) or not 0 <= target < len(choices):
            raise self._wrong(
                "doc_to_target", f"gives {str(target)[:80]!r} for {where}, which is not one of the choices"
            )
        return target

    def _answers(self, row: _Row, where: str) -> tuple[str, ...]:
        target = self._target(row, where)
        if isinstance(target, str) and target[:1] == "[" and target[-1:] == "]":
            read = _literal(target)
            target = target if read is None else read
        answers = tuple(str(one) for one in (target if isinstance(target, list | tuple) else [target]))
        if not answers or target is None:
            raise self._wrong("doc_to_target", f"gives no answer for {where}")
        return answers

    def _target(self, row: _Row, where: str) -> Any:
        wanted = self._task.doc_to_target
        return wanted if isinstance(wanted, int) else self._value(wanted, row, "doc_to_target", where)

    def _value(self, template: str, row: _Row, key: str, where: str) -> Any:
        """The column of that name, or else the rendered template."""
        return row[template] if template in row else self._render(template, row, key, where)

    def _render(self, template: str, row: _Row, key: str, where: str) -> str:
        try:
            if template not in self._templates:
                self._templates[template] = self._jinja.from_string(template)
            text = str(self._templates[template].render(**row))
        except (DatasetError, MemoryError):
            raise
        except Exception as error:  # a template can raise anything: missing columns, wrong types, broken Jinja
            raise self._wrong(key, f"fails for {where}: {str(error)[:160]}") from None
        if len(text) > _MAX_TEXT:
            raise self._wrong(key, f"gives more than {_MAX_TEXT:,} characters for {where}")
        return text

    def _wrong(self, key: str, what: str) -> DatasetError:
        return DatasetError(f"The task {self._path} cannot be used: {key} {what}.")


def _literal(text: Any) -> Any:
    """The Python literal that a template wrote; None when it is not one."""
    try:
        return ast.literal_eval(str(text))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _regex_replace(text: str, pattern: str, replacement: str, count: int = 0) -> str:
    """The ``regex_replace`` filter of the harness's templates."""
    import regex  # type: ignore[import-untyped]  # like re, with a time limit

    try:
        return str(regex.sub(pattern, replacement, text, count=count, timeout=10.0))
    except TimeoutError:
        raise DatasetError(f"The template's pattern {pattern!r} takes too long.") from None
