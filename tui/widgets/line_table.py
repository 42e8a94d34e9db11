"""A table that lays out its own columns, so that Textual sees one cell per row.

Textual renders each cell of a DataTable separately: 290 cells blocked the event loop for 45 ms at each repaint.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Span, Text
from textual.events import Click
from textual.message import Message
from textual.style import Style as ContentStyle
from textual.widgets import DataTable

from .. import formatting

_GAP = "  "


class Column(NamedTuple):
    """One column; its title is aligned like its cells."""

    key: str
    title: str
    width: int
    """Width in terminal cells; longer texts are cut."""
    right: bool = False


class TableRow(NamedTuple):
    """One row. Texts beyond the columns shown are ignored.

    Styles are written as in ``bold`` or ``$text-error``.
    """

    key: str
    cells: Sequence[str]
    style: str = ""
    """Style of the whole row."""
    styles: dict[int, str] = {}  # noqa: RUF012 - never changed
    """Styles of single cells, by column index."""


class LineTable(DataTable[Text]):
    """A table with a row cursor, a header that marks the sort column, and cheap repaints."""

    DEFAULT_CSS: ClassVar[str] = """
    LineTable { background: $background; background-tint: $background 0%; }
    LineTable > .datatable--header { background: $background; color: $foreground-muted; text-style: none; }
    LineTable:focus > .datatable--cursor { background: $panel; color: $text; text-style: bold; }
    LineTable > .datatable--cursor { background: $panel 60%; color: $text; }
    """

    @dataclass
    class HeaderClicked(Message):
        """The user clicked on a column's title."""

        column: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id, cursor_type="row", cell_padding=1)
        self._columns: tuple[Column, ...] = ()
        self._ordered_by = ""
        self._shown: tuple[TableRow, ...] = ()

    def on_mount(self) -> None:
        """Repaint the rows when the theme changes: they contain its colors."""
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.show_rows(self._shown))

    def show_columns(self, columns: Sequence[Column], ordered_by: str = "") -> bool:
        """Set the columns and mark the sort column. Returns True if this cleared the table."""
        columns = tuple(columns)
        if (columns, ordered_by) == (self._columns, self._ordered_by):
            return False
        self._columns, self._ordered_by = columns, ordered_by
        self.clear(columns=True)
        titles = [c.title + ("↓" if c.key == ordered_by else "") for c in columns]
        head = self._line(TableRow("", titles))
        self.add_column(head, key="line", width=head.cell_len)
        return True

    def show_rows(self, rows: Iterable[TableRow]) -> None:
        """Replace the rows; the cursor stays where it is."""
        at = self.cursor_row
        self._shown = tuple(rows)
        self.clear()
        for row in self._shown:
            self.add_row(self._line(row), key=row.key)
        self.move_cursor(row=min(at, max(0, len(self._shown) - 1)))

    def show_row(self, row: TableRow) -> None:
        """Update one row; does nothing when it is not in the table."""
        if row.key in self.rows:
            self._shown = tuple(row if each.key == row.key else each for each in self._shown)
            self.update_cell(row.key, "line", self._line(row), update_width=False)

    @property
    def cursor_key(self) -> str:
        """Key of the row under the cursor; empty when the table is empty."""
        return self._shown[self.cursor_row].key if 0 <= self.cursor_row < len(self._shown) else ""

    def _line(self, row: TableRow) -> Text:
        pieces, spans, at = [], [], 0
        for place, (column, text) in enumerate(zip(self._columns, row.cells, strict=False)):
            shown = formatting.cut(text, column.width)
            padded = (
                " " * (column.width - cell_len(shown)) + shown if column.right else set_cell_size(shown, column.width)
            )
            gap = _GAP if place else ""
            pieces.append(gap + padded)
            if place in row.styles:
                spans.append(Span(at + len(gap), at + len(gap) + len(padded), self._rich(row.styles[place])))
            at += len(gap) + len(padded)
        return Text("".join(pieces), style=self._rich(row.style), no_wrap=True, end="", spans=spans)

    def _rich(self, style: str) -> Style:
        """The style for rich, with the theme's colors and without a background, so that the cursor's shows."""
        if not style:
            return Style.null()
        rich = (self.visual_style + ContentStyle.parse(style)).rich_style
        return Style(color=rich.color, bold=rich.bold, dim=rich.dim)

    def on_click(self, event: Click) -> None:
        if event.style.meta.get("row") != -1:
            return
        at = self.gutter.left + self.cell_padding - self.scroll_offset.x
        for column in self._columns:
            if at <= event.x < at + column.width:
                self.post_message(self.HeaderClicked(column.key))
            at += column.width + len(_GAP)
