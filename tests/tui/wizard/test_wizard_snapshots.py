"""Pictures of the wizard's steps, with fixed surroundings, so that they are the same on every machine.

After an intended change: ``pytest tests/tui/wizard/test_wizard_snapshots.py --snapshot-update``, then look at them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from weighin.engine.gguf.tiny import write_tiny_model
from weighin.engine.models.fetch import FetchProgress
from weighin.engine.plan.model import OwnAsking
from weighin.engine.prepare.candidates import list_candidates
from weighin.engine.prepare.draft import Draft, Target, conditions_of
from weighin.tui.app.app import WeighinApp
from weighin.tui.app.preferences import Preferences
from weighin.tui.wizard.candidates import CandidatesStep
from weighin.tui.wizard.fetch import FetchScreen
from weighin.tui.wizard.review import ReviewStep
from weighin.tui.wizard.screen import WizardScreen
from weighin.tui.wizard.surroundings import Surroundings

PICKED = ("qwen3-1.7b:Q4_K_M", "llama-3.2-1b-instruct:Q4_K_M", "gemma-3-1b-it:Q4_K_M")


class HalfWay:
    """A download in progress: one model is done, one is downloading, one has failed."""

    outcomes = ()

    async def stream(self) -> AsyncIterator[FetchProgress]:
        done, coming, refused = PICKED
        yield FetchProgress(name=done, state="done", done_bytes=1_107_409_472, total_bytes=1_107_409_472)
        yield FetchProgress(
            name=coming,
            state="downloading",
            done_bytes=310_000_000,
            total_bytes=807_694_464,
            bytes_per_second=11.6e6,
            seconds_left=42.9,
            note="The connection was lost and came back.",
        )
        yield FetchProgress(name=refused, state="failed", reason="Accept the terms at https://example.org/gemma first.")
        await asyncio.Event().wait()

    def cancel(self) -> None:
        pass


SIZES = {"80x24": (80, 24), "160x48": (160, 48)}
every_look = pytest.mark.parametrize(("theme", "size"), [("dark", "80x24"), ("dark", "160x48"), ("light", "160x48")])
"""The light theme changes colors only, so one size of it is enough."""
SURROUNDINGS = Surroundings(
    machine=lambda: "Example CPU, 8 threads\n31.2 GiB RAM usable; no GPU found",
    copy_bandwidth=lambda: 20e9,
    room=lambda: (Path("/home/you/.cache/huggingface/hub"), 85 * 10**9),
    fetch=lambda references: HalfWay(),
)
TARGET = Target(this_machine=False, ram_bytes=8 * 2**30, cores=4, n_ctx=8192, min_tokens_per_second=10)


@pytest.fixture(autouse=True)
def no_files_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("WEIGHIN_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))  # Ollama's and LM Studio's stores are looked for there
    monkeypatch.delenv("OLLAMA_MODELS", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)


@every_look
@pytest.mark.parametrize("step", ["license", "hardware", "task", "candidates"])
def test_step(snap_compare: Callable[..., bool], step: str, theme: str, size: str) -> None:
    index = ["license", "hardware", "task", "candidates"].index(step)
    app = WeighinApp(None, preferences=Preferences(theme=f"weighin-{theme}"))

    async def settle(pilot: Any) -> None:
        screen = WizardScreen(Draft(step=index, target=TARGET), measure=False, surroundings=SURROUNDINGS)
        await app.push_screen(screen)
        await pilot.pause()
        if step == "hardware":
            await app.workers.wait_for_complete(list(screen.step.workers))
        if step == "candidates":
            deadline = time.monotonic() + 30
            while not screen.query_one(CandidatesStep).rows:
                assert time.monotonic() < deadline
                await pilot.pause(0.05)
            await pilot.press("o", "o")
        await pilot.pause(0.2)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=settle)


@pytest.mark.parametrize("size", list(SIZES))
def test_own_data(snap_compare: Callable[..., bool], tmp_path: Path, size: str) -> None:
    app = WeighinApp(None, preferences=Preferences(theme="weighin-dark"))
    file = tmp_path / "clauses.csv"
    rows = [f"c{n},How many days of notice? The notice period is {n * 10} days.,{n * 10}" for n in range(1, 6)]
    file.write_text("\n".join(["no,ask,right", *rows]), encoding="utf-8")
    own = OwnAsking(scorer="numeric", shots=1, columns={"no": "id", "ask": "prompt", "right": "answer"})

    async def settle(pilot: Any) -> None:
        screen = WizardScreen(
            Draft(step=2, target=TARGET, data_files=(str(file),), own={str(file): own}), measure=False
        )
        await app.push_screen(screen)
        await pilot.pause()
        await pilot.press("up")  # from the first suite to the last line, which is the file
        await app.workers.wait_for_complete(list(screen.step.workers))
        await pilot.pause(0.2)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=settle)


@every_look
@pytest.mark.parametrize("page", ["review", "fetch"])
def test_the_end(snap_compare: Callable[..., bool], tmp_path: Path, page: str, theme: str, size: str) -> None:
    model = tmp_path / "own-model.Q8_0.gguf"
    write_tiny_model(model)
    app = WeighinApp(None, preferences=Preferences(theme=f"weighin-{theme}"))
    draft = Draft(step=4, target=TARGET, picked=(str(model), *PICKED), suites=("everyday-choice",))

    async def settle(pilot: Any) -> None:
        screen = WizardScreen(draft, measure=False, surroundings=SURROUNDINGS)
        await app.push_screen(screen)
        await pilot.pause()
        review = screen.query_one(ReviewStep)
        listed = list_candidates(conditions_of(draft), added=draft.added)
        review.rows = {row.key: row for row in listed.rows}
        review.show(draft)
        deadline = time.monotonic() + 30
        while review.plan is None:
            assert time.monotonic() < deadline
            await pilot.pause(0.05)
        await pilot.pause(0.2)
        if page == "fetch":
            await pilot.press("enter")
            await pilot.pause(0.3)
            assert isinstance(app.screen, FetchScreen)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=settle)
