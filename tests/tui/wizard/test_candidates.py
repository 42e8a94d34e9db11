"""The candidates and download steps by keyboard, against the stand-in hub and with real measuring workers."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import DataTable, Input, Static

from weighin.engine.catalog.verdict import NotAllowed
from weighin.engine.gguf.tiny import write_tiny_model
from weighin.engine.hub.client import RetryPolicy, connect
from weighin.engine.models.fetch import Fetch
from weighin.engine.plan.model import Plan
from weighin.engine.prepare.draft import Draft, SampleModel, load_draft
from weighin.tui.wizard.candidates import CandidatesStep
from weighin.tui.wizard.fetch import FetchScreen
from weighin.tui.wizard.review import ReviewStep
from weighin.tui.wizard.screen import WizardScreen
from weighin.tui.wizard.surroundings import Surroundings

REPO = "bartowski/SmolLM2-135M-Instruct-GGUF"
FILE = "SmolLM2-135M-Instruct-Q4_K_M.gguf"
KEY = "smollm2-135m-instruct:Q4_K_M"


class Shell(App[None]):
    plan: Plan | None = None

    def __init__(self, draft: Draft, *, measure: bool = False, surroundings: Surroundings | None = None) -> None:
        super().__init__()
        self._draft, self._measure, self._surroundings = draft, measure, surroundings

    def on_mount(self) -> None:
        self.push_screen(WizardScreen(self._draft, measure=self._measure, surroundings=self._surroundings))

    def on_wizard_screen_finished(self, event: WizardScreen.Finished) -> None:
        self.plan = event.plan


@pytest.fixture(autouse=True)
def hub(standin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The stand-in as the hub of this process, with an empty cache and an empty home."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", standin.url)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("WEIGHIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return standin


async def until(pilot: Pilot[None], what: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "that did not happen in time"
        await pilot.pause(0.05)


async def at_candidates(pilot: Pilot[None], app: Shell) -> CandidatesStep:
    """The step with its rows read and the cursor in the table."""
    await pilot.pause()
    step = app.screen.query_one(CandidatesStep)
    await until(pilot, lambda: bool(step.rows))
    await pilot.pause()
    step.query_one(DataTable).focus()
    return step


def cursor_on(step: CandidatesStep, key: str) -> None:
    table = step.query_one(DataTable)
    table.move_cursor(row=table.get_row_index(key))


def text_of(step: Any, selector: str) -> str:
    return str(step.query_one(selector, Static).render())


async def test_a_catalog_model_is_picked_downloaded_and_planned(
    hub: Any, tiny_gguf: Callable[[int], bytes], tmp_path: Path
) -> None:
    hub.add(REPO, {FILE: tiny_gguf(1)})
    app = Shell(Draft(step=3))
    async with app.run_test(size=(160, 48)) as pilot:
        step = await at_candidates(pilot, app)
        cursor_on(step, KEY)
        await pilot.press("space")
        assert step.draft.picked == (KEY,)  # it takes the sample's place
        await pilot.press("enter")
        review = app.screen.query_one(ReviewStep)
        await until(pilot, lambda: "Enter downloads" in text_of(review, "#review-text"))
        assert KEY in text_of(review, "#review-text")
        await pilot.press("enter")
        await until(pilot, lambda: app.plan is not None)
    assert app.plan is not None
    (candidate,) = app.plan.candidates
    assert Path(candidate.path).read_bytes() == tiny_gguf(1)
    assert str(tmp_path / "hub") in candidate.path
    assert load_draft().picked == (KEY,)
    assert load_draft().step == 0


async def test_a_failed_download_says_why_keeps_the_answers_and_can_be_tried_again(
    hub: Any, tiny_gguf: Callable[[int], bytes]
) -> None:
    hub.add(REPO, {FILE: tiny_gguf(1)}, gated="manual")
    app = Shell(Draft(step=4, picked=(KEY,)))
    async with app.run_test(size=(120, 40)) as pilot:
        review = app.screen.query_one(ReviewStep)
        await until(pilot, lambda: "Enter downloads" in text_of(review, "#review-text"))
        await pilot.press("enter")
        await until(
            pilot, lambda: isinstance(app.screen, FetchScreen) and "enter tries" in text_of(app.screen, "#fetch-hint")
        )
        assert f"{hub.url}/{REPO}" in text_of(app.screen, "#fetch-lines").replace("\n", "")
        hub.add(REPO, {FILE: tiny_gguf(1)})  # access was granted meanwhile
        await pilot.press("enter")
        await until(pilot, lambda: app.plan is not None)


async def test_a_full_disk_is_reported_before_anything_is_downloaded(
    hub: Any, tiny_gguf: Callable[[int], bytes], tmp_path: Path
) -> None:
    hub.add(REPO, {FILE: tiny_gguf(1)})
    free = 0
    surroundings = Surroundings(
        room=lambda: (tmp_path, free),
        fetch=lambda references: Fetch(references, disk_free_bytes=lambda folder: free),
    )
    app = Shell(Draft(step=4, picked=(KEY,)), surroundings=surroundings)
    async with app.run_test(size=(120, 40)) as pilot:
        review = app.screen.query_one(ReviewStep)
        await until(pilot, lambda: "Enter downloads" in text_of(review, "#review-text"))
        await pilot.press("enter")
        await until(
            pilot, lambda: isinstance(app.screen, FetchScreen) and "enter tries" in text_of(app.screen, "#fetch-hint")
        )
        assert "free" in text_of(app.screen, "#fetch-lines")
        assert not list((tmp_path / "hub").rglob("*.gguf"))
        free = 10**12  # room was made
        await pilot.press("enter")
        await until(pilot, lambda: app.plan is not None)


async def test_a_lost_connection_is_reported_and_escape_returns_to_the_review(
    hub: Any, tiny_gguf: Callable[[int], bytes]
) -> None:
    hub.add(REPO, {FILE: tiny_gguf(1)})
    hub.fault("reset", port="storage", at=100, times=99)
    quick = msgspec.structs.replace(connect(), retry=RetryPolicy(attempts=2, first_wait_s=0.01))
    app = Shell(Draft(step=4, picked=(KEY,)), surroundings=Surroundings(fetch=lambda names: Fetch(names, hub=quick)))
    async with app.run_test(size=(120, 40)) as pilot:
        review = app.screen.query_one(ReviewStep)
        await until(pilot, lambda: "Enter downloads" in text_of(review, "#review-text"))
        await pilot.press("enter")
        await until(
            pilot, lambda: isinstance(app.screen, FetchScreen) and "enter tries" in text_of(app.screen, "#fetch-hint")
        )
        assert "failed" in text_of(app.screen, "#fetch-lines")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, WizardScreen))
        assert app.plan is None


async def test_leaving_a_download_goes_back_to_the_review(hub: Any, tiny_gguf: Callable[[int], bytes]) -> None:
    hub.add(REPO, {FILE: tiny_gguf(1)})
    hub.fault("stall", port="storage", times=9)
    app = Shell(Draft(step=4, picked=(KEY,)))
    async with app.run_test(size=(80, 24)) as pilot:
        review = app.screen.query_one(ReviewStep)
        await until(pilot, lambda: "Enter downloads" in text_of(review, "#review-text"))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, FetchScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, WizardScreen))
        assert app.plan is None
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen.query_one(CandidatesStep).draft.picked == (KEY,)


async def test_a_model_whose_license_forbids_the_use_stays_with_its_reason(tiny_gguf: Callable[[int], bytes]) -> None:
    app = Shell(Draft(step=3))
    async with app.run_test(size=(160, 48)) as pilot:
        step = await at_candidates(pilot, app)
        refused = [row for row in step.rows.values() if isinstance(row.verdict, NotAllowed)]
        assert refused
        cursor_on(step, refused[0].key)
        await pilot.press("space")
        assert step.draft.picked == (SampleModel(),)
        await until(pilot, lambda: "Cannot be picked" in text_of(step, "#models-detail"))


async def test_models_are_filtered_sorted_and_switch_quants() -> None:
    app = Shell(Draft(step=3))
    async with app.run_test(size=(80, 24)) as pilot:
        step = await at_candidates(pilot, app)
        table = step.query_one(DataTable)
        await pilot.press("slash", *"llama 1b")
        await pilot.pause()
        assert 0 < table.row_count < 10
        await pilot.press("enter", "o", "o")
        sizes = [step.rows[str(key.value)].size_bytes for key in table.rows]
        assert sizes == sorted(sizes)
        before = str(table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value)
        await pilot.press("k")
        await until(pilot, lambda: before not in step.rows)
        assert any(key.rpartition(":")[0] == before.rpartition(":")[0] for key in step.rows)


async def test_files_and_hub_names_are_added_and_nonsense_is_explained(
    hub: Any, tiny_gguf: Callable[[int], bytes], tmp_path: Path
) -> None:
    file = tmp_path / "mine.gguf"
    write_tiny_model(file)
    hub.add("someone/mine-GGUF", {"mine-Q8_0.gguf": tiny_gguf(2)})
    app = Shell(Draft(step=3))
    async with app.run_test(size=(120, 40)) as pilot:
        step = await at_candidates(pilot, app)
        for words, key in ((str(file), str(file)), ("someone/mine-GGUF:Q8_0", "someone/mine-GGUF:mine-Q8_0.gguf")):
            await pilot.press("a")
            step.query_one("#add-path", Input).value = words
            await pilot.press("enter")
            await until(pilot, lambda key=key: key in step.rows)  # type: ignore[misc]
            assert key in step.draft.picked
        folder = tmp_path / "folder"
        folder.mkdir()
        write_tiny_model(folder / "other.gguf", seed=1)
        (folder / "page.gguf").write_text("<html>")
        await pilot.press("a")
        step.query_one("#add-path", Input).value = str(folder)
        await pilot.press("enter")
        await until(pilot, lambda: str(folder / "other.gguf") in step.draft.picked)
        await until(pilot, lambda: any("page.gguf is a web page" in note.message for note in app._notifications))
        await pilot.press("a")
        step.query_one("#add-path", Input).value = "no/such-repo"
        await pilot.press("enter")
        await until(
            pilot,
            lambda: "no/such-repo" in text_of(step, "#models-note") and "Looking" not in text_of(step, "#models-note"),
        )


async def test_speed_and_memory_are_measured_while_the_user_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weighin.tui.wizard.candidates._QUIET_S", 0.01)
    file = tmp_path / "mine.gguf"
    write_tiny_model(file)
    key = str(file)
    app = Shell(Draft(step=3, added=(key,), picked=(key,)), measure=True)
    async with app.run_test(size=(160, 48)) as pilot:
        step = await at_candidates(pilot, app)
        await until(pilot, lambda: step.rows[key].measured, 60)
        fit = step.rows[key].fit
        assert fit is not None
        assert fit.label == "measured (real file)"
        assert (step.rows[key].tokens_per_second or 0) > 0
        await pilot.press("escape")  # leaving ends the worker that is measuring
        await until(pilot, lambda: not any(w.is_running for w in app.workers if w.group == "measure"))


async def test_models_from_other_programs_are_offered(
    tiny_gguf: Callable[[int], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.delenv("LM_STUDIO_HOME", raising=False)
    file = tmp_path / "user" / ".lmstudio" / "models" / "me" / "studio" / "studio-thing-Q8_0.gguf"
    file.parent.mkdir(parents=True)
    file.write_bytes(tiny_gguf(3))
    app = Shell(Draft(step=3))
    async with app.run_test(size=(160, 48)) as pilot:
        step = await at_candidates(pilot, app)
        assert "lm-studio" in step.rows[str(file)].name
        cursor_on(step, str(file))
        await pilot.press("space")
        assert step.draft.picked == (str(file),)
