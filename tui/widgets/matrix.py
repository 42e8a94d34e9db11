"""Items by candidates as marks. Only visible lines are painted, so that ten thousand items scroll like ten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from weighin.engine.visible import visible

from .. import formatting
from ..run.answerbook import Row, mark

_CELL = 4


def full_width(rows: Sequence[Row], candidates: int) -> int:
    """The width in cells that shows the items' names in full, one mark per candidate, and the scroll bar."""
    return _longest_name(rows) + _CELL * candidates + 1


def _longest_name(rows: Sequence[Row]) -> int:
    return max(10, max((formatting.columns(visible(row.item)) for row in rows[:500]), default=8) + 3)


class AnswerMatrix(ScrollView, can_focus=True):
    """The marks, with a cursor on one item and one candidate."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "matrix--head",
        "matrix--right",
        "matrix--wrong",
        "matrix--muted",
        "matrix--row",
        "matrix--cursor",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1, 0)", "Item up", show=False, id="answers.up"),
        Binding("down,j", "move(1, 0)", "Item down", show=False, id="answers.down"),
        Binding("left,h", "move(0, -1)", "Candidate left", show=False, id="answers.left"),
        Binding("right,l", "move(0, 1)", "Candidate right", show=False, id="answers.right"),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "move(-1000000, 0)", "First item", show=False),
        Binding("end,G", "move(1000000, 0)", "Last item", show=False),
    ]

    class Moved(Message):
        """The cursor moved, or the answer under it changed."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self.rows: Sequence[Row] = ()
        self.heads: Sequence[str] = ()
        self.row = 0
        self.column = 0

    def show(self, rows: Sequence[Row], heads: Sequence[str]) -> None:
        """Replace the rows; the cursor stays on its item if that is still there."""
        current = self.current
        key = (current.suite, current.item) if current else None
        self.rows, self.heads = rows, heads
        places = (place for place, row in enumerate(rows) if (row.suite, row.item) == key)
        self.row = next(places, min(self.row, max(0, len(rows) - 1)))
        self.column = max(0, min(self.column, len(heads) - 1))
        self.virtual_size = Size(self._name_width() + _CELL * len(heads), len(rows) + 1)
        self._reveal()
        self.refresh()
        self.post_message(self.Moved())

    @property
    def current(self) -> Row | None:
        """The item under the cursor."""
        return self.rows[self.row] if 0 <= self.row < len(self.rows) else None

    def action_move(self, down: int, right: int) -> None:
        if not self.rows:
            return
        self.row = max(0, min(len(self.rows) - 1, self.row + down))
        self.column = max(0, min(len(self.heads) - 1, self.column + right))
        self._reveal()
        self.refresh()
        self.post_message(self.Moved())

    def action_page(self, direction: int) -> None:
        self.action_move(direction * max(1, self.size.height - 2), 0)

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or offset.y < 1:
            return
        column = (offset.x - self._name_width()) // _CELL
        self.action_move(self.scroll_offset.y + offset.y - 1 - self.row, column - self.column if column >= 0 else 0)

    def on_resize(self) -> None:
        self._reveal()

    def render_line(self, y: int) -> Strip:
        """The header stays on the first line; the rows scroll below it."""
        width = self.size.width
        base = self.rich_style
        name_width = self._name_width()
        if y == 0:
            head = self.get_component_rich_style("matrix--head")
            cells = "".join(f"{name:^{_CELL}}" for name in self.heads)
            return Strip([Segment(f"{'item':<{name_width}}{cells}", base + head)]).adjust_cell_length(width, base)
        index = y - 1 + self.scroll_offset.y
        if index >= len(self.rows):
            return Strip.blank(width, base)
        return Strip(self._segments(index, name_width, base)).adjust_cell_length(width, self._row_style(index, base))

    def _row_style(self, index: int, base: Style) -> Style:
        return base + self.get_component_rich_style("matrix--row") if index == self.row else base

    def _segments(self, index: int, name_width: int, base: Style) -> list[Segment]:
        row, style = self.rows[index], self._row_style(index, base)
        pointer = "▸" if index == self.row else " "
        segments = [
            Segment(pointer + formatting.padded(formatting.cut(row.item, name_width - 2), name_width - 1), style)
        ]
        for column, answer in enumerate(row.answers):
            kind = "muted" if answer is None else "right" if answer.correct else "wrong"
            cell = style + Style(color=self.get_component_rich_style(f"matrix--{kind}").color)
            if index == self.row and column == self.column:
                cell += Style(reverse=True, bold=True)
            segments.append(Segment(f"{mark(answer):^{_CELL}}", cell))
        return segments

    def _name_width(self) -> int:
        return max(10, min(_longest_name(self.rows), self.size.width - _CELL * len(self.heads)))

    def _reveal(self) -> None:
        if self.size.height > 1:
            top, height = self.scroll_offset.y, self.size.height - 1
            if self.row < top:
                self.scroll_to(y=self.row, animate=False, immediate=True)
            elif self.row >= top + height:
                self.scroll_to(y=self.row - height + 1, animate=False, immediate=True)
