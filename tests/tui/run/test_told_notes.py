"""What llama.cpp says about a candidate reaches everybody who reads about the run."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import pytest
from fixtures.broken_models import with_changed_tensors
from fixtures.runs import run_plan, tiny_plan, write_writing_file, writing_suite
from fixtures.scripted_models import write_scripted_model

from weighin.engine.events import run as ev
from weighin.engine.events.notes import ContextBeyondTraining, ControlTokensAssumed
from weighin.engine.plan.model import Plan
from weighin.engine.report.json_export import run_json
from weighin.engine.report.markdown import run_markdown
from weighin.engine.store.store import Store
from weighin.tui.cli.commands.headless import Progress
from weighin.tui.run.board import fold_all
from weighin.tui.widgets.panel import Look, paint_panel

WORDS = "llama.cpp treats <|im_end|> as a control token, although the file calls it ordinary text."


@dataclass(frozen=True)
class Noted:
    plan: Plan
    seen: list[ev.Event]
    stored: list[ev.Event]
    resumed: list[ev.Event]


@pytest.fixture(scope="module")
def noted(tmp_path_factory: pytest.TempPathFactory) -> Noted:
    """A run of a model that llama.cpp warns about and of one that computes NaN, resumed after its end."""
    folder = tmp_path_factory.mktemp("noted")
    model = write_scripted_model(folder / "odd-F32.gguf", "4", "2", "<|im_end|>", n_ctx=256)
    damaged = with_changed_tensors(model, folder / "damaged-Q4_0.gguf", {"output_norm.weight": math.nan})
    plan = tiny_plan([model, damaged], writing_suite(write_writing_file(folder), limit=2))
    with Store.open(folder / "runs.sqlite3") as store:
        seen = run_plan(plan, store)
        stored = store.events("r1")
        return Noted(plan, seen, stored, run_plan(plan, store))


def test_each_note_is_stored_once_although_two_contexts_were_made(noted: Noted) -> None:
    odd = noted.plan.candidates[0].id
    notes = [e.note for e in noted.stored if isinstance(e, ev.CandidateNoted) and e.candidate == odd]
    assert notes == [ControlTokensAssumed(tokens=("<|im_end|>",)), ContextBeyondTraining(n_ctx=512, n_ctx_train=256)]


def test_resuming_tells_no_note_again(noted: Noted) -> None:
    assert not any(isinstance(event, ev.CandidateNoted) for event in noted.resumed)


def test_the_verdict_and_both_exports_repeat_the_notes(noted: Noted) -> None:
    verdict = next(event for event in noted.seen if isinstance(event, ev.VerdictReached))
    assert f"odd F32: {WORDS}" in verdict.warnings
    document = json.loads(run_json(noted.plan, noted.stored))
    assert {"kind": "ControlTokensAssumed", "text": WORDS} in document["candidates"][0]["notes"]
    assert "longer than the 256 of the training" in run_markdown(noted.plan, noted.stored)


def test_a_model_that_computes_nan_fails_with_that_reason_and_the_others_go_on(noted: Noted) -> None:
    odd, damaged = (candidate.id for candidate in noted.plan.candidates)
    stopped = {e.candidate: (e.reason, e.detail) for e in noted.seen if isinstance(e, ev.CandidateStopped)}
    assert stopped.keys() == {damaged}
    reason, detail = stopped[damaged]
    assert reason == "failed"
    assert detail.startswith("damaged-Q4_0.gguf computes NaN: the file is damaged, or its numbers overflow")
    assert {e.candidate for e in noted.seen if isinstance(e, ev.AnswerScored)} == {odd}


def test_the_command_line_says_a_note_when_it_comes(noted: Noted, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(noted.plan)
    for event in noted.seen:
        progress.note(event)
    assert f"⚠ odd F32: {WORDS}" in " ".join(capsys.readouterr().err.split())


def test_the_live_panel_shows_the_newest_note_and_how_many_there_are(noted: Noted) -> None:
    panel = fold_all(noted.seen).panels[0]
    assert "! 2 notes, the newest: the context of 512 tokens" in paint_panel(panel, Look(bound=1.0), 70, 24)[-2].plain
