"""The app in a simulated terminal: every screen, every key that changes a run, errors, sizes, monochrome."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from weighin.engine.errors import StoreError
from weighin.engine.events.run import AnswerScored, Event, RunContinued, RunFinished, RunPaused, SuiteDropped
from weighin.engine.plan.model import Plan
from weighin.tui.app.app import WeighinApp
from weighin.tui.app.keys import binding_ids
from weighin.tui.app.preferences import Preferences
from weighin.tui.modals.compare import CompareScreen
from weighin.tui.modals.dialogs import Choose, Confirm, ErrorDialog
from weighin.tui.modals.help import HelpScreen
from weighin.tui.run.source import ALL_CONTROLS
from weighin.tui.widgets.matrix import AnswerMatrix
from weighin.tui.widgets.panel import CandidatePanel

SIZES = [(80, 24), (120, 30), (160, 48), (40, 12)]


class ScriptedSource:
    """Plays its events, then waits until the test or the user ends the run."""

    controls = ALL_CONTROLS
    recorded = False

    def __init__(self, events: Any, *, plan: Any = None, hold: bool = False, error: Any = None) -> None:
        self._script = list(events)
        self._hold = hold
        self._error = error
        self._more: asyncio.Queue[Event] = asyncio.Queue()
        self.asked: list[Any] = []
        self.run_id, self.title, self.plan = "r1", "scripted", plan

    async def events(self) -> AsyncIterator[Any]:
        for event in self._script:
            yield event
        if self._error:
            raise self._error
        while self._hold:
            event = await self._more.get()
            yield event
            if isinstance(event, RunFinished):
                break

    def tell(self, event: Any) -> None:
        self._more.put_nowait(event)

    def pause(self) -> None:
        self.tell(RunPaused())

    def unpause(self) -> None:
        self.tell(RunContinued())

    def skip(self, candidate: Any) -> None:
        self.asked.append(("skip", candidate))

    def drop_suite(self, suite: Any) -> None:
        self.tell(SuiteDropped(suite=suite))

    def cancel(self) -> None:
        self.asked.append(("cancel",))
        self.tell(RunFinished(outcome="cancelled"))


def app_of(events: Any, **options: Any) -> Any:
    mode = options.pop("mode", "live")
    library = options.pop("library", None)
    preferences = options.pop("preferences", None)
    return WeighinApp(
        ScriptedSource(events, **options),
        mode=mode,
        library=library,
        preferences=preferences,
        clock=lambda: 1_760_000_200.0,
    )


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until the events are folded and painted."""
    for _ in range(3):
        await pilot.pause()
    app = pilot.app
    assert isinstance(app, WeighinApp)
    app._painted_at = 0.0
    app.paint()
    await pilot.pause()


def shown(app: Any) -> str:
    """The screen as text."""
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


@pytest.mark.parametrize(("mode", "count"), [("live", 2), ("live", 8), ("results", 4), ("answers", 3), ("history", 2)])
async def test_every_screen_survives_every_size(
    run_events: Callable[..., list[Event]], library: Any, mode: str, count: int
) -> None:
    app = app_of(run_events(count)[:-1], hold=True, mode=mode, library=library)
    async with app.run_test(size=SIZES[0]) as pilot:
        for size in [*SIZES, (5, 3), (80, 24)]:
            await pilot.resize_terminal(*size)
            await settle(pilot)
        assert "weighin" in shown(app)


_EMPTY_TEXTS = {
    "live": "Getting ready",
    "results": "No run is open.",
    "answers": "No answers yet.",
    "history": "No runs yet.",
}


@pytest.mark.parametrize("mode", _EMPTY_TEXTS)
async def test_an_empty_screen_says_so_and_no_key_breaks_it(mode: Any, library: Any) -> None:
    library.lines = []
    app = app_of([], mode=mode, library=library)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert _EMPTY_TEXTS[mode] in shown(app)
        for key in ("z", "s", "d", "y", "f", "escape", "b", "enter", "r", "left", "question_mark", "escape"):
            await pilot.press(key)
            await pilot.pause()
        await settle(pilot)
        assert len(app.screen_stack) == 1
        assert app.current_mode == mode
        assert _EMPTY_TEXTS[mode] in shown(app)
        assert app.follower.source.asked == []


