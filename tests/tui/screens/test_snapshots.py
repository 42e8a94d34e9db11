"""Pictures of every screen from the scripted run: small and large, dark and light.

After an intended change: ``pytest tests/tui/screens/test_snapshots.py --snapshot-update``, then look at the pictures.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from textual.pilot import Pilot

from weighin.engine.events.run import Event
from weighin.engine.plan.model import Plan
from weighin.tui.app.app import WeighinApp
from weighin.tui.app.preferences import Preferences
from weighin.tui.run.source import ALL_CONTROLS, ReplaySource

SIZES = {"80x24": (80, 24), "160x48": (160, 48)}
THEMES = {"dark": "weighin-dark", "light": "weighin-light"}


_RECT = re.compile(
    r'<rect fill="(#\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" shape-rendering="crispEdges"/>'
)


def compact(svg: Any) -> Any:
    """Join neighboring boxes of one color, which halves the size of the files."""
    boxes = list(_RECT.finditer(svg))
    joined: list[list[Any]] = []
    for box in boxes:
        fill, (x, y, width, height) = box.group(1), (float(each) for each in box.groups()[1:])
        last = joined[-1] if joined else None
        if last and last[0] == fill and last[2] == y and abs(last[1] + last[3] - x) < 0.01:
            last[3] += width
        else:
            joined.append([fill, x, y, width, height])
    if not boxes:
        return svg
    drawn = "".join(
        f'<rect fill="{f}" x="{x:g}" y="{y:g}" width="{w:.6g}" height="{h:g}"/>' for f, x, y, w, h in joined
    )
    return svg[: boxes[0].start()] + drawn + svg[boxes[-1].end() :]


class HeldReplay(ReplaySource):
    """A run that waits forever after its last event."""

    controls = ALL_CONTROLS

    def __init__(self, events: Any, *, plan: Any) -> None:
        super().__init__(events, title="contracts", plan=plan, speed=0)

    async def events(self) -> AsyncIterator[Any]:
        async for event in super().events():
            yield event
        await asyncio.Event().wait()


@pytest.fixture
def take(
    snap_compare: Callable[..., bool],
    run_events: Callable[..., list[Event]],
    steady_events: Callable[..., list[Event]],
    run_plan: Callable[..., Plan],
    library: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Any]:
    """``take(size, theme, …)``: compare a screen with its stored picture."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TZ", "UTC")
    export = WeighinApp.export_screenshot
    monkeypatch.setattr(WeighinApp, "export_screenshot", lambda app, **options: compact(export(app, **options)))
    if hasattr(time, "tzset"):
        time.tzset()

    def compare(
        size: Any,
        theme: Any,
        *,
        mode: str = "live",
        count: int = 4,
        part: float = 1.0,
        keys: Any = (),
        steady: bool = False,
    ) -> Any:
        events = (steady_events if steady else run_events)(count)
        events = events[: int(len(events) * part)]
        app = WeighinApp(
            HeldReplay(events, plan=run_plan(count)) if events else None,
            library=library,
            preferences=Preferences(theme=THEMES[theme]),
            mode=mode,
            clock=lambda: events[-1].at + 3.0 if events else 0.0,
        )

        async def settle(pilot: Pilot[Any]) -> None:
            for key in (None, *keys):
                if key:
                    await pilot.press(key)
                for _ in range(3):
                    await pilot.pause()
                while any(worker.is_running and worker.group != "run" for worker in app.workers):
                    await pilot.pause(0.01)
                await pilot.pause()
                app._painted_at = 0.0
                app.paint()
                app.clear_notifications()  # before a dialog dims what lies below it
                await pilot.pause()
            app.clear_notifications()
            await pilot.pause(0.05)

        return snap_compare(app, terminal_size=SIZES[size], run_before=settle)

    yield compare
    monkeypatch.undo()
    if hasattr(time, "tzset"):
        time.tzset()


both_sizes = pytest.mark.parametrize("size", list(SIZES))
every_look = pytest.mark.parametrize(("theme", "size"), [("dark", "80x24"), ("dark", "160x48"), ("light", "160x48")])
"""The light theme changes colors only, so one size of it is enough."""


@every_look
def test_live(take: Any, size: Any, theme: Any) -> None:
    assert take(size, theme, count=3, part=0.78)


@every_look
def test_results(take: Any, size: Any, theme: Any) -> None:
    assert take(size, theme, mode="results")


@both_sizes
def test_results_with_items_asked_again(take: Any, size: Any) -> None:
    assert take(size, "dark", mode="results", keys=("pagedown",) * 2 if size == "80x24" else (), steady=True)


def test_live_with_items_asked_again(take: Any) -> None:
    assert take("160x48", "dark", count=3, part=0.99, steady=True)


@every_look
def test_answers(take: Any, size: Any, theme: Any) -> None:
    assert take(size, theme, mode="answers")


@every_look
def test_history(take: Any, size: Any, theme: Any) -> None:
    assert take(size, theme, mode="history", count=3)


@every_look
def test_help(take: Any, size: Any, theme: Any) -> None:
    assert take(size, theme, count=2, part=0.5, keys=("question_mark",))


@both_sizes
def test_live_eight(take: Any, size: Any) -> None:
    assert take(size, "dark", count=8, part=0.6)


@both_sizes
def test_live_before_anything_happened(take: Any, size: Any) -> None:
    assert take(size, "dark", part=0.0)


@both_sizes
def test_live_zoomed(take: Any, size: Any) -> None:
    assert take(size, "dark", part=0.7, keys=("right", "z"))


@both_sizes
def test_answers_side_by_side(take: Any, size: Any) -> None:
    assert take(size, "dark", mode="answers", keys=("end", "b"))


@both_sizes
def test_results_before_the_verdict(take: Any, size: Any) -> None:
    assert take(size, "dark", mode="results", part=0.6)


def test_confirm(take: Any) -> None:
    assert take("80x24", "dark", part=0.5, keys=("c",))


@both_sizes
def test_worker_log(take: Any, size: Any) -> None:
    assert take(size, "dark", part=0.9, keys=("left", "w"))


def test_choose_filter(take: Any) -> None:
    assert take("80x24", "dark", mode="answers", keys=("f",))


@both_sizes
def test_compare(take: Any, size: Any) -> None:
    assert take(size, "dark", mode="history", keys=("space", "down", "down", "space", "c"))
