"""The wizard by keyboard, on tiny models."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App

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
        self.push_screen(WizardScreen(self.wanted))

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
