"""Replays: order, speed, pause, cancelling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from weighin.engine.events.run import Event, RunContinued, RunPaused
from weighin.tui.run.board import fold_all
from weighin.tui.run.source import ReplaySource


async def _nap(_seconds: Any) -> None:
    await asyncio.sleep(0)


async def test_plays_every_event_in_order_at_the_speed_asked(run_events: Callable[..., list[Event]]) -> None:
    naps = []

    async def nap(seconds: Any) -> None:
        naps.append(seconds)

    events = run_events(2)
    played = [event async for event in ReplaySource(events, speed=10.0, sleep=nap).events()]
    assert played == events
    whole = events[-2].at - events[0].at
    assert sum(naps) == pytest.approx(whole / 10, rel=0.01)


async def test_speed_zero_never_waits(run_events: Callable[..., list[Event]]) -> None:
    async def never(_seconds: Any) -> None:
        raise AssertionError

    events = run_events(2)
    assert [event async for event in ReplaySource(events, speed=0, sleep=never).events()] == events


async def test_pause_holds_the_events_and_is_reported(run_events: Callable[..., list[Event]]) -> None:
    source = ReplaySource(run_events(2), speed=1.0, sleep=_nap)
    seen = []

    async def play() -> None:
        seen.extend([event async for event in source.events()])

    task = asyncio.create_task(play())
    source.pause()
    for _ in range(50):
        await asyncio.sleep(0)
    assert not task.done()
    source.unpause()
    await asyncio.wait_for(task, 60)
    kinds = [type(event) for event in seen]
    assert RunPaused in kinds or RunContinued in kinds
    assert fold_all(seen).finished is not None


async def test_cancelling_jumps_to_the_end(run_events: Callable[..., list[Event]]) -> None:
    events = run_events(2)
    source = ReplaySource(events, speed=1.0, sleep=_nap)
    seen = []
    async for event in source.events():
        seen.append(event)
        if len(seen) == 5:
            source.cancel()
    assert seen[-1] == events[-1]
    assert fold_all(seen) == fold_all(events) or fold_all(seen).answered == fold_all(events).answered
