"""The names of suites, subjects and metrics in lm-evaluation-harness's files.

A suite that the harness also has gets the harness' name, so that tools can compare the two: ``arc-easy`` is
``arc_easy``, and a subject of ``mmlu`` is ``mmlu_anatomy``, in the area ``mmlu_stem`` of the group ``mmlu``. Each
language of ``mgsm`` is a separate task, because the harness gives them a common tag, and tags have no row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..events.run import AnswerScored
from ..tasks.spec import SuiteSpec

NO_FILTER = "none"
_STRICT = "_strict"
BY_PART = frozenset({"inst_level_strict_acc", "inst_level_loose_acc"})
"""Metrics that the harness averages over parts (in IFEval, instructions) instead of documents, without an error."""


@dataclass(frozen=True)
class TaskGroup:
    """Tasks that share a row in the results."""

    name: str
    alias: str
    version: str
    children: tuple[str, ...]
    """Groups or tasks directly below it."""
    tasks: tuple[str, ...]
    """All tasks below it."""


def task_name(answer: AnswerScored, spec: SuiteSpec | None, *, has_subjects: bool) -> str:
    """The task of the suite, or of the answer's subject."""
    base = spec.harness.task if spec and spec.harness else answer.suite
    return f"{base}_{answer.group}" if has_subjects and answer.group else base


def task_version(spec: SuiteSpec | None, own: str) -> float | str:
    """The harness' version of the task, or ``own`` for a suite that it does not have."""
    return spec.harness.version if spec and spec.harness else own


def groups_of(suite: str, spec: SuiteSpec | None, subjects: Mapping[str, str], own: str) -> list[TaskGroup]:
    """The groups of a suite with subjects, areas before the whole. Empty if the harness only tags its tasks.

    ``spec`` is None for the user's own data, ``subjects`` has the tasks by subject, and ``own`` is weighin's version.
    """
    harness = spec.harness if spec else None
    if harness and not harness.group_version:
        return []
    name, version = (harness.task, harness.group_version) if harness else (suite, own)
    areas = spec.areas if spec else {}
    groups = []
    for area, members in areas.items():
        tasks = tuple(subjects[subject] for subject in members if subject in subjects)
        if tasks:
            alias = area.replace("_", " ")
            groups.append(TaskGroup(f"{name}_{area}", alias, version, children=tasks, tasks=tasks))
    placed = {task for group in groups for task in group.tasks}
    rest = tuple(task for task in subjects.values() if task not in placed)
    children = (*(group.name for group in groups), *rest)
    return [*groups, TaskGroup(name, name, version, children=children, tasks=tuple(subjects.values()))]


def by_filter(scores: Mapping[str, float], spec: SuiteSpec | None) -> dict[str, dict[str, float]]:
    """Metrics by the harness' filter name, under the harness' names."""
    filters: dict[str, dict[str, float]] = {}
    for name, value in _renamed(scores, spec).items():
        # Task files already have the harness' names.
        metric, _, filter_name = name.partition(",")
        filters.setdefault(filter_name or NO_FILTER, {})[metric] = value
    return filters


def _renamed(scores: Mapping[str, float], spec: SuiteSpec | None) -> dict[str, float]:
    if spec and spec.harness and spec.harness.metrics:
        return {new: scores[old] for old, new in spec.harness.metrics.items() if old in scores}
    if any("," in name for name in scores) or not any(name.endswith(_STRICT) for name in scores):
        return dict(scores)
    # The user's own data, scored like GSM8K.
    return {
        f"{name.removesuffix(_STRICT)},{'strict-match' if name.endswith(_STRICT) else 'flexible-extract'}": value
        for name, value in scores.items()
    }


def metric_names(answers: Sequence[AnswerScored], spec: SuiteSpec | None) -> list[str]:
    """Every metric of the answers, without its filter."""
    names = (name for answer in answers for metrics in by_filter(answer.scores, spec).values() for name in metrics)
    return list(dict.fromkeys(names))
