"""The stored runs: open, resume, rename, delete, compare two."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from ..modals.compare import CompareScreen
from ..modals.dialogs import AskText, Confirm
from ..run.board import Board
from ..widgets.bars import TitleBar
from ..widgets.keybar import KeyBar
from ..widgets.line_table import Column, LineTable, TableRow
from .host import BoardScreen

if TYPE_CHECKING:
    from ..run.library import RunRow

_MUTED = "$foreground-muted"
_COLUMNS = (
    Column("mark", "", 1),
    Column("when", "when", 16),
    Column("state", "state", 13),
    Column("models", "models", 6, right=True),
    Column("answers", "answers", 7, right=True),
)
"""All columns except the run's name, which gets the remaining room, and the suites, which need a wide terminal."""


class HistoryScreen(BoardScreen):
    """A table of runs, newest first."""

    HELP_TOPIC = "history"
    CSS_PATH = "history.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "open", "Open", id="history.open", key_display="enter", tooltip="Show the run's results"),
        Binding("r", "resume", "Resume", id="history.resume", tooltip="Resume a run that is not complete"),
        Binding("n", "rename", "Rename", id="history.rename", tooltip="Rename the run"),
        Binding(
            "d,delete", "delete", "Delete", id="history.delete", tooltip="Delete the run and its answers, after asking"
        ),
        Binding("space", "mark", "Mark", id="history.mark", tooltip="Mark two runs to compare"),
        Binding("c", "compare", "Compare", id="history.compare", tooltip="Compare the two marked runs"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[RunRow] = []
        self._marked: list[str] = []
        """Up to two ids, the older mark first."""

    def compose(self) -> ComposeResult:
        yield TitleBar(self.host.mode_tabs, "history")
        yield LineTable(id="runs")
        yield Static(id="none")
        yield KeyBar()

    def show_board(self, board: Board, now: float) -> None:  # noqa: ARG002
        """List the runs again when the mode comes to the front or a run ends; figures do not matter here."""
        key = (board.finished is not None, self.size)
        if self.ready and key != self.painted:
            self.painted = key
            self.load()

    def on_screen_resume(self) -> None:
        """Read the list again: another process may have added a run."""
        self.painted = ()
        super().on_screen_resume()

    @work(exclusive=True, group="history")
    async def load(self) -> None:
        self._lines = await self.host.open_runs.rows()
        self._show()

    def _show(self) -> None:
        table = self.query_one("#runs", LineTable)
        table.display = bool(self._lines)
        empty = self.query_one("#none", Static)
        empty.display = not self._lines
        empty.update(Content("No runs yet. Start one with: weighin run, or try: weighin demo."))
        suites = [Column("suites", "suites", 34)] if self.size.width >= 100 else []
        columns = [*_COLUMNS, *suites]
        room = self.size.width - 6 - sum(column.width + 2 for column in columns)
        columns.insert(1, Column("run", "run", max(12, room)))
        table.show_columns(columns)
        table.show_rows(self._row(line) for line in self._lines)
        if self._lines and self.focused is None:
            table.focus()
        self.refresh_bindings()

    def _row(self, line: RunRow) -> TableRow:
        when = "unknown" if line.started is None else line.started.strftime("%Y-%m-%d %H:%M")
        state, style = _state(line)
        cells = [
            "●" if line.id in self._marked else " ",
            line.name or line.id,
            when,
            state,
            str(len(line.candidates)),
            str(line.answers),
            ", ".join(line.suites),
        ]
        return TableRow(line.id, cells, styles={1: "bold", 2: _MUTED, 3: style, 6: _MUTED})

    @property
    def chosen(self) -> RunRow | None:
        """The run under the cursor."""
        row = self.query_one("#runs", LineTable).cursor_row if self.ready else -1
        return self._lines[row] if 0 <= row < len(self._lines) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Gray out what the run under the cursor does not allow."""
        if action in ("open", "rename", "delete", "mark", "resume") and self.chosen is None:
            return None
        if action == "resume" and self.chosen is not None and not self.chosen.can_resume:
            return None
        if action == "compare" and len(self._marked) != 2:
            return None
        return True

    def on_data_table_row_selected(self) -> None:
        self.action_open()

    def on_data_table_row_highlighted(self) -> None:
        """Another run allows other keys."""
        self.refresh_bindings()

    @work(group="history-act", exclusive=True)
    async def action_open(self) -> None:
        if self.chosen is not None:
            await self.host.open_runs.open(self.chosen.id)

    @work(group="history-act", exclusive=True)
    async def action_resume(self) -> None:
        if self.chosen is not None:
            await self.host.open_runs.open(self.chosen.id, resume=True)

    @work(group="history-act", exclusive=True)
    async def action_rename(self) -> None:
        line = self.chosen
        if line is None:
            return
        name = await self.app.push_screen_wait(AskText("Rename the run", line.name))
        if name:
            await self.host.open_runs.rename(line.id, name)
            self.load()

    @work(group="history-act", exclusive=True)
    async def action_delete(self) -> None:
        line = self.chosen
        if line is None:
            return
        if line.locked:
            self.notify("This run is active. Cancel it first.", severity="warning")
            return
        detail = f"Its {line.answers} answers and all measurements will be lost."
        if await self.app.push_screen_wait(Confirm(f"Delete {line.name or line.id}?", detail=detail, yes="Delete")):
            await self.host.open_runs.delete(line.id)
            self._marked = [mark for mark in self._marked if mark != line.id]
            self.load()

    def action_mark(self) -> None:
        """Mark or unmark the run; a third mark replaces the oldest."""
        if self.chosen is None:
            return
        name = self.chosen.id
        kept = [mark for mark in self._marked if mark != name]
        self._marked = kept if name in self._marked else [*kept, name][-2:]
        table = self.query_one("#runs", LineTable)
        for line in self._lines:
            table.show_row(self._row(line))
        self.refresh_bindings()

    @work(group="history-act", exclusive=True)
    async def action_compare(self) -> None:
        if len(self._marked) == 2:
            names = {line.id: line.name or line.id for line in self._lines}
            # The older run is 1, so that a change reads forward in time.
            marked = [line.id for line in reversed(self._lines) if line.id in self._marked]
            boards = await self.host.open_runs.boards(marked)
            if len(boards) == 2:
                await self.app.push_screen(CompareScreen((names[marked[0]], names[marked[1]]), (boards[0], boards[1])))


def _state(line: RunRow) -> tuple[str, str]:
    if line.damage:
        return "✗ damaged", "$text-error"
    if line.locked:
        return "● active", "$text-primary"
    if line.status == "completed":
        return "✓ completed", "$text-success"
    word = "interrupted" if line.status == "running" else line.status
    return f"■ {word}", "$text-error" if line.status == "failed" else "$text-warning"
