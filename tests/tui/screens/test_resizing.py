"""Every screen, wizard step and dialog keeps its state when the terminal is resized."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from weighin.engine.events.run import Event
from weighin.engine.gguf.tiny import write_tiny_model
from weighin.engine.models.fetch import FetchProgress
from weighin.engine.plan.model import Plan
from weighin.engine.prepare.draft import Draft, Target
from weighin.tui.app.app import WeighinApp
from weighin.tui.modals.dialogs import ErrorDialog
from weighin.tui.run.source import ALL_CONTROLS, ReplaySource
from weighin.tui.wizard.candidates import CandidatesStep
from weighin.tui.wizard.fetch import FetchScreen
from weighin.tui.wizard.review import ReviewStep
from weighin.tui.wizard.screen import WizardScreen
from weighin.tui.wizard.surroundings import Surroundings

SIZES = [(160, 48), (60, 18), (80, 24)]
"""Sizes after 80×24, the last one 80×24 again."""


class Held(ReplaySource):
    """Waits forever after its last event."""

    controls = ALL_CONTROLS

    async def events(self) -> AsyncIterator[Any]:
        async for event in super().events():
            yield event
        await asyncio.Event().wait()


class Stalled:
    """A download that never ends."""

    outcomes = ()

    async def stream(self) -> AsyncIterator[FetchProgress]:
        yield FetchProgress(name="qwen3-1.7b:Q4_K_M", state="downloading", done_bytes=10**8, total_bytes=10**9)
        await asyncio.Event().wait()

    def cancel(self) -> None:
        pass


SURROUNDINGS = Surroundings(
    machine=lambda: "Example CPU, 8 threads\n31.2 GiB RAM usable; no GPU found",
    copy_bandwidth=lambda: 20e9,
    room=lambda: (Path("/models"), 10**11),
    fetch=lambda references: Stalled(),
)


def shown(app: Any) -> str:
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


async def settle(pilot: Pilot[Any]) -> None:
    for _ in range(4):
        await pilot.pause()
    app = pilot.app
    assert isinstance(app, WeighinApp)
    app._painted_at = 0.0
    app.paint()
    await pilot.pause(0.05)


async def assert_it_survives_resizing(pilot: Pilot[Any]) -> None:
    app = pilot.app
    await settle(pilot)
    screen, focused, before = app.screen, app.screen.focused, shown(app)
    assert before.strip()
    for size in SIZES:
        await pilot.resize_terminal(*size)
        await settle(pilot)
        assert app.screen is screen
        assert screen.size == size
        assert screen.focused is focused
        if focused is not None:
            assert focused.region.intersection(screen.region).area, f"the focused widget is out of view at {size}"
        assert shown(app).strip()
    assert shown(app) == before


SCREENS = {
    "live": ("live", ()),
    "live, another panel": ("live", ("right",)),
    "live, zoomed": ("live", ("right", "z")),
    "results": ("results", ()),
    "answers": ("answers", ("down", "down")),
    "answers, side by side": ("answers", ("end", "b")),
    "history": ("history", ("down",)),
    "help": ("live", ("question_mark",)),
    "help on results": ("results", ("question_mark",)),
    "asks before it ends the run": ("live", ("c",)),
    "asks for a suite": ("live", ("d",)),
    "asks for a filter": ("answers", ("f", "down")),
    "asks for a text": ("answers", ("slash", "c", "l")),
    "asks for a name": ("history", ("n", "x")),
    "asks before it deletes": ("history", ("d",)),
    "compare": ("history", ("space", "down", "down", "space", "c")),
    "command palette": ("live", ("ctrl+p",)),
}


@pytest.mark.parametrize("name", list(SCREENS))
async def test_resizing_and_back_keeps_a_screen_and_its_focus(
    run_events: Callable[..., list[Event]], run_plan: Callable[..., Plan], library: Any, name: Any
) -> None:
    mode, keys = SCREENS[name]
    events = run_events(4)
    events = events if mode == "results" else events[: int(len(events) * 0.8)]
    source = Held(events, title="contracts", plan=run_plan(4), speed=0)
    app = WeighinApp(source, library=library, mode=mode, clock=lambda: events[-1].at + 3.0)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        app.clear_notifications()
        app.screen.set_interval(0.01, app.clear_notifications)
        await assert_it_survives_resizing(pilot)


async def test_resizing_and_back_keeps_an_error_dialog(run_events: Callable[..., list[Event]]) -> None:
    app = WeighinApp(Held(run_events(2)[:40], title="", plan=None, speed=0), clock=lambda: 0.0)
    async with app.run_test(size=(80, 24)) as pilot:
        log = tuple(f"line {number} of the worker's log, which is a long one" for number in range(30))
        app.push_screen(ErrorDialog("The worker died.", "Its log is below.", more=log))
        await assert_it_survives_resizing(pilot)


STEPS = ["license", "hardware", "task", "candidates", "review"]


async def open_wizard(pilot: Pilot[Any], step: Any, tmp_path: Path, *, picked: Any = ()) -> Any:
    model = tmp_path / "tiny.Q8_0.gguf"
    write_tiny_model(model)
    target = Target(this_machine=False, ram_bytes=8 * 2**30)
    draft = Draft(step=STEPS.index(step), target=target, added=(str(model),), picked=(str(model), *picked))
    screen = WizardScreen(draft, measure=False, surroundings=SURROUNDINGS)
    await pilot.app.push_screen(screen)
    deadline = time.monotonic() + 30

    def ready() -> Any:
        if step == "candidates":
            return bool(screen.query_one(CandidatesStep).rows)
        return step != "review" or screen.query_one(ReviewStep).plan is not None

    await settle(pilot)
    while not ready():
        assert time.monotonic() < deadline
        await pilot.pause(0.05)
    await pilot.app.workers.wait_for_complete(list(screen.step.workers))
    await settle(pilot)
    return screen


@pytest.mark.parametrize("keys", [(), ("tab", "tab")], ids=["", "elsewhere"])
@pytest.mark.parametrize("step", STEPS)
async def test_resizing_and_back_keeps_a_step_of_the_wizard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: Any, keys: Any
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    app = WeighinApp(None)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_wizard(pilot, step, tmp_path)
        await pilot.press(*keys)
        await assert_it_survives_resizing(pilot)


async def test_resizing_and_back_keeps_the_download_screen_and_its_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    app = WeighinApp(None)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_wizard(pilot, "review", tmp_path, picked=("qwen3-1.7b:Q4_K_M",))
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, FetchScreen)
        await assert_it_survives_resizing(pilot)
        await pilot.press("question_mark")
        await settle(pilot)
        assert "Downloading models" in shown(app)
        await assert_it_survives_resizing(pilot)
