"""The board folded from a run's events, without a terminal."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighin.engine.events import run as ev
from weighin.engine.events.notes import TriedAgain
from weighin.engine.events.run import (
    AnswerScored,
    CandidateStopped,
    ChatMeasured,
    Disturbance,
    Event,
    MemoryMeasured,
    PhaseChanged,
    RoundStarted,
    RunContinued,
    RunFinished,
    RunPaused,
    RunStarted,
    SpeedMeasured,
    SuiteDropped,
    WorkerDied,
)
from weighin.engine.judging.summary import summarize
from weighin.tui.run.board import fold, fold_all
from weighin.tui.run.figures import AnswerMap, Tally, mean_bounds
from weighin.tui.run.standings import leads


def speed(
    rate: Any, *, kind: Any = "generation", disturbed: bool = False, final: bool = True, candidate: str = "a"
) -> Any:
    return SpeedMeasured(
        candidate=candidate,
        kind=kind,
        repeat=0,
        attempt=0,
        n_tokens=128,
        depth=0,
        elapsed_s=1.0,
        tokens_per_second=rate,
        disturbances=(Disturbance(cause="a neighbor"),) if disturbed else (),
        final=final,
    )


def answer(
    item: str = "i1",
    *,
    candidate: str = "a",
    correct: bool = True,
    repeat: int = 0,
    suite: str = "s",
    extracted: str = "x",
    fragile: bool = False,
) -> Any:
    return AnswerScored(
        candidate=candidate,
        suite=suite,
        item=item,
        repeat=repeat,
        correct=correct,
        scores={"acc": float(correct)},
        prompt="p",
        output="o",
        extracted=extracted,
        expected="x",
        fragile=fragile,
    )


def test_agrees_with_the_engines_summary_of_the_same_events(run_events: Callable[..., list[Event]]) -> None:
    events = run_events(4)
    board, run = fold_all(events), summarize(events)
    for panel in board.panels:
        summary = run.candidates[panel.card.id]
        assert panel.accuracy == pytest.approx(summary.accuracy)
        assert panel.answered == len(summary.answers)
        assert panel.generation.per_second == pytest.approx(summary.generation.tokens_per_second)
        assert panel.generation.spread == pytest.approx(summary.generation.spread)
        assert panel.prompt.per_second == pytest.approx(summary.prompt.tokens_per_second)
        assert panel.generation.is_disturbed == summary.generation.disturbed
        assert panel.latency.ttft_s(50) == pytest.approx(summary.ttft_p50_s)
        assert panel.latency.itl_s(95) == pytest.approx(summary.itl_p95_s)
        assert panel.memory_bytes == summary.memory_bytes
        assert panel.fragile_share == pytest.approx(summary.fragile_share)


def test_leaves_the_old_board_and_the_other_panels_as_they_were(run_events: Callable[..., list[Event]]) -> None:
    before = fold_all(run_events(3)[:40])
    copy = msgspec.structs.replace(before)
    name = before.panels[1].card.id
    after = fold(before, speed(12.0, candidate=name))
    assert before == copy
    assert after.panels[0] is before.panels[0]
    assert after.panels[2] is before.panels[2]
    assert after.panels[1].revision > before.panels[1].revision


def test_an_event_that_changes_nothing_keeps_the_revision() -> None:
    board = fold_all([PhaseChanged(candidate="a", phase="speed")])
    again = fold(board, PhaseChanged(candidate="a", phase="speed"))
    assert again.revision == board.revision
    assert again.panels[0] is board.panels[0]


def test_counts_an_answer_once_however_often_it_is_reported() -> None:
    board = fold_all([answer(), answer(), answer("i2", correct=False)])
    assert board.answered == 2
    assert board.panels[0].accuracy == 0.5


def test_repeats_count_for_consistency_not_for_accuracy() -> None:
    sampled = [answer(repeat=n, extracted="y" if n == 3 else "x", correct=n != 3) for n in (1, 2, 3)]
    panel = fold_all([answer(), *sampled]).panels[0]
    assert (panel.accuracy, panel.answered) == (1.0, 1)
    assert panel.consistency == pytest.approx(1 / 3)  # of three pairs of samples one agrees


def test_accuracy_is_the_mean_of_suites_not_of_items() -> None:
    events = [answer(f"i{i}") for i in range(9)] + [answer("j", suite="t", correct=False)]
    assert fold_all(events).panels[0].accuracy == 0.5


def test_disturbed_repeats_count_only_without_undisturbed_ones() -> None:
    only = fold_all([speed(10.0, disturbed=True)]).panels[0]
    assert (only.generation.per_second, only.generation.is_disturbed, only.warning) == (10.0, True, "a neighbor")
    then_clean = fold_all([speed(10.0, disturbed=True), speed(40.0)]).panels[0]
    assert (then_clean.generation.per_second, then_clean.generation.is_disturbed, then_clean.warning) == (
        40.0,
        False,
        "",
    )
    again = fold_all([speed(10.0, disturbed=True, final=False)]).panels[0]
    assert again.generation.per_second is None


def test_an_undisturbed_chat_replaces_the_disturbed_ones() -> None:
    noisy = ChatMeasured(
        candidate="a",
        prompt=0,
        n_prompt_tokens=5,
        ttft_s=9.0,
        inter_token_s=(1.0,),
        disturbances=(Disturbance(cause="x"),),
    )
    clean = ChatMeasured(candidate="a", prompt=1, n_prompt_tokens=5, ttft_s=0.2, inter_token_s=(0.02, 0.03))
    panel = fold_all([noisy, clean, noisy]).panels[0]
    assert panel.latency.ttft_s(50) == pytest.approx(0.2)
    assert not panel.latency.is_disturbed


def test_candidates_that_show_the_same_figure_lead_together(run_events: Callable[..., list[Event]]) -> None:
    events = [
        MemoryMeasured(candidate=name, peak_rss_bytes=size) for name, size in (("a", 2**30), ("b", 2**30), ("c", 2**31))
    ]
    leading = leads(fold_all(events))
    assert "memory" in leading["a"]
    assert "memory" in leading["b"]
    assert "memory" not in leading["c"]


def test_a_disturbed_figure_never_leads() -> None:
    board = fold_all(
        [speed(90.0, disturbed=True, candidate="a"), speed(10.0, candidate="b"), speed(9.0, candidate="c")]
    )
    assert "generation" not in leads(board)["a"]
    assert "generation" in leads(board)["b"]


def test_stopped_candidates_and_dropped_suites_leave_the_total(run_events: Callable[..., list[Event]]) -> None:
    events = run_events(3)
    board = fold_all(events[:60])
    total = board.items_total
    assert total == 180
    dropped = fold(board, SuiteDropped(suite="extract-dates"))
    assert dropped.items_total == 120
    name = board.panels[0].card.id
    stopped = fold(board, CandidateStopped(candidate=name, reason="skipped by the user"))
    assert stopped.items_total == 120 + board.panels[0].answered
    assert stopped.panels[0].phase == "stopped"
    assert not stopped.panels[0].racing


def test_time_left_runs_down_and_is_unknown_while_paused() -> None:
    board = fold_all([RoundStarted(at=100.0, number=1, planned=4, seconds_left=60.0)])
    assert board.seconds_left(110.0) == 50.0
    assert board.seconds_left(1000.0) == 0.0
    assert fold(board, RunPaused()).seconds_left(110.0) is None
    assert fold_all([RunPaused(), RunContinued()], board).seconds_left(110.0) == 50.0
    assert fold(board, RunFinished(outcome="cancelled")).seconds_left(110.0) is None


def test_a_death_is_an_alert_and_the_others_continue(run_events: Callable[..., list[Event]]) -> None:
    board = fold_all(run_events(4))
    failed = board.panel("smollm2-360m")
    assert failed is not None
    assert (failed.phase, failed.racing) == ("failed", False)
    assert isinstance(failed.death, WorkerDied)
    assert any(alert.severe and alert.candidate == "smollm2-360m" for alert in board.alerts)
    assert all(panel.racing for panel in board.panels if panel.card.id != "smollm2-360m")


def test_a_resumed_run_keeps_what_was_measured(run_events: Callable[..., list[Event]]) -> None:
    events = run_events(3)
    board = fold_all(events)
    started = next(event for event in events if isinstance(event, RunStarted))
    again = fold(board, msgspec.structs.replace(started, resumed=True))
    assert again.finished is None
    assert again.verdict is None
    assert again.answered == board.answered
    assert again.panels[0].accuracy == board.panels[0].accuracy


@given(st.lists(st.booleans(), min_size=1, max_size=120))
def test_the_live_interval_never_widens_and_stays_in_bounds(outcomes: Any) -> None:
    tally = Tally("s")
    for correct in outcomes:
        after = tally.plus(correct, 0.05)
        assert 0.0 <= after.low <= after.high <= 1.0
        inside = after.low >= tally.low and after.high <= tally.high
        assert inside or after.low > tally.high or after.high < tally.low  # begun again after a contradiction
        tally = after
    assert (tally.n, tally.correct) == (len(outcomes), sum(outcomes))
    assert mean_bounds([]) == (0.0, 1.0)
    assert mean_bounds([tally, tally]) == (tally.low, tally.high)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 400))
def test_any_order_and_any_part_of_a_run_gives_a_board(seed: int, length: int) -> None:
    from weighin.tui.run.board import Panel

    rng = random.Random(seed)
    shuffled = list(EVENTS)
    rng.shuffle(shuffled)
    board = fold_all(shuffled[:length])
    assert 0.0 <= board.share_done <= 1.0
    assert all(isinstance(panel, Panel) for panel in board.panels)
    assert set(leads(board)) == {panel.card.id for panel in board.panels}
    for panel in board.panels:
        assert panel.accuracy is None or panel.low <= panel.accuracy + 1e-9 <= panel.high + 2e-9


EVENTS: list[Event] = []


@pytest.fixture(autouse=True)
def _events(run_events: Callable[..., list[Event]]) -> None:
    if not EVENTS:
        EVENTS.extend(run_events(4))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30), st.integers(0, 2))))
def test_answer_map_is_a_map(keys: Any) -> None:
    made = AnswerMap()
    oracle: dict[Any, Any] = {}
    for suite, item, repeat in keys:
        key = (suite, str(item), repeat)
        value = answer(str(item), suite=suite, repeat=repeat)
        earlier = made
        made = made.plus(key, value)
        assert len(earlier) == len(oracle)
        oracle[key] = value
    assert len(made) == len(oracle)
    assert all(made.get(key) == value for key, value in oracle.items())
    assert ("z", "0", 0) not in made
    assert sorted(map(repr, made.values())) == sorted(map(repr, oracle.values()))


def test_a_candidate_that_is_tried_again_is_back_in_its_panel() -> None:
    card = ev.CandidateCard(id="a", name="A", quant="", size_bytes=1)
    started = ev.RunStarted(run_id="r", candidates=(card,), suites=(), repeats=1)
    failed = ev.CandidateStopped(candidate="a", reason="failed", detail="It crashed.")
    again = ev.CandidateNoted(candidate="a", note=TriedAgain(attempt=2))
    (panel,) = fold_all([started, failed, again]).panels
    assert (panel.stopped, panel.phase, panel.notes) == (None, "waiting", (again.note,))
