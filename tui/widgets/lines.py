"""A widget that caches its lines and repaints only those that changed.

Painting takes computing time from the models being measured, and most lines of a panel do not change from one repaint
to the next. Styles within a line must not nest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

_Line = tuple[str, tuple[object, ...]]


class LinesWidget(Widget):
    """Subclasses return the lines from ``paint`` and call ``repaint`` when they may have changed."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Content] = []
        self._keys: list[_Line] = []
        self._strips: dict[int, Strip] = {}
        self._strips_for: tuple[int, Style] | None = None
        self._styles_by_name: dict[str | Style, RichStyle] = {}

    def paint(self, width: int, height: int) -> Sequence[Content]:
        """All lines for an area of this size; lines beyond ``height`` are not shown."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Repaint the lines that changed."""
        width, height = self.content_size
        lines = list(self.paint(width, height))[:height] if width and height else []
        keys: list[_Line] = [(line.plain, tuple(line.spans)) for line in lines]
        longest = max(len(keys), len(self._keys))
        changed = [y for y in range(longest) if keys[y : y + 1] != self._keys[y : y + 1]]
        self._lines, self._keys = lines, keys
        for y in changed:
            self.line_changed(y)
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def line_changed(self, y: int) -> None:
        """Drop a line's cached strip."""
        self._strips.pop(y, None)

    def on_resize(self) -> None:
        """Compute the lines again for the new size."""
        self._keys = []
        self.repaint()

    def render(self) -> Content:
        """All lines as one text; tests read it."""
        return Content("\n").join(self._lines)

    def render_line(self, y: int) -> Strip:
        """One line, rendered once per width and style of the widget."""
        width, style = self.content_size.width, self.visual_style
        if self._strips_for != (width, style):
            self._strips_for, self._strips, self._styles_by_name = (width, style), {}, {}
        strip = self._strips.get(y)
        if strip is None:
            line = self._lines[y] if y < len(self._lines) else Content("")
            strip = Strip(self._segments(line, style)).adjust_cell_length(width, style.rich_style)
            self._strips[y] = strip
        return strip

    def _segments(self, line: Content, base: Style) -> Iterator[Segment]:
        """Split the line by style. Content's own method also handles wrapping and links, at several times the cost."""
        text, done = line.plain, 0
        for span in line.spans:
            if span.start > done:
                yield Segment(text[done : span.start], base.rich_style)
            if span.end > max(done, span.start):
                yield Segment(text[max(done, span.start) : span.end], self._rich(span.style, base))
            done = max(done, span.end)
        if done < len(text):
            yield Segment(text[done:], base.rich_style)

    def _rich(self, name: str | Style, base: Style) -> RichStyle:
        if name not in self._styles_by_name:
            own = self._get_style(name) if isinstance(name, str) else name
            self._styles_by_name[name] = (base + own).rich_style
        return self._styles_by_name[name]
