"""A plan with the options of ``weighin run``: what the command line names on top of a plan file, or of nothing.

Models are added afterwards (``candidates_from_paths``), because they may have to be downloaded first, and everything
else is checked before gigabytes arrive.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from weighin.engine.errors import PlanError
from weighin.engine.plan.checks import check_plan
from weighin.engine.plan.model import BuiltInSuite, OwnAsking, OwnSuite, Plan, PlannedSuite, RacePlan, data_path
from weighin.engine.prepare.default_suites import DEFAULT_SUITE
from weighin.engine.prepare.freeze import own_suite
from weighin.engine.prepare.inputs import Inputs
from weighin.engine.tasks.harness.yaml import is_harness_task
from weighin.engine.tasks.spec import suite_specs

from ...own_data_text import parse_columns, parse_reading
from ..options import RunOptions
from ..parameters import OwnDataOptions

Part = TypeVar("Part", bound=msgspec.Struct)


def changed_plan(plan: Plan, options: RunOptions) -> Plan:
    """``plan`` with ``options``; a plan without suites gets ``DEFAULT_SUITE``.

    Raises:
        PlanError: options for the user's own data without own data, or ``--columns`` or ``--reading`` has another form.
        DatasetError: a task file that cannot be read.
    """
    suites = _suites(options) or plan.suites or (BuiltInSuite(name=DEFAULT_SUITE),)
    candidates = plan.candidates
    if options.prompt_style is not None:
        candidates = tuple(msgspec.structs.replace(c, prompt_style=options.prompt_style) for c in candidates)
    # A number of items that the user names is exact, however long the answers are: no share limits it.
    share = None if options.consistency is None else 0.0
    return _changed(
        plan,
        candidates=candidates,
        suites=_with_own_data_options(suites, options.own),
        race=RacePlan(enabled=False) if options.no_race else None,
        consistency=_changed(
            plan.consistency,
            items=options.consistency,
            samples=options.samples,
            temperature=options.temperature,
            share=share,
        ),
        settings=_changed(
            plan.settings,
            n_threads=options.threads,
            n_ctx=options.context,
            max_thinking_tokens=options.max_thinking_tokens,
            long_prompts=options.long_prompts,
        ),
        limits=_changed(
            plan.limits,
            max_memory_bytes=options.max_memory_bytes,
            min_generation_tokens_per_second=options.min_speed,
            max_ttft_s=options.max_ttft_s,
        ),
        speed=_changed(plan.speed, repeats=options.repeats),
        item_limit=options.limit,
        time_budget_s=options.time_budget_s,
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


def changed_asking(asking: OwnAsking, options: OwnDataOptions) -> OwnAsking:
    """``asking`` with ``options``.

    Raises:
        PlanError: ``--columns`` or ``--reading`` has another form.
    """
    return _changed(asking, **_own_values(options))


def _own_values(options: OwnDataOptions) -> Mapping[str, object]:
    r"""By the names of ``OwnAsking``. ``\n`` and ``\t`` are for shells that cannot type a line break."""
    return {
        **dataclasses.asdict(options),
        "columns": None if options.columns is None else parse_columns(options.columns),
        "reading": None if options.reading is None else parse_reading(options.reading),
        "stop": tuple(text.replace("\\n", "\n").replace("\\t", "\t") for text in options.stop) or None,
    }


def _with_own_data_options(suites: tuple[PlannedSuite, ...], options: OwnDataOptions) -> tuple[PlannedSuite, ...]:
    stated = [name for name, value in _own_values(options).items() if value is not None]
    if stated and not any(isinstance(suite, OwnSuite) for suite in suites):
        raise PlanError(
            f"--{stated[0].replace('_', '-')} is for your own data, and there is none in this run.",
            hint="Add some with --data FILE.",
        )
    return tuple(
        msgspec.structs.replace(suite, asking=changed_asking(suite.asking, options))
        if isinstance(suite, OwnSuite)
        else suite
        for suite in suites
    )


def _suites(options: RunOptions) -> tuple[PlannedSuite, ...]:
    task_files = [name for name in options.suites if is_harness_task(name)]
    suites: list[PlannedSuite] = [BuiltInSuite(name=name) for name in options.suites if name not in task_files]
    for text in (*options.data, *task_files):
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
