"""Framed lines look like Textual's own border, and never show an old line."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget

from weighin.tui.widgets.framed import FramedLines


class Panel(FramedLines, can_focus=True):
    """Some words per line."""

    DEFAULT_CSS = "Panel { border: round $primary; padding: 0 1; width: 30; height: 8; }"
    words: Sequence[str] = ("first", "second")

    def paint(self, width: int, height: int) -> list[Content]:
        return [Content.assemble((word, "bold"), " tail") for word in self.words]


class Plain(Panel):
    """The same lines, drawn by Textual."""

    def render_lines(self, crop: Region) -> list:  # type: ignore[type-arg]
        return Widget.render_lines(self, crop)


class Two(App[None]):
    AUTO_FOCUS = None
    CSS = "Plain:focus, Panel:focus { border: heavy $accent; }"

    def compose(self) -> ComposeResult:
        yield Panel()
        yield Plain()


def picture(widget: Widget) -> list[str]:
    return [strip.text for strip in widget.render_lines(Region(0, 0, *widget.region.size))]


async def both_alike(app: Two, title: str, state: str) -> None:
    ours, theirs = app.query(Panel).first(), app.query_one(Plain)
    ours.set_title(title)
    ours.set_state(state)
    theirs.border_title, theirs.border_subtitle = Content(title), Content(state)
    theirs.styles.border_title_align, theirs.styles.border_subtitle_align = "left", "right"
    assert picture(ours) == picture(theirs)


@pytest.mark.parametrize("title", ["A Llama", "", "语言 B"])
@pytest.mark.parametrize("state", ["waiting", ""])
async def test_it_looks_like_textuals_border(title: str, state: str) -> None:
    app = Two()
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        await both_alike(app, title, state)


async def test_the_focus_shows() -> None:
    app = Two()
    async with app.run_test(size=(60, 20)) as pilot:
        app.query(Panel).first().focus()
        await pilot.pause()
        assert picture(app.query(Panel).first())[0].startswith("┏━")
        app.set_focus(None)
        await pilot.pause()
        assert picture(app.query(Panel).first())[0].startswith("╭─")


async def test_no_old_line_stays_on_the_screen() -> None:
    app, rng = Two(), random.Random(1)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        panel = app.query(Panel).first()
        for number in range(60):
            panel.words = [rng.choice(["first", "second", "third"]) for _ in range(rng.randrange(6))]
            panel.repaint()
            panel.set_title(rng.choice("AB"))
            panel.set_state(rng.choice(["waiting", "done"]))
            if number % 20 == 19:
                panel.styles.width = rng.randrange(20, 40)
                await pilot.pause()
            shown = picture(panel)
            inside = [line[2:-2].rstrip() for line in shown[1:-1]]
            assert inside == [*(f"{word} tail" for word in panel.words), *[""] * (6 - len(panel.words))]
            assert f" {panel.title} " in shown[0]
            assert f" {panel.state} " in shown[-1]
            assert {len(line) for line in shown} == {panel.region.width}


async def test_a_part_of_the_lines_can_be_rendered() -> None:
    app = Two()
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        panel = app.query(Panel).first()
        whole = picture(panel)
        part = [strip.text for strip in panel.render_lines(Region(3, 1, 10, 2))]
        assert part == [line[3:13] for line in whole[1:3]]
