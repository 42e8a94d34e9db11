"""What painting costs: eight panels that all change twice a second, as a share of one core.

    python tests/benchmarks/painting_cost.py [--seconds 20] [--panels 8]

Wanted: under 5 % of a core. CPU time of this process, which only folds events and paints; idle is the same app without
events. Each picture changes figures, graph, bar and state line of every panel, more than a real run does.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import AsyncIterator

import weighin.tui.app.app as app_module
from weighin.engine.events.run import (
    AnswerScored,
    CandidateCard,
    Event,
    PhaseChanged,
    RoundStarted,
    RunStarted,
    SpeedMeasured,
    SuiteCard,
)
from weighin.tui.app.app import WeighinApp
from weighin.tui.run.source import ReplaySource


class Lively(ReplaySource):
    """Changes every panel twice a second for a while."""

    def __init__(self, panels: int, seconds: float) -> None:
        super().__init__([], title="painting")
        self._panels, self._seconds = panels, seconds

    async def events(self) -> AsyncIterator[Event]:
        names = [f"model-{n}" for n in range(self._panels)]
        yield RunStarted(
            run_id="r",
            candidates=tuple(CandidateCard(id=n, name=n, quant="Q4_K_M", size_bytes=10**9) for n in names),
            suites=(SuiteCard(name="s", title="S", items=10_000, chance=0.25, metric="acc"),),
            repeats=5,
        )
        yield RoundStarted(number=1, planned=5)
        rng, started, number = random.Random(1), time.monotonic(), 0
        while time.monotonic() - started < self._seconds:
            for name in names if self._seconds else ():
                rate = rng.uniform(30, 50)
                yield SpeedMeasured(
                    candidate=name,
                    kind="generation",
                    repeat=number,
                    attempt=0,
                    n_tokens=128,
                    depth=0,
                    elapsed_s=1.0,
                    tokens_per_second=rate,
                )
                yield AnswerScored(
                    candidate=name,
                    suite="s",
                    item=f"i{number}",
                    correct=rng.random() < 0.6,
                    scores={},
                    prompt="p",
                    output="o",
                    extracted="o",
                    expected="o",
                )
                yield PhaseChanged(candidate=name, phase="speed", detail=f"tg128, item {number}")
            number += 1
            await asyncio.sleep(0.5)


async def cost(panels: int, seconds: float, size: tuple[int, int], *, lively: bool) -> float:
    """Share of a core, 0 to 1."""
    app = WeighinApp(Lively(panels, seconds + 3 if lively else 0.0))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await asyncio.sleep(2.0)
        cpu, wall = time.process_time(), time.monotonic()
        await asyncio.sleep(seconds)
        return (time.process_time() - cpu) / (time.monotonic() - wall)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--panels", type=int, default=8)
    arguments = parser.parse_args()
    app_module._TIMED_TICK_S = 0.5
    for size in ((80, 24), (160, 48)):
        idle = asyncio.run(cost(arguments.panels, arguments.seconds / 2, size, lively=False))
        busy = asyncio.run(cost(arguments.panels, arguments.seconds, size, lively=True))
        print(f"{size[0]}×{size[1]}  {arguments.panels} panels at 2 Hz: {busy:6.2%} of a core (idle {idle:.2%})")


if __name__ == "__main__":
    main()
