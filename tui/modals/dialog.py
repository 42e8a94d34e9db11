"""The base of all dialogs: the screen below shows through, dimmed."""

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
    """Textual works the tint out for a thousand segments, three times for every dialog; their styles are few."""

    @classmethod
    def process_segments(cls, segments: Iterable[Segment], color: Color) -> Iterable[Segment]:
        """Every segment dimmed."""
        for segment in segments:
            text, style, control = segment
            yield segment if control else Segment(text, _dimmed(style or Style.null(), color))


class Dialog(ModalScreen[Answer]):
    """A modal screen that is quick to open.

    Textual lays a new screen out and paints it at its resume and again at its first resize, without a pause between
    them; here the loop gets its turn before each.
    """

    async def on_screen_resume(self) -> None:
        """Let others have a turn first."""
        await asyncio.sleep(0)

    async def on_resize(self) -> None:
        """Let others have a turn first."""
        await asyncio.sleep(0)

    def render(self) -> RenderableType:
        """The screen below, dimmed; nothing of it where the background is opaque."""
        below = super().render()
        return _Dimmed(below.screen, below.color) if isinstance(below, BackgroundScreen) else below
