"""The base of all dialogs: the screen below stays visible, dimmed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

from rich.console import RenderableType
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen

Answer = TypeVar("Answer")


@lru_cache(maxsize=512)
def _dimmed(style: Style, tint: Color) -> Style:
    fore, back = (
        None if color is None else (Color.from_rich_color(color) + tint).rich_color
        for color in (style.color, style.bgcolor)
    )
    return style.clear_meta_and_links() + Style.from_color(fore, back)


class _Dimmed(BackgroundScreen):
    """Textual computes the tint for a thousand segments, three times per dialog, although they share few styles."""

    @classmethod
    def process_segments(cls, segments: Iterable[Segment], color: Color) -> Iterable[Segment]:
        """Dim every segment."""
        for segment in segments:
            text, style, control = segment
            yield segment if control else Segment(text, _dimmed(style or Style.null(), color))


class Dialog(ModalScreen[Answer]):
    """A modal screen that opens without blocking the event loop for long.

    Textual lays out and paints a new screen when it resumes and again at its first resize, without a pause in between;
    here the event loop gets a turn before each.
    """

    async def on_screen_resume(self) -> None:
        """Give the event loop a turn first."""
        await asyncio.sleep(0)

    async def on_resize(self) -> None:
        """Give the event loop a turn first."""
        await asyncio.sleep(0)

    def render(self) -> RenderableType:
        """The screen below, dimmed; only the background where that is opaque."""
        below = super().render()
        return _Dimmed(below.screen, below.color) if isinstance(below, BackgroundScreen) else below
