"""Commands that measure: demo, bench, run, resume."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from weighin.engine import paths
from weighin.engine.errors import PlanError, WeighinError
from weighin.engine.events.run import RunFinished, VerdictReached
from weighin.engine.plan.checks import check_plan
from weighin.engine.plan.files import read_plan, write_plan
from weighin.engine.plan.model import (
    BuiltInSuite,
    ConsistencyPlan,
    Limits,
    Plan,
    PlannedSuite,
    RacePlan,
    Settings,
    SpeedPlan,
    data_path,
)
from weighin.engine.prepare.demo import demo_plan
from weighin.engine.prepare.freeze import OpenedRun, candidates_from_paths, freeze_plan, own_suite
from weighin.engine.prepare.inputs import Inputs
from weighin.engine.prepare.machine import machine_line
from weighin.engine.report.table import verdict_lines
from weighin.engine.run.session import Session
from weighin.engine.store.store import Store, new_run_id
from weighin.engine.tasks.harness.yaml import is_harness_task

from ...exit_codes import EXIT_CANCELLED, EXIT_NO_RECOMMENDATION
from .headless import drive
from .preview import with_own_options

_DEFAULT_SUITE = "everyday-choice"


def _talk(text: str) -> None:
    click.echo(text, err=True)


def run_demo(*, as_json: bool, limit: int | None, screen: bool | None) -> int:
    """The sample model in four quantisations on the built-in suites."""
    _talk("The sample model SmolLM2 135M Instruct, as it comes (Q4_1) and requantised to show the trade-off.")
    plan = demo_plan(_talk)
    if limit:
        plan = msgspec.structs.replace(plan, item_limit=limit)
    if screen is None:
        screen = not as_json and sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()
    return start(plan, Inputs(), name="demo", as_json=as_json, screen=screen)


def run_bench(
    models: tuple[str, ...],
    *,
    n_prompt: int,
    n_generate: int,
    repeats: int,
    n_threads: int,
    n_ctx: int,
    as_json: bool,
) -> int:
    """Speed and memory only."""
    inputs = Inputs()
    plan = Plan(
        candidates=candidates_from_paths(models, inputs=inputs),
        settings=Settings(n_ctx=n_ctx, n_threads=n_threads),
        speed=SpeedPlan(n_prompt=n_prompt, n_generate=n_generate, repeats=repeats),
    )
    return start(plan, inputs, name="bench", as_json=as_json)


def run_plan(options: Mapping[str, Any], inputs: Inputs, *, as_json: bool) -> int:
    """A plan file, options, or both: options win."""
    plan = plan_from_options(options, inputs)
    if options["save_plan"]:
        write_plan(plan, Path(options["save_plan"]))
        _talk(f"Plan written to {options['save_plan']}.")
        return 0
    return start(plan, inputs, name=options["name"] or "run", as_json=as_json, screen=options["tui"])


def check_data(options: Mapping[str, Any], inputs: Inputs) -> None:
    """A slip in the options or in one's own data is said before gigabytes of models come.

    Raises:
        WeighinError: what is wrong.
    """
    plan = plan_from_options({**options, "models": ()}, inputs)
    check_plan(plan, where="The command line")
    for suite in plan.suites:
        if data_path(suite):
            inputs.suite(suite, plan)


def plan_from_options(options: Mapping[str, Any], inputs: Inputs) -> Plan:
    """The plan that the command line describes.

    Raises:
        WeighinError: a file or a value is wrong.
    """
    plan = read_plan(Path(options["plan"])) if options["plan"] else Plan()
    style = options["prompt_style"]
    if options["models"]:
        plan = msgspec.structs.replace(
            plan, candidates=candidates_from_paths(options["models"], prompt_style=style or "auto", inputs=inputs)
        )
    elif style:
        restyled = tuple(msgspec.structs.replace(c, prompt_style=style) for c in plan.candidates)
        plan = msgspec.structs.replace(plan, candidates=restyled)
    files = [name for name in options["suites"] if is_harness_task(name)]
    suites: list[PlannedSuite] = [BuiltInSuite(name=name) for name in options["suites"] if name not in files]
    for words in (*options["data"], *files):
        suites.append(_data_suite(words, [suite.name for suite in suites]))
    # A reference suite whose data was named is that suite, not a second one.
    named = {suite.name for suite in suites if data_path(suite)}
    suites = [suite for suite in suites if data_path(suite) or suite.name not in named]
    if suites:
        plan = msgspec.structs.replace(plan, suites=tuple(suites))
    elif not plan.suites:
        plan = msgspec.structs.replace(plan, suites=(BuiltInSuite(name=_DEFAULT_SUITE),))
    plan = msgspec.structs.replace(plan, suites=with_own_options(plan.suites, options))
    settings = _changed(plan.settings, n_threads=options["threads"], n_ctx=options["context"])
    limits: Limits = _changed(
        plan.limits,
        max_memory_bytes=parse_size(options["max_memory"]),
        min_generation_tokens_per_second=options["min_speed"],
        max_ttft_s=parse_duration(options["max_ttft"], "--max-ttft"),
    )
    changed: Plan = _changed(
        plan,
        race=RacePlan(enabled=False) if options.get("no_race") else None,
        consistency=_consistency(plan.consistency, options),
        settings=settings,
        limits=limits,
        speed=_changed(plan.speed, repeats=options["repeats"]),
        item_limit=options["limit"],
        time_budget_s=parse_duration(options["time_budget"], "--time-budget"),
    )
    return changed


def _consistency(plan: ConsistencyPlan, options: Mapping[str, Any]) -> ConsistencyPlan:
    items = options.get("consistency")
    changed: ConsistencyPlan = _changed(
        plan,
        items=items,
        samples=options.get("samples"),
        temperature=options.get("temperature"),
        # A number that was asked for is meant, whatever it costs.
        share=None if items is None else 0.0,
    )
    return changed


def _data_suite(words: str, taken: Iterable[str]) -> PlannedSuite:
    """The user's own data, or ``SUITE=FOLDER`` for the data of a reference suite."""
    from weighin.engine.tasks.spec import suite_specs

    name, equals, folder = words.partition("=")
    if equals and any(spec.format and spec.name == name for spec in suite_specs()):
        return BuiltInSuite(name=name, data=str(Path(folder).expanduser().resolve()))
    return own_suite(words, taken=taken)


