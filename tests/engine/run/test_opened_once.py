"""From the command line to the end of a run, nothing that the plan names is read twice."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from weighin.engine.events.run import Event, VerdictReached
from weighin.engine.gguf.header import check_file
from weighin.engine.plan.model import ConsistencyPlan, FileSource, OwnSuite, Plan, Settings, SpeedPlan
from weighin.engine.prepare.freeze import candidates_from_paths, freeze_plan
from weighin.engine.prepare.inputs import Inputs
from weighin.engine.run.session import Session
from weighin.engine.store.store import Store
from weighin.engine.tasks.opening import open_suite

QUICK = SpeedPlan(n_prompt=8, n_generate=2, repeats=1, max_disturbed_retries=0, chat_prompts=0)


def calls_of(monkeypatch: pytest.MonkeyPatch, function: Callable[..., Any]) -> list[object]:
    """The first argument of every call of ``function`` from now on, whichever module makes it."""
    arguments: list[object] = []

    def counted(*args: Any, **named: Any) -> Any:
        arguments.append(args[0])
        return function(*args, **named)

    for module in [module for name, module in sys.modules.items() if name.startswith("weighin.")]:
        for name, value in list(vars(module).items()):
            if value is function:
                monkeypatch.setattr(module, name, counted)
    return arguments


async def events_of(session: Session) -> list[Event]:
    return [event async for event in session.run()]


def test_a_run_opens_each_suite_and_reads_each_header_once(
    monkeypatch: pytest.MonkeyPatch, home: Path, tiny_models: list[Path], choice_file: Path, writing_file: Path
) -> None:
    opened_suites, headers = calls_of(monkeypatch, open_suite), calls_of(monkeypatch, check_file)
    inputs = Inputs()
    plan = Plan(
        candidates=candidates_from_paths((str(file) for file in tiny_models[:2]), inputs=inputs),
        suites=(
            OwnSuite(name="colours", source=FileSource(path=str(choice_file)), limit=8),
            OwnSuite(name="writing", source=FileSource(path=str(writing_file)), limit=8),
        ),
        settings=Settings(n_ctx=512, n_batch=256, n_ubatch=128, n_threads=1),
        speed=QUICK,
        consistency=ConsistencyPlan(items=2, samples=2),
    )
    opened = freeze_plan(plan, inputs=inputs)
    with Store.open(home / "runs.sqlite3") as store:
        store.create_run("r", "r", opened.plan)
        events = asyncio.run(events_of(Session(opened, store, "r")))
    assert isinstance(events[-1], VerdictReached)
    assert headers == [file.resolve() for file in tiny_models[:2]]
    assert [choice.name for choice in opened_suites] == ["colours", "writing"]  # type: ignore[attr-defined]


def test_inputs_open_a_suite_again_when_it_is_asked_differently(choice_file: Path) -> None:
    inputs, plan = Inputs(), Plan()
    choice = OwnSuite(name="colours", source=FileSource(path=str(choice_file)))
    whole = inputs.suite(choice, plan)
    assert (
        inputs.suite(OwnSuite(name="colours", source=FileSource(path=str(choice_file)), data_sha256="known"), plan)
        is whole
    )
    assert (
        len(inputs.suite(OwnSuite(name="colours", source=FileSource(path=str(choice_file)), limit=3), plan).items) == 3
    )
    assert inputs.suite(choice, Plan(settings=Settings(seed=99))).items != whole.items
