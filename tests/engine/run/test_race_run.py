"""A race in real workers: the gold answers are one model's own, so it must win; a resume must end it the same."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from weighin.assets import asset
from weighin.engine.events import run as ev
from weighin.engine.events.ranking import StoppedByRace
from weighin.engine.plan.model import FileSource, OwnSuite, Plan, RacePlan, Settings, SpeedPlan
from weighin.engine.prepare.freeze import candidates_from_paths, freeze_plan
from weighin.engine.report.json_export import run_json
from weighin.engine.run.session import Session
from weighin.engine.store.store import Store

N = 160
_WORDS = ("red", "blue", "green", "black", "white", "brown", "grey", "pink")


def run(plan: Plan, store: Store, run_id: str, *, cancel_after: int = 0) -> list[ev.Event]:
    if all(row.id != run_id for row in store.runs()):
        store.create_run(run_id, "test", plan)

    async def main() -> list[ev.Event]:
        session = Session(freeze_plan(plan), store, run_id)
        seen: list[ev.Event] = []
        async for event in session.run():
            seen.append(event)
            if isinstance(event, ev.BlockScored):
                blocks = sum(isinstance(e, ev.BlockScored) for e in seen)
                if blocks == cancel_after:
                    session.cancel()
        return seen

    return asyncio.run(main())


def rows(golds: list[str]) -> str:
    return "\n".join(
        json.dumps(
            {
                "id": f"i{n}",
                "question": f"Which colour has thing number {n * 37 % 1000}?",
                "choices": [_WORDS[(n + k) % 8] for k in range(4)],
                "answer": golds[n],
            }
        )
        for n in range(N)
    )


@pytest.fixture(scope="module")
def race_plan(tiny_models: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Three models; the answers of the first are the right ones."""
    folder = tmp_path_factory.mktemp("race")
    settings = Settings(n_ctx=512, n_batch=256, n_ubatch=128, n_threads=1)
    speed = SpeedPlan(n_prompt=8, n_generate=2, repeats=1, max_disturbed_retries=0, chat_prompts=0)
    data = folder / "colours.jsonl"
    data.write_text(rows([_WORDS[n % 8] for n in range(N)]), encoding="utf-8")
    alone = freeze_plan(
        Plan(
            candidates=candidates_from_paths([str(tiny_models[0])]),
            suites=(OwnSuite(name="colours", source=FileSource(path=str(data))),),
            settings=settings,
            speed=speed,
        )
    ).plan
    store = Store.open(folder / "alone.sqlite3")
    found = {e.item: e.output for e in run(alone, store, "alone") if isinstance(e, ev.AnswerScored)}
    data.write_text(rows([found[f"i{n}"] for n in range(N)]), encoding="utf-8")
    return freeze_plan(
        Plan(
            candidates=candidates_from_paths(str(file) for file in tiny_models),
            suites=(OwnSuite(name="colours", source=FileSource(path=str(data))),),
            settings=settings,
            speed=speed,
        )
    ).plan


def race_end(store: Store, run_id: str) -> tuple[object, ...]:
    """What the race decided, without clocks and speeds."""
    events = store.events(run_id)
    stopped = {e.candidate: (e.at_item, e.pool) for e in events if isinstance(e, ev.CandidateStopped)}
    settled = [(e.at_item, e.remaining) for e in events if isinstance(e, ev.RaceSettled)]
    verdict = next(e for e in reversed(events) if isinstance(e, ev.VerdictReached))
    return stopped, settled, verdict.winner


def test_a_race_ends_early_with_the_winner_of_the_full_run(race_plan: Plan, home: Path) -> None:
    store = Store.open(home / "runs.sqlite3")
    full = msgspec.structs.replace(race_plan, race=RacePlan(enabled=False))
    whole = run(full, store, "full")
    raced = run(race_plan, store, "raced")
    stopped, settled, winner = race_end(store, "raced")
    assert winner == race_plan.candidates[0].id
    assert set(stopped) == {c.id for c in race_plan.candidates[1:]}  # type: ignore[call-overload]
    assert len(settled) == 1  # type: ignore[arg-type]
    asked = [sum(isinstance(e, ev.AnswerScored) for e in events) for events in (whole, raced)]
    assert asked[0] == 3 * N
    assert asked[1] < asked[0] * 0.75
    verdicts = [e for e in (*whole, *raced) if isinstance(e, ev.VerdictReached)]
    assert [v.winner for v in verdicts] == [winner, winner]
    losers = [r for r in verdicts[1].rankings if r.candidate != winner]
    assert all(r.stopped_early and isinstance(r.ruled_out[0], StoppedByRace) for r in losers)
    assert "race stopped" in verdicts[1].sentences[1]
    # What is exported of both fits the published schema.
    schema = jsonschema.Draft202012Validator(json.loads(asset("schema", "run.schema.json").read_text(encoding="utf-8")))
    for plan, run_id in ((full, "full"), (race_plan, "raced")):
        schema.validate(json.loads(run_json(plan, store.events(run_id))))


@pytest.mark.parametrize("cancel_after", [1, 3, 4])
def test_resumed_in_the_middle_the_race_ends_the_same(race_plan: Plan, home: Path, cancel_after: int) -> None:
    store = Store.open(home / "runs.sqlite3")
    run(race_plan, store, "whole")
    first = run(race_plan, store, "cut", cancel_after=cancel_after)
    assert next(e.outcome for e in reversed(first) if isinstance(e, ev.RunFinished)) == "cancelled"
    run(race_plan, store, "cut")
    assert race_end(store, "cut") == race_end(store, "whole")