def _changed(part: Any, **values: Any) -> Any:
    return msgspec.structs.replace(part, **{name: value for name, value in values.items() if value is not None})


def parse_duration(text: str | None, option: str) -> float | None:
    """Seconds in ``90s``, ``15m``, ``2h``, ``500ms`` or a bare number of seconds."""
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)?\s*", text)
    if not found:
        raise PlanError(f"{option} {text!r} is no duration.", hint="Write it as 90s, 15m, 2h or 500ms.")
    return float(found[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}[found[2] or "s"]


def parse_size(text: str | None) -> int | None:
    """Bytes in ``4G``, ``512M`` or a bare number of bytes; powers of 1024."""
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT])?(?:i?B)?\s*", text, re.IGNORECASE)
    if not found:
        raise PlanError(f"--max-memory {text!r} is no size.", hint="Write it as 4G or 512M.")
    return int(float(found[1]) * 1024 ** " KMGT".index((found[2] or " ").upper()))


def start(plan: Plan, inputs: Inputs, *, name: str, as_json: bool, screen: bool = False) -> int:
    """Freeze the plan, store it as a new run, and do it."""
    opened = freeze_plan(plan, inputs=inputs, say=_talk)
    run_id = new_run_id()
    with Store.open(paths.store_path()) as store:
        store.create_run(run_id, name, opened.plan)
        if opened.suites and not as_json:
            _talk(_what_can_be_told(opened))
        return _do(opened, store, run_id, name=name, as_json=as_json, screen=screen)


def _what_can_be_told(opened: OpenedRun) -> str:
    """Before it starts: how small a difference this many items can show, and what is asked again for consistency."""
    from weighin.engine.run.reasking import Reasking
    from weighin.engine.stats.intervals import minimum_detectable_difference

    plan = opened.plan
    n = sum(len(suite.items) for suite in opened.suites)
    points = minimum_detectable_difference(n) * 100
    early = "; clear losers stop early" if plan.race.enabled and len(plan.candidates) > 1 else ""
    again = Reasking(plan.consistency, opened.suites).words
    consistency = f" For consistency {again}." if again else ""
    return f"With {n} items differences of about {points:.0f} points in accuracy can be told{early}.{consistency}"


def resume_run(run_id: str, *, as_json: bool, screen: bool = False) -> int:
    """Go on with a stored run, after checking that its files are still the same."""
    with Store.open(paths.store_path()) as store:
        row = store.find(run_id)
        if row.locked:
            with store.lock(row.id):  # says who holds it, or lets us in when they have just left
                pass
        opened = freeze_plan(store.plan(row.id), say=_talk)
        if row.status == "completed":
            _talk(f"Run {row.id} is complete.")
        return _do(opened, store, row.id, name=row.name, as_json=as_json, screen=screen)


def _do(opened: OpenedRun, store: Store, run_id: str, *, name: str, as_json: bool, screen: bool) -> int:
    session = Session(opened, store, run_id, machine=machine_line())
    try:
        if screen:
            _on_screen(session, store, name)
        else:
            asyncio.run(drive(session, as_json=as_json))
    except WeighinError:
        _talk(f"Run {run_id} stopped. What was measured is kept.")
        raise
    finished = [e for e in store.events(run_id, "RunFinished") if isinstance(e, RunFinished)]
    verdicts = [e for e in store.events(run_id, "VerdictReached") if isinstance(e, VerdictReached)]
    if not verdicts:
        return EXIT_CANCELLED
    verdict = verdicts[-1]
    if not as_json:
        click.echo()
        width = min(shutil.get_terminal_size((100, 24)).columns, 120)
        for line in verdict_lines(verdict, opened.plan, width=width):
            click.echo(line)
    if finished and finished[-1].outcome == "cancelled":
        _talk(f"Cancelled. `weighin resume {run_id}` goes on.")
        return EXIT_CANCELLED
    return 0 if verdict.winner else EXIT_NO_RECOMMENDATION


def _on_screen(session: Session, store: Store, name: str) -> None:
    from ...app.entry import run_app  # imports Textual
    from ...run.source import SessionSource

    run_app(SessionSource(session, title=name, earlier=tuple(store.events(session.run_id))))
