"""Draws the README's pictures: the scripted run of the screen tests, played through the real app.

    make pictures

Pictures of the screens and of the wizard are written to assets/pictures as SVG. They load no fonts.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fixtures.scripted_run import scripted_plan, whole_run

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "assets" / "pictures"
SIZE = (132, 36)


def write(svg: str, name: str) -> None:
    """Write the SVG without the fonts' addresses: a picture must not use the network."""
    svg = re.sub(r"@font-face\s*\{[^}]*\}", "", svg)
    svg = svg.replace("Fira Code, monospace", "Fira Code, DejaVu Sans Mono, Menlo, Consolas, monospace")
    (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")
    print(f"assets/pictures/{name}.svg")


async def draw_run(name: str, mode: str, *, part: float = 1.0, keys: tuple[str, ...] = ()) -> None:
    from weighin.tui.app.app import WeighinApp
    from weighin.tui.run.source import ReplaySource

    events = whole_run(3)
    events = events[: int(len(events) * part)]

    class Held(ReplaySource):
        """Waits forever after its last event."""

        async def events(self) -> AsyncIterator[Any]:
            async for event in super().events():
                yield event
            await asyncio.Event().wait()

    source = Held(events, title="contracts", plan=scripted_plan(3), speed=0)
    app = WeighinApp(source, mode=mode, clock=lambda: events[-1].at + 3)
    async with app.run_test(size=SIZE) as pilot:
        for key in (None, *keys):
            if key:
                await pilot.press(key)
            for _ in range(5):
                await pilot.pause()
            app._painted_at = 0.0
            app.paint()
        app.clear_notifications()
        await pilot.pause(0.2)
        write(app.export_screenshot(title="weighin"), name)


async def draw_candidates() -> None:
    from weighin.engine.prepare.draft import Draft, Target
    from weighin.tui.app.app import WeighinApp
    from weighin.tui.wizard.candidates import CandidatesStep
    from weighin.tui.wizard.screen import WizardScreen

    app = WeighinApp(None)
    async with app.run_test(size=(150, 36)) as pilot:
        target = Target(this_machine=False, ram_bytes=8 * 2**30, n_ctx=8192)
        screen = WizardScreen(Draft(step=3, target=target), measure=False)
        await app.push_screen(screen)
        deadline = time.monotonic() + 60
        while not screen.query_one(CandidatesStep).rows and time.monotonic() < deadline:
            await pilot.pause(0.1)
        await pilot.press("o", "o", "down", "down")
        await pilot.pause(0.3)
        write(app.export_screenshot(title="weighin"), "candidates")


async def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    await draw_run("live", "live", part=0.78)
    await draw_run("results", "results")
    await draw_run("answers", "answers", keys=("b",))
    await draw_candidates()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(WEIGHIN_HOME=home, HF_HUB_CACHE=str(Path(home) / "hub"), TZ="UTC")
        os.environ.pop("NO_COLOR", None)
        asyncio.run(main())
