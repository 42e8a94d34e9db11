"""Lines in a frame, for widgets that change twice a second while a model is being measured.

Textual draws the border, padding, content and filters of each line as separate strips, every time, which took longer
than the lines themselves. Here a line with both its sides is one strip, cached until it changes.
"""

from __future__ import annotations

from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.color import Color
from textual.content import Content
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.style import Style

from .lines import LinesWidget

_EDGES = {"round": tuple("╭─╮│╰╯"), "heavy": tuple("┏━┓┃┗┛")}


class _Frame(NamedTuple):
    """What all lines share; when it changes, all lines are drawn again."""

    size: Size
    edges: tuple[str, ...]
    style: RichStyle
    title_style: RichStyle
    state_style: RichStyle
    base: Style
    background: Color
    filters: tuple[object, ...]


class FramedLines(LinesWidget):
    """Handles round and heavy borders with padding ``0 1``; Textual draws all others."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.state = ""
        """The text in the bottom border."""
        self._frame: _Frame | None = None
        self._framed: dict[int, Strip] = {}

    def set_title(self, text: str) -> None:
        """Set the text in the top border."""
        if text != self.title:
            self.title = text
            self._framed.pop(0, None)
            self.refresh(Region(-2, -1, self.outer_size.width, 1))

    def set_state(self, text: str) -> None:
        """Set the text in the bottom border."""
        if text != self.state:
            self.state = text
            self._framed.pop(self.outer_size.height - 1, None)
            self.refresh(Region(-2, self.content_size.height, self.outer_size.width, 1))

    def line_changed(self, y: int) -> None:
        """Drop a line's cached strip."""
        super().line_changed(y)
        self._framed.pop(y + 1, None)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The strips of an area, including the frame."""
        frame = self._frame_now()
        if frame is None:
            return super().render_lines(crop)
        if frame != self._frame:
            self._frame, self._framed = frame, {}
        strips = [self._framed.get(y) or self._line(y, frame) for y in crop.line_range]
        if crop.column_span != (0, frame.size.width):
            return [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def _frame_now(self) -> _Frame | None:
        kind, color = self.styles.border_top
        if kind not in _EDGES or self.styles.padding != (0, 1, 0, 1):
            return None
        base, inside = self.background_colors
        ground = RichStyle(bgcolor=inside.rich_color)

        def style(of: Color, name: str = "") -> RichStyle:
            shown = (inside + of).rich_color
            return ground + RichStyle(color=shown, bold=name == "bold")

        return _Frame(
            size=self.outer_size,
            edges=_EDGES[kind],
            style=style(color),
            title_style=style(self.styles.border_title_color, "bold"),
            state_style=style(self.styles.border_subtitle_color),
            base=self.visual_style,
            background=base,
            filters=tuple(self.get_line_filters()),
        )

    def _line(self, y: int, frame: _Frame) -> Strip:
        width, height = frame.size
        left, across, right, side, low_left, low_right = frame.edges
        if y == 0:
            title = [Segment(f" {self.title} ", frame.title_style)] if self.title else []
            fill = across * (width - 3 - Content(self.title).cell_length - 2 * bool(self.title))
            parts = [Segment(left + across, frame.style), *title, Segment(fill + right, frame.style)]
        elif y == height - 1:
            state = [Segment(f" {self.state} ", frame.state_style)] if self.state else []
            fill = across * (width - 3 - Content(self.state).cell_length - 2 * bool(self.state))
            parts = [Segment(low_left + fill, frame.style), *state, Segment(across + low_right, frame.style)]
        else:
            parts = [Segment(f"{side} ", frame.style), *self.render_line(y - 1), Segment(f" {side}", frame.style)]
        strip = Strip(parts, width)
        for each in self.get_line_filters():
            strip = strip.apply_filter(each, frame.background)
        self._framed[y] = strip
        return strip
