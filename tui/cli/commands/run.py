"""Commands that measure: demo, bench, run, resume."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from weighin.engine import paths
from weighin.engine.errors import StoreGoneError, WeighinError
from weighin.engine.events.run import RunFinished, VerdictReached
from weighin.engine.plan.checks import check_plan
from weighin.engine.plan.files import read_plan, write_plan
from weighin.engine.plan.model import Plan, Settings, SpeedPlan
from weighin.engine.prepare.alike import asked_differently
from weighin.engine.prepare.demo import demo_plan
from weighin.engine.prepare.freeze import OpenedRun, candidates_from_paths, freeze_plan
from weighin.engine.prepare.inputs import Inputs
from weighin.engine.prepare.machine import machine_line
from weighin.engine.report.table import verdict_lines
from weighin.engine.run.consistency.questions import ConsistencyQuestions
from weighin.engine.run.session import Session
from weighin.engine.stats.intervals import minimum_detectable_difference
from weighin.engine.store.store import Store, new_run_id

from ...exit_codes import EXIT_CANCELLED, EXIT_NO_RECOMMENDATION, EXIT_OK
from ...own_data_text import doubt_lines
from ..options import BenchOptions, DemoOptions, ResumeOptions, RunOptions
from ..terminal import is_interactive, out, require_terminal, say, table_width
from .headless import drive
from .plan_options import changed_plan, check_before_download
from .pull import download_models


def run_demo(options: DemoOptions) -> int:
    """Compare the sample model in four quants on the built-in suites."""
    _check_screen("demo", options.tui)
    say("The sample model is SmolLM2 135M Instruct: Q4_1 as published, and requantized to show the trade-off.")
    inputs = Inputs()
    plan = demo_plan(say, inputs)
    if options.limit:
        plan = msgspec.structs.replace(plan, item_limit=options.limit)
    screen = options.tui if options.tui is not None else not options.as_json and is_interactive()
    return start(plan, inputs, name="demo", as_json=options.as_json, screen=screen)


def run_bench(options: BenchOptions) -> int:
    """Measure speed and memory only."""
    inputs = Inputs()
    plan = Plan(
        settings=Settings(n_ctx=options.context, n_threads=options.threads or 0),
        speed=SpeedPlan(n_prompt=options.n_prompt, n_generate=options.n_gen, repeats=options.repeats),
    )
    check_plan(plan, where="The command line")
    candidates = candidates_from_paths(download_models(options.models), inputs=inputs, say=say)
    plan = msgspec.structs.replace(plan, candidates=candidates)
    return start(plan, inputs, name="bench", as_json=options.as_json)


def run_plan(options: RunOptions) -> int:
    """Run a plan file, options, or both: options win.

    Raises:
        WeighinError: a file or a value is wrong. Everything but the models is checked before they are downloaded.
    """
    _check_screen("run", options.tui)
    plan = changed_plan(read_plan(Path(options.plan)) if options.plan else Plan(), options)
    inputs = Inputs()
    check_before_download(plan, inputs, where="The command line")
    if options.models:
        files = download_models(options.models)
        style = options.prompt_style or "auto"
        candidates = candidates_from_paths(files, prompt_style=style, inputs=inputs, say=say)
        plan = msgspec.structs.replace(plan, candidates=candidates)
    if options.save_plan:
        write_plan(plan, Path(options.save_plan))
        say(f"Plan written to {options.save_plan}.")
        return EXIT_OK
    return start(plan, inputs, name=options.name or "run", as_json=options.as_json, screen=options.tui)


def start(plan: Plan, inputs: Inputs, *, name: str, as_json: bool, screen: bool = False) -> int:
    """Freeze the plan, store it as a new run, and run it."""
    opened = freeze_plan(plan, inputs=inputs, say=say)
    for line in (line for suite in opened.suites for line in doubt_lines(suite)):
        say(line)
    run_id = new_run_id()
    with Store.open(paths.store_path()) as store:
        store.create_run(run_id, name, opened.plan)
        if opened.suites and not as_json:
            say(_resolution(opened))
            for difference in asked_differently(opened.plan, opened.suites, inputs):
                say(f"⚠ {difference}")
        session = Session(opened, store, run_id, machine=machine_line())
        return _execute(session, store, name=name, as_json=as_json, screen=screen)


def _check_screen(command: str, screen: bool | None) -> None:
    """Refuse ``--tui`` where no screen can be shown, before anything is read or downloaded."""
    if screen:
        require_terminal(f"weighin {command} --tui", "Leave --tui out to see the run as lines.")


def _resolution(opened: OpenedRun) -> str:
    """How small a difference this many items can show, and what is asked again for consistency."""
    plan = opened.plan
    n_items = sum(len(suite.items) for suite in opened.suites)
    points = minimum_detectable_difference(n_items) * 100
    race = "; clear losers stop early" if plan.race.enabled and len(plan.candidates) > 1 else ""
    asked_again = ConsistencyQuestions(plan.consistency, opened.suites).summary
    consistency = f" For consistency, {asked_again}." if asked_again else ""
    return (
        f"With {n_items} items, accuracy differences of about {points:.0f} points can be detected{race}.{consistency}"
    )


def resume_run(options: ResumeOptions) -> int:
    """Resume a stored run, after checking that its files are still the same."""
    _check_screen("resume", options.tui)
    with Store.open(paths.store_path()) as store:
        row = store.find(options.run_id)
        if row.locked:
            with store.locks.hold(row.id):  # names the process that holds it, or continues if that has just ended
                pass
        opened = freeze_plan(store.plan(row.id), say=say)
        if row.status == "completed" and not options.retry_failed:
            say(f"Run {row.id} is complete.")
        session = Session(opened, store, row.id, machine=machine_line())
        if options.retry_failed:
            session.retry_failed()
        return _execute(session, store, name=row.name, as_json=options.as_json, screen=options.tui)


def _execute(session: Session, store: Store, *, name: str, as_json: bool, screen: bool) -> int:
    run_id = session.run_id
    try:
        if screen:
            _on_screen(session, store, name)
        else:
            asyncio.run(drive(session, as_json=as_json))
    except StoreGoneError as error:
        say(f"weighin: {error}")
        return EXIT_NO_RECOMMENDATION
    except WeighinError:
        say(f"Run {run_id} stopped. What was measured is kept.")
        raise
    finished = [e for e in store.events(run_id, "RunFinished") if isinstance(e, RunFinished)]
    verdicts = [e for e in store.events(run_id, "VerdictReached") if isinstance(e, VerdictReached)]
    if not verdicts:
        return EXIT_CANCELLED
    verdict = verdicts[-1]
    if not as_json:
        out()
        for line in verdict_lines(verdict, session.plan, width=table_width()):
            out(line)
    if finished and finished[-1].outcome == "cancelled":
        say(f"Cancelled. `weighin resume {run_id}` continues.")
        return EXIT_CANCELLED
    return EXIT_OK if verdict.winner else EXIT_NO_RECOMMENDATION


def _on_screen(session: Session, store: Store, name: str) -> None:
    from ...app.entry import run_app
    from ...run.source import SessionSource

    run_app(SessionSource(session, title=name, earlier=tuple(store.events(session.run_id))))
