"""A race in real workers: the gold answers are one model's own, so it must win; a resume must end it the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import msgspec
import pytest
from fixtures.runs import cancel_at, choice_suite, outcome, run_plan, tiny_plan

from weighin.assets import asset
from weighin.engine.events import run as ev
from weighin.engine.events.ranking import StoppedByRace
from weighin.engine.plan.model import Plan, RacePlan
from weighin.engine.report.json_export import run_json
from weighin.engine.store.store import Store

N = 160
_WORDS = ("red", "blue", "green", "black", "white", "brown", "grey", "pink")


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
    data = folder / "colours.jsonl"
    data.write_text(rows([_WORDS[n % 8] for n in range(N)]), encoding="utf-8")
    with Store.open(folder / "alone.sqlite3") as store:
        events = run_plan(tiny_plan(tiny_models[:1], choice_suite(data)), store)
    outputs = {event.item: event.output for event in events if isinstance(event, ev.AnswerScored)}
    data.write_text(rows([outputs[f"i{n}"] for n in range(N)]), encoding="utf-8")
    return tiny_plan(tiny_models, choice_suite(data))


@pytest.fixture(scope="module")
def raced(race_plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with the race run to its end, as ``raced``."""
    with Store.open(tmp_path_factory.mktemp("raced") / "runs.sqlite3") as store:
        run_plan(race_plan, store, "raced")
        yield store


def race_end(store: Store, run_id: str) -> tuple[object, ...]:
    """What the race decided, without clocks and speeds."""
    events = store.events(run_id)
    stopped = {e.candidate: (e.at_item, e.pool) for e in events if isinstance(e, ev.CandidateStopped)}
    settled = [(e.at_item, e.remaining) for e in events if isinstance(e, ev.RaceSettled)]
    verdict = next(e for e in reversed(events) if isinstance(e, ev.VerdictReached))
    return stopped, settled, verdict.winner


def test_a_race_ends_early_with_the_winner_of_the_full_run(race_plan: Plan, raced: Store) -> None:
    full = msgspec.structs.replace(race_plan, race=RacePlan(enabled=False))
    whole, early = run_plan(full, raced, "full"), raced.events("raced")
    stopped, settled, winner = race_end(raced, "raced")
    assert winner == race_plan.candidates[0].id
    assert set(stopped) == {c.id for c in race_plan.candidates[1:]}  # type: ignore[call-overload]
    assert len(settled) == 1  # type: ignore[arg-type]
    asked = [sum(isinstance(e, ev.AnswerScored) for e in events) for events in (whole, early)]
    assert asked[0] == 3 * N
    assert asked[1] < asked[0] * 0.75
    verdicts = [e for e in (*whole, *early) if isinstance(e, ev.VerdictReached)]
    assert [v.winner for v in verdicts] == [winner, winner]
    losers = [r for r in verdicts[1].rankings if r.candidate != winner]
    assert all(r.stopped_early and isinstance(r.ruled_out[0], StoppedByRace) for r in losers)
    assert "race stopped" in verdicts[1].sentences[1]
    # What is exported of both fits the published schema.
    schema = jsonschema.Draft202012Validator(json.loads(asset("schema", "run.schema.json").read_text(encoding="utf-8")))
    for plan, run_id in ((full, "full"), (race_plan, "raced")):
        schema.validate(json.loads(run_json(plan, raced.events(run_id))))


@pytest.mark.parametrize("cancel_after", [1, 3, 4])
def test_resumed_in_the_middle_the_race_ends_the_same(
    race_plan: Plan, raced: Store, home: Path, cancel_after: int
) -> None:
    store = Store.open(home / "runs.sqlite3")
    first = run_plan(race_plan, store, "cut", cancel_at(ev.BlockScored, cancel_after))
    assert outcome(first) == "cancelled"
    run_plan(race_plan, store, "cut")
    assert race_end(store, "cut") == race_end(raced, "raced")
