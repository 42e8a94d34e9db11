"""The wizard by keyboard, on tiny models."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.pilots import text_with, until
from textual.app import App
from textual.widgets import Checkbox, Input, Select

from weighin.engine.gguf.tiny import write_tiny_model
from weighin.engine.paths import data_dir
from weighin.engine.plan.files import read_plan
from weighin.engine.plan.model import Limits, OwnSuite, Plan, data_path
from weighin.engine.prepare.draft import Draft, load_draft
from weighin.engine.tasks.scorers import own_scorers
from weighin.tui.wizard.describing import describe_plan
from weighin.tui.wizard.review import ReviewStep
from weighin.tui.wizard.screen import WizardScreen
from weighin.tui.wizard.surroundings import Surroundings


class Shell(App[None]):
    plan: Plan | None = None

    def __init__(self, draft: Draft | None, surroundings: Surroundings | None = None) -> None:
        super().__init__()
        self.wanted = draft
        self.surroundings = surroundings

    def on_mount(self) -> None:
        self.push_screen(WizardScreen(self.wanted, measure=False, surroundings=self.surroundings))

    def on_wizard_screen_finished(self, event: WizardScreen.Finished) -> None:
        self.plan = event.plan


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_enter_alone_leads_to_a_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setenv("WEIGHIN_HOME", str(tmp_path))
    model = tmp_path / "tiny.gguf"
    write_tiny_model(model)
    app = Shell(Draft(added=(str(model),), picked=(str(model),)))
    async with app.run_test(size=size) as pilot:
        for _ in range(5):
            await pilot.pause()
            await pilot.press("enter")
        await until(pilot, lambda: app.plan is not None)
        assert app.plan is not None
        assert [c.path for c in app.plan.candidates] == [str(model)]
        await pilot.press("escape")
        await pilot.pause()
    assert load_draft().step == 3
    assert load_draft().picked == (str(model),)


async def test_going_back_and_restarting_keep_the_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHIN_HOME", str(tmp_path))
    app = Shell(Draft())
    async with app.run_test() as pilot:
        await pilot.pause()
        app.screen.query_one("#users", Input).value = "5000"
        await pilot.press("enter")
        await pilot.pause()
        app.screen.query_one("#context", Input).value = "2048"
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen.query_one("#users", Input).value == "5000"
        await app.workers.wait_for_complete()
    again = Shell(None)
    async with again.run_test() as pilot:
        await pilot.pause()
        assert again.screen.query_one("#users", Input).value == "5000"
        await pilot.press("enter")
        await pilot.pause()
        assert again.screen.query_one("#context", Input).value == "2048"
        await again.workers.wait_for_complete()


async def test_a_bad_data_file_shows_its_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHIN_HOME", str(tmp_path))
    data = tmp_path / "mine.jsonl"
    data.write_text('{"prompt": "2+2?", "answer": "4"}\nnot json\n', encoding="utf-8")
    app = Shell(Draft(step=2))
    async with app.run_test() as pilot:
        await pilot.pause()
        field = app.screen.query_one("#data-path", Input)
        field.focus()
        field.value = str(data)
        await pilot.press("enter")
        await text_with(pilot, "#data-report", "line 2")
    assert load_draft().data_files == ()


async def test_own_data_is_read_asked_and_scored_as_the_fields_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIGHIN_HOME", str(tmp_path / "home"))
    model, data = tmp_path / "tiny.gguf", tmp_path / "summen.csv"
    write_tiny_model(model)
    rows = [f"Was ist {n} plus 1?,{n + 1}" for n in range(5)]
    data.write_text("\n".join(["frage,antwort", *rows]), encoding="utf-8")
    app = Shell(Draft(step=2, picked=(str(model),)))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()

        async def report(*parts: str) -> str:
            return await text_with(pilot, "#data-report", *parts)

        assert not app.screen.query_one("#data-how").display
        field = app.screen.query_one("#data-path", Input)
        field.focus()
        field.value = str(data)
        await pilot.press("enter")
        await report("found 'frage', 'antwort'")
        assert app.screen.query_one("#data-how").display
        columns = app.screen.query_one("#data-columns", Input)
        columns.focus()
        columns.value = "prompt=frage,answer"
        await pilot.press("enter")
        await report("not in the form OURS=YOURS")
        columns.value = "prompt=frage,answer=antwort"
        await pilot.press("enter")
        await report(
            "5 generate items; columns prompt (frage), answer (antwort); scored by exact",
            "line-2  Was ist 0 plus 1?  → 1",
        )
        assert field.value == ""
        shots = app.screen.query_one("#data-shots", Input)
        shots.focus()
        shots.value = "9"
        await pilot.press("enter")
        await report("leave none to ask")
        shots.value = "2"
        scorer = app.screen.query_one("#data-scorer", Select)
        scorer.focus()
        names = [each.name for each in own_scorers()]
        downs = ["down"] * (names.index("numeric") - names.index("exact"))
        await pilot.press("space", *downs, "enter")  # enter in the open list selects and does not continue
        words = await report("3 generate items, 2 more as worked examples", "scored by numeric")
        assert isinstance(app.screen, WizardScreen)
        assert app.screen.draft.step == 2
        assert "user:      Was ist 0 plus 1?\nassistant: 1\nuser:      Was ist 1 plus 1?" in words
        await pilot.press("enter")  # candidates
        await pilot.pause()
        await pilot.press("enter")  # review
        await text_with(
            pilot, "#review-text", "scored by numeric; 2 worked examples; columns prompt=frage,answer=antwort"
        )
        await until(pilot, lambda: app.screen.query_one(ReviewStep).plan is not None)
        await pilot.press("enter")
        await until(pilot, lambda: app.plan is not None)
    assert app.plan is not None
    own = app.plan.suites[-1]
    assert isinstance(own, OwnSuite)
    assert (own.name, data_path(own)) == ("summen", str(data))
    assert (own.asking.scorer, own.asking.shots) == ("numeric", 2)
    assert own.asking.columns == {"frage": "prompt", "antwort": "answer"}
    again = Shell(None)  # the draft has it all, and the list selects it
    async with again.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("enter", "enter")
        await pilot.pause()
        await pilot.press("up")
        await text_with(pilot, "#data-report", "3 generate items")
        assert again.screen.query_one("#data-scorer", Select).value == "numeric"
        assert again.screen.query_one("#data-shots", Input).value == "2"
        assert again.screen.query_one("#data-columns", Input).value == "prompt=frage,answer=antwort"


async def test_enter_selects_in_an_open_list_of_the_review(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHIN_HOME", str(tmp_path / "home"))
    model = tmp_path / "tiny.gguf"
    write_tiny_model(model)
    app = Shell(Draft(step=4, picked=(str(model),)))
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.screen.query_one(ReviewStep).plan is not None)
        app.screen.query_one("#review-kv", Select).focus()
        await pilot.press("space", "down", "enter")
        await until(pilot, lambda: app.screen.query_one("#review-kv", Select).value == "q8_0")
        assert app.plan is None


@pytest.mark.parametrize("typed", ["8", "8 GiB", "8G"])
async def test_8_gib_typed_as_ram_reads_back_as_8_gib_in_the_review(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.setenv("WEIGHIN_HOME", str(tmp_path / "home"))
    model = tmp_path / "tiny.gguf"
    write_tiny_model(model)
    surroundings = Surroundings(machine=lambda: "", copy_bandwidth=lambda: 1e10)
    app = Shell(Draft(step=1, added=(str(model),), picked=(str(model),)), surroundings)
    async with app.run_test() as pilot:
        await pilot.pause()
        app.screen.query_one("#here", Checkbox).value = False
        app.screen.query_one("#ram", Input).value = typed
        for _ in range(3):
            await pilot.press("enter")
            await pilot.pause()
        await text_with(pilot, "#review-text", "Limits: up to 8 GiB of memory")
        await pilot.press("escape", "escape", "escape")
        await pilot.pause()
        assert app.screen.query_one("#ram", Input).value == "8"


async def test_s_saves_the_plan_of_the_review(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHIN_HOME", str(tmp_path / "home"))
    model = tmp_path / "tiny.gguf"
    write_tiny_model(model)
    app = Shell(Draft(step=4, picked=(str(model),)))
    async with app.run_test() as pilot:

        def items() -> int | None:
            plan = app.screen.query_one(ReviewStep).plan
            return plan.item_limit if plan else None

        await until(pilot, lambda: items() is not None)
        app.screen.query_one("#review-items", Input).value = "7"
        await until(pilot, lambda: items() == 7)
        await pilot.press("s")
        await until(pilot, lambda: bool(app._notifications))
        told = [notification.message for notification in app._notifications]
        saved = list((data_dir() / "plans").iterdir())
        assert told[-1] == f"Saved as {saved[-1]}"
        plan = app.screen.query_one(ReviewStep).plan
        assert plan is not None
        assert plan.item_limit == 7
        assert read_plan(saved[-1]) == plan
        await pilot.press("enter")
        await pilot.pause()
        assert app.plan == plan


@pytest.mark.parametrize(
    ("limits", "line"),
    [
        (Limits(), ""),
        (Limits(max_ttft_s=2), "Limits: first token within 2 s"),
        (
            Limits(min_generation_tokens_per_second=20, max_memory_bytes=9 * 2**29),
            "Limits: at least 20 tok/s, up to 4.5 GiB of memory",
        ),
    ],
)
def test_the_review_lists_the_limits_that_are_set(limits: Limits, line: str) -> None:
    lines = describe_plan(
        Plan(limits=limits), {}, {}, (), Surroundings(machine=lambda: "", copy_bandwidth=lambda: 1e10)
    )
    assert [each for each in lines if each.startswith("Limits")] == ([line] if line else [])
