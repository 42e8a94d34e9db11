"""Keys and help: all bindings can be remapped, all screens have a help text, the palette offers the actions."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

import weighin.tui
from weighin.assets import asset
from weighin.engine.prepare.draft import Draft
from weighin.tui.app.app import WeighinApp
from weighin.tui.app.keys import ScreenCommands, binding_ids
from weighin.tui.app.preferences import Preferences
from weighin.tui.modals.help import HelpScreen
from weighin.tui.screens.host import BoardScreen
from weighin.tui.wizard.screen import WizardScreen
from weighin.tui.wizard.step import Step
from weighin.tui.wizard.surroundings import Surroundings


def ours() -> Any:
    """Every Textual class in our modules."""
    for module in pkgutil.walk_packages(weighin.tui.__path__, "weighin.tui."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, left = set(), [DOMNode]
    while left:
        for kind in left.pop().__subclasses__():
            left.append(kind)
            if kind.__module__.startswith("weighin.tui"):
                found.add(kind)
    return found


def test_every_binding_with_an_id_can_be_remapped() -> None:
    ids = {b.id for kind in ours() for b in kind.__dict__.get("BINDINGS", ()) if isinstance(b, Binding) and b.id}
    assert ids == binding_ids(WeighinApp)


def test_every_screen_and_every_step_has_its_help() -> None:
    topics = {kind.help_topic for kind in ours() if issubclass(kind, Step) and kind is not Step}
    topics |= {kind.__dict__["HELP_TOPIC"] for kind in ours() if isinstance(kind.__dict__.get("HELP_TOPIC"), str)}
    assert {"license", "hardware", "task", "candidates", "review", "fetch", "compare"} <= topics
    assert {"live", "results", "answers", "history"} <= topics
    written = {path.stem for path in asset("help", "live.md").parent.iterdir()}
    assert topics == written
    assert all(
        "HELP_TOPIC" in kind.__dict__ for kind in ours() if issubclass(kind, BoardScreen) and kind is not BoardScreen
    )


@pytest.mark.parametrize(("step", "title"), enumerate(["license", "hardware", "task", "candidates", "review"]))
async def test_the_wizard_explains_the_step_in_front(step: Any, title: Any) -> None:
    app = WeighinApp(None)
    async with app.run_test(size=(100, 40)) as pilot:
        surroundings = Surroundings(machine=lambda: "a machine")
        await app.push_screen(WizardScreen(Draft(step=step), measure=False, surroundings=surroundings))
        await pilot.pause()
        await pilot.press("f1")
        for _ in range(4):
            await pilot.pause(0.05)
        assert isinstance(app.screen, HelpScreen)
        assert f"New run: {title}" in str(app.screen.query_one("HelpText").render())
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, WizardScreen)


async def test_wizard_keys_come_from_the_config() -> None:
    app = WeighinApp(None, preferences=Preferences(keys={"wizard.next": "f8"}))
    async with app.run_test(size=(100, 40)) as pilot:
        screen = WizardScreen(Draft(), measure=False, surroundings=Surroundings(machine=lambda: "a machine"))
        await app.push_screen(screen)
        await pilot.pause(0.2)
        await pilot.press("f8")
        await pilot.pause(0.2)
        assert screen.draft.step == 1
        assert not app._notifications


async def test_the_palette_offers_the_available_actions_and_runs_them(library: Any) -> None:
    app = WeighinApp(None, library=library, mode="history")
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.pause(0.3)
        commands = ScreenCommands(app.screen)
        offered = {hit.text async for hit in commands.discover()}
        assert {"Open", "Rename", "Delete", "Help", "Quit"} <= offered
        assert "Resume" not in offered  # the run under the cursor is complete
        assert "Cursor up" not in offered
        await pilot.press("ctrl+p", *"rename")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert "Rename the run" in str(app.screen.query_one(".dialog-title").render())