@pytest.mark.parametrize("count", [2, 3, 4, 8])
@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_every_candidate_has_its_panel(run_events: Callable[..., list[Event]], count: int, size: Any) -> None:
    app = app_of(run_events(count)[:-1], hold=True)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        panels = list(app.screen.query(CandidatePanel))
        assert [panel.candidate for panel in panels] == [panel.card.id for panel in app.follower.board.panels]
        assert all(panel.size.width >= 30 and panel.size.height >= 10 for panel in panels)
        for panel in [*panels[1:], panels[0]]:
            await pilot.press("right")
            await settle(pilot)
            assert app.screen.focused is panel
            assert app.screen.region.contains_region(panel.region)  # the whole of it is in sight


async def test_only_changed_panels_are_painted_again(run_events: Callable[..., list[Event]]) -> None:
    events = run_events(3)
    app = app_of(events[:120], hold=True)
    async with app.run_test(size=(160, 48)) as pilot:
        await settle(pilot)
        board = app.follower.board
        painted = [panel.show(board.panels[i], panel._look) for i, panel in enumerate(app.screen.query(CandidatePanel))]
        assert painted == [False, False, False]


async def test_p_pauses_and_resumes(run_events: Callable[..., list[Event]]) -> None:
    app = app_of(run_events(2)[:50], hold=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("p")
        await settle(pilot)
        assert app.follower.board.paused
        assert "PAUSED" in shown(app)
        await pilot.press("p")
        await settle(pilot)
        assert not app.follower.board.paused
        assert "PAUSED" not in shown(app)


async def test_cancel_asks_and_keeps_the_results(run_events: Callable[..., list[Event]]) -> None:
    app = app_of(run_events(2)[:60], hold=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        answered = app.follower.board.answered
        await pilot.press("c")
        assert isinstance(app.screen, Confirm)
        await pilot.press("n")
        assert app.follower.source.asked == []
        await pilot.press("c", "y")
        await settle(pilot)
        assert app.follower.board.finished.outcome == "cancelled"
        assert app.follower.board.answered == answered
        assert not app.follower.active
        assert app.follower.exit_code == 130


async def test_skip_asks_and_skips_the_focused_candidate(run_events: Callable[..., list[Event]]) -> None:
    app = app_of(run_events(3)[:60], hold=True)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await pilot.press("right", "s")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert app.follower.source.asked == [("skip", "qwen3-1.7b")]


async def test_the_chosen_suite_is_dropped(run_events: Callable[..., list[Event]]) -> None:
    app = app_of(run_events(2)[:60], hold=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("d")
        assert isinstance(app.screen, Choose)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert app.follower.board.dropped == {"extract-dates"}


async def test_zoom_shows_one_panel_and_arrows_switch_it(run_events: Callable[..., list[Event]]) -> None:
    app = app_of(run_events(3)[:60], hold=True)
    async with app.run_test(size=(160, 48)) as pilot:
        await settle(pilot)
        await pilot.press("z")
        await settle(pilot)
        assert [p.candidate for p in app.screen.query(CandidatePanel) if p.display] == ["llama-3.2-1b"]
        await pilot.press("right")
        await settle(pilot)
        assert [p.candidate for p in app.screen.query(CandidatePanel) if p.display] == ["qwen3-1.7b"]
        await pilot.press("escape")
        await settle(pilot)
        assert all(p.display for p in app.screen.query(CandidatePanel))


async def test_the_verdict_opens_the_results(
    run_events: Callable[..., list[Event]], run_plan: Callable[..., Plan]
) -> None:
    app = app_of(run_events(3), plan=run_plan(3))
    async with app.run_test(size=(160, 48)) as pilot:
        await settle(pilot)
        assert app.current_mode == "results"
        assert "▶" in shown(app)
        assert "statistically tied" in shown(app)
        await pilot.press("y")
        assert "llama-server" in app.clipboard
        assert app.follower.exit_code == 0


async def test_a_dead_worker_is_notified_and_shown(run_events: Callable[..., list[Event]]) -> None:
    app = app_of(run_events(4)[:-1], hold=True)
    async with app.run_test(size=(160, 48)) as pilot:
        await settle(pilot)
        text = shown(app)
        assert "failed: killed for memory twice" in text
        assert any("killed for memory" in note.message for note in app._notifications)


async def test_an_error_during_the_run_is_shown_in_a_dialog_and_can_be_copied(
    run_events: Callable[..., list[Event]],
) -> None:
    app = app_of(run_events(2)[:40], error=StoreError("The disk is full.", hint="Make room and resume."))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, ErrorDialog)
        await pilot.press("c")
        assert app.clipboard == "The disk is full.\nMake room and resume."
        await pilot.press("escape")
        await pilot.press("q")
    assert app.return_value == 1


async def test_quitting_cancels_an_active_run_first(run_events: Callable[..., list[Event]]) -> None:
    app = app_of(run_events(2)[:40], hold=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("q", "y")
        await settle(pilot)
    assert app.follower.source.asked == [("cancel",)]
    assert app.return_value == 130


async def test_help_on_every_screen_lists_its_keys(run_events: Callable[..., list[Event]], library: Any) -> None:
    app = app_of(run_events(2)[:60], hold=True, library=library)
    async with app.run_test(size=(120, 60)) as pilot:
        await settle(pilot)
        for number in range(1, len(app.mode_tabs) + 1):
            await pilot.press(str(number), "question_mark")
            await settle(pilot)
            assert isinstance(app.screen, HelpScreen)
            assert "Quit" in str(app.screen.query_one("#help-keys").render())
            await pilot.press("escape")


async def test_keys_and_theme_come_from_the_config(run_events: Callable[..., list[Event]]) -> None:
    chosen = Preferences(theme="weighin-light", keys={"run.pause": "f5", "no.such": "f6"})
    app = app_of(run_events(2)[:50], hold=True, preferences=chosen)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert app.theme == "weighin-light"
        await pilot.press("p")
        await settle(pilot)
        assert not app.follower.board.paused
        await pilot.press("f5")
        await settle(pilot)
        assert app.follower.board.paused
        assert any("no.such" in note.message for note in app._notifications)
    assert {"run.pause", "app.help", "history.delete", "answers.filter", "results.copy"} <= binding_ids(WeighinApp)


@pytest.mark.parametrize("answered", [True, False])
async def test_a_shows_the_answers_of_the_focused_candidate(
    run_events: Callable[..., list[Event]], answered: bool
) -> None:
    events = run_events(3)[:-2]
    first = next(place for place, event in enumerate(events) if isinstance(event, AnswerScored))
    app = app_of(events if answered else events[:first], hold=True)
    async with app.run_test(size=(160, 48)) as pilot:
        await settle(pilot)
        await pilot.press("right", "right")
        chosen = app.follower.board.panels[2].card
        assert app.screen.focused_candidate == chosen.id
        await pilot.press("a")
        await settle(pilot)
        if not answered:
            for event in events[first:]:
                app.follower.source.tell(event)
            await settle(pilot)
        matrix = app.screen.query_one(AnswerMatrix)
        assert matrix.column == 2
        assert f"C {chosen.name}" in str(app.screen.query_one("#left").render())
        await pilot.press("1")  # another candidate's, from another panel
        await settle(pilot)
        await pilot.press("left", "a")
        await settle(pilot)
        assert app.screen.query_one(AnswerMatrix).column == 1


async def test_answers_are_filtered_and_shown_side_by_side(run_events: Callable[..., list[Event]]) -> None:
    app = app_of(run_events(4)[:-1], hold=True, mode="answers")
    async with app.run_test(size=(160, 48)) as pilot:
        await settle(pilot)
        matrix = app.screen.query_one(AnswerMatrix)
        assert len(matrix.rows) == 60
        await pilot.press("f", "down", "enter")
        await settle(pilot)
        assert 0 < len(matrix.rows) < 60
        assert all(row.answers[0].correct and not row.answers[1].correct for row in matrix.rows)
        await pilot.press("b")
        await settle(pilot)
        text = shown(app)
        assert "A Llama 3.2 1B Instruct Q4_K_M" in text
        assert "B Qwen3 1.7B Q4_K_M" in text
        await pilot.press("escape", "slash", *"letter-003", "enter")
        await settle(pilot)
        assert [row.item for row in matrix.rows] == ["letter-003"]
        await pilot.press("escape", "end", "right", "right", "right", "right")
        assert (matrix.row, matrix.column) == (59, 3)


async def test_the_filter_names_the_two_candidates_when_they_are_swapped(
    run_events: Callable[..., list[Event]],
) -> None:
    app = app_of(run_events(4)[:-1], hold=True, mode="answers")
    async with app.run_test(size=(160, 48)) as pilot:
        await settle(pilot)
        await pilot.press("x", "down", "enter")
        await settle(pilot)
        await pilot.press("enter")  # A is the second candidate now, and B the first
        await settle(pilot)
        await pilot.press("f", "down", "enter")
        await settle(pilot)
        rows = app.screen.query_one(AnswerMatrix).rows
        assert rows
        assert all(row.answers[1].correct and not row.answers[0].correct for row in rows)
        assert "B right, A wrong" in shown(app)


async def test_control_characters_in_answers_do_not_reach_the_terminal(run_events: Callable[..., list[Event]]) -> None:
    import msgspec

    from weighin.engine.events.run import AnswerScored

    events = [
        msgspec.structs.replace(event, output="\x1b[2J\x07[red]x[/red]", extracted="[/nope]")
        if isinstance(event, AnswerScored)
        else event
        for event in run_events(2)[:-1]
    ]
    app = app_of(events, hold=True, mode="answers")
    async with app.run_test(size=(160, 48)) as pilot:
        await settle(pilot)
        await pilot.press("end", "b")
        await settle(pilot)
        assert "\x1b" not in shown(app)
        assert "[/nope]" in shown(app)


async def test_history_renames_compares_deletes_and_opens_runs(
    run_events: Callable[..., list[Event]], library: Any
) -> None:
    app = WeighinApp(None, library=library, mode="history")
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        assert "first try" in shown(app)
        await pilot.press("n", *"x", "enter")
        await settle(pilot)
        assert library.lines[0].name.endswith("x")
        await pilot.press("space", "down", "down", "space", "c")
        await settle(pilot)
        assert isinstance(app.screen, CompareScreen)
        assert "generation" in shown(app)
        await pilot.press("escape")
        await pilot.press("d")
        await settle(pilot)
        assert isinstance(app.screen, Confirm)
        await pilot.press("n")
        assert len(library.lines) == 3
        await pilot.press("d")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert [line.name for line in library.lines][1:] == ["first try"]
        await pilot.press("up", "up", "enter")
        await settle(pilot)
        assert app.current_mode == "results"
        assert app.follower.board.verdict is not None


async def test_history_resumes_only_incomplete_runs(library: Any) -> None:
    app = WeighinApp(None, library=library, mode="history")
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await pilot.press("r")
        await settle(pilot)
        assert app.current_mode == "history"
        await pilot.press("down", "r")
        await settle(pilot)
        assert app.follower.board.verdict is not None


async def test_export_asks_for_a_format_and_a_path(run_events: Callable[..., list[Event]], library: Any) -> None:
    app = app_of(run_events(3), library=library)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await pilot.press("e")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
    assert library.exported == [("20251009-085320", "md")]


async def test_no_color_is_monochrome_and_still_shows_who_leads(
    run_events: Callable[..., list[Event]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = app_of(run_events(3)[:-1], hold=True)
    os.environ["NO_COLOR"] = "1"
    async with app.run_test(size=(160, 48)) as pilot:
        await settle(pilot)
        assert app.no_color
        assert "▲" in shown(app)
        colors = {
            (segment.style.color.triplet if segment.style and segment.style.color else None)
            for strip in app.screen._compositor.render_strips()
            for segment in strip.apply_filter(app._filters[-1], app.screen.background_colors[1])
        }
        assert all(c is None or c.red == c.green == c.blue for c in colors)


async def test_ten_thousand_answers_all_get_a_row(run_events: Callable[..., list[Event]]) -> None:
    import msgspec

    from weighin.engine.events.run import AnswerScored

    events = run_events(2)
    answers = [event for event in events if isinstance(event, AnswerScored)]
    many = [msgspec.structs.replace(answers[i % len(answers)], item=f"m-{i}") for i in range(10_000)]
    app = app_of([*events[:10], *many], hold=True, mode="answers")
    async with app.run_test(size=(160, 48)) as pilot:
        while app.follower.board.answered < 10_000:
            await asyncio.sleep(0.01)
        await settle(pilot)
        matrix = app.screen.query_one(AnswerMatrix)
        assert len(matrix.rows) == 10_000
        await pilot.press("end")
        assert matrix.rows[-1].item in shown(app)
