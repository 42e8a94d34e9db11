"""The wizard by keyboard, on tiny models."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App
from textual.widgets import Input, Static

from weighin.engine.draft import Draft, load_draft
from weighin.engine.gguf.tiny import write_tiny_model
from weighin.engine.plan import Plan
from weighin.tui.wizard.screen import WizardScreen


class Shell(App[None]):
    plan: Plan | None = None

    def __init__(self, draft: Draft | None) -> None:
        super().__init__()
        self.wanted = draft

    def on_mount(self) -> None:
        self.push_screen(WizardScreen(self.wanted, measure=False))

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
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.plan is not None
        assert [c.path for c in app.plan.candidates] == [str(model)]
        await pilot.press("escape")
        await pilot.pause()
    assert load_draft().step == 3
    assert load_draft().picked == (str(model),)


async def test_back_keeps_answers_and_a_restart_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "line 2" in str(app.screen.query_one("#data-report", Static).render())
    assert load_draft().data_files == ()
