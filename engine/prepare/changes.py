"""A plan with changes: what a command line names on top of a plan file, or of nothing.

Models are added afterwards (``candidates_from_paths``), because they may have to be downloaded first, and everything
else is checked before gigabytes arrive.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from ..errors import PlanError
from ..plan.checks import check_plan
from ..plan.model import BuiltInSuite, OwnAsking, OwnSuite, Plan, PlannedSuite, PromptStyle, RacePlan, data_path
from ..tasks.harness.yaml import is_harness_task
from ..tasks.spec import suite_specs
from .default_suites import DEFAULT_SUITE
from .freeze import own_suite
from .inputs import Inputs

Part = TypeVar("Part", bound=msgspec.Struct)


class OwnDataChanges(msgspec.Struct, frozen=True, kw_only=True):
    """How the user's own data is asked and scored; None leaves the plan's value."""

    scorer: str | None = None
    columns: dict[str, str] | None = None
    """The user's column names to ours."""
    shots: int | None = None
    extractor: str | None = None
    metric: str | None = None
    right_at: float | None = None
    system: str | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] | None = None


class PlanChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What replaces the plan's values; None and empty leave them."""

    prompt_style: PromptStyle | None = None
    suites: tuple[str, ...] = ()
    """Names of suites and paths of lm-evaluation-harness task files."""
    data: tuple[str, ...] = ()
    """The user's own data as ``own_suite`` reads it, or ``SUITE=FOLDER`` for the data of a reference suite."""
    own: OwnDataChanges = OwnDataChanges()
    n_threads: int | None = None
    n_ctx: int | None = None
    repeats: int | None = None
    item_limit: int | None = None
    time_budget_s: float | None = None
    max_memory_bytes: int | None = None
    min_generation_tokens_per_second: float | None = None
    max_ttft_s: float | None = None
    race: bool | None = None
    consistency_items: int | None = None
    samples: int | None = None
    temperature: float | None = None


def changed_plan(plan: Plan, changes: PlanChanges) -> Plan:
    """``plan`` with ``changes``; a plan without suites gets ``DEFAULT_SUITE``.

    Raises:
        PlanError: options for the user's own data without own data.
        DatasetError: a task file that cannot be read.
    """
    suites = _suites(changes) or plan.suites or (BuiltInSuite(name=DEFAULT_SUITE),)
    candidates = plan.candidates
    if changes.prompt_style is not None:
        candidates = tuple(msgspec.structs.replace(c, prompt_style=changes.prompt_style) for c in candidates)
    # A number of items that the user names is exact, however long the answers are: no share limits it.
    share = None if changes.consistency_items is None else 0.0
    return _changed(
        plan,
        candidates=candidates,
        suites=_with_own_data_changes(suites, changes.own),
        race=None if changes.race is None else RacePlan(enabled=changes.race),
        consistency=_changed(
            plan.consistency,
            items=changes.consistency_items,
            samples=changes.samples,
            temperature=changes.temperature,
            share=share,
        ),
        settings=_changed(plan.settings, n_threads=changes.n_threads, n_ctx=changes.n_ctx),
        limits=_changed(
            plan.limits,
            max_memory_bytes=changes.max_memory_bytes,
            min_generation_tokens_per_second=changes.min_generation_tokens_per_second,
            max_ttft_s=changes.max_ttft_s,
        ),
        speed=_changed(plan.speed, repeats=changes.repeats),
        item_limit=changes.item_limit,
        time_budget_s=changes.time_budget_s,
    )


def check_before_download(plan: Plan, inputs: Inputs, *, where: str) -> None:
    """Check the numbers of a plan and read the user's own data, so that mistakes show before models are downloaded.

    Raises:
        PlanError, DatasetError: what is wrong.
    """
    check_plan(plan, where=where)
    for suite in plan.suites:
        if data_path(suite):
            inputs.suite(suite, plan)


def changed_asking(asking: OwnAsking, changes: OwnDataChanges) -> OwnAsking:
    """``asking`` with ``changes``."""
    return _changed(asking, **msgspec.structs.asdict(changes))


def _with_own_data_changes(suites: tuple[PlannedSuite, ...], changes: OwnDataChanges) -> tuple[PlannedSuite, ...]:
    if changes == OwnDataChanges():
        return suites
    if not any(isinstance(suite, OwnSuite) for suite in suites):
        field = next(field for field, value in msgspec.structs.asdict(changes).items() if value is not None)
        raise PlanError(
            f"--{field.replace('_', '-')} is for your own data, and there is none in this run.",
            hint="Add some with --data FILE.",
        )
    return tuple(
        msgspec.structs.replace(suite, asking=changed_asking(suite.asking, changes))
        if isinstance(suite, OwnSuite)
        else suite
        for suite in suites
    )


def _suites(changes: PlanChanges) -> tuple[PlannedSuite, ...]:
    task_files = [name for name in changes.suites if is_harness_task(name)]
    suites: list[PlannedSuite] = [BuiltInSuite(name=name) for name in changes.suites if name not in task_files]
    for text in (*changes.data, *task_files):
        suites.append(_data_suite(text, [suite.name for suite in suites]))
    # A reference suite whose data was named is that suite, not a second one.
    with_data = {suite.name for suite in suites if data_path(suite)}
    return tuple(suite for suite in suites if data_path(suite) or suite.name not in with_data)


def _data_suite(text: str, taken: Iterable[str]) -> PlannedSuite:
    name, equals, folder = text.partition("=")
    if equals and any(spec.format and spec.name == name for spec in suite_specs()):
        return BuiltInSuite(name=name, data=str(Path(folder).expanduser().resolve()))
    return own_suite(text, taken=taken)


def _changed(part: Part, **values: object) -> Part:
    return msgspec.structs.replace(part, **{name: value for name, value in values.items() if value is not None})
