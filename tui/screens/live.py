"""The live comparison: one panel per candidate, side by side, in several rows when the terminal is tall enough."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from ..modals.dialogs import ErrorDialog
from ..run.board import Board, Panel
from ..run.standings import leads, letter
from ..widgets.bars import RunBar, TitleBar
from ..widgets.graph import nice_bound
from ..widgets.keybar import KeyBar
from ..widgets.panel import CandidatePanel, Look
from .host import BoardScreen, CandidateWanted

_LEAST_WIDTH, _LEAST_HEIGHT = 38, 14


class LiveScreen(BoardScreen):
    """The run while it is active."""

    HELP_TOPIC = "live"
    CSS_PATH = "live.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p,space", "app.pause", "Pause", id="run.pause", tooltip="Pause after the current command, or resume"),
        Binding("z,enter", "zoom", "Zoom", id="live.zoom", tooltip="Show the focused panel alone"),
        Binding("s", "skip", "Skip", id="run.skip", tooltip="Give the focused candidate no more items"),
        Binding("d", "app.drop_suite", "Drop suite", id="run.drop", tooltip="Ask no more items of a suite"),
        Binding(
            "a",
            "answers",
            "Answers",
            show=False,
            id="live.answers",
            tooltip="Show the focused candidate's answers",
        ),
        Binding("w", "log", "Log", id="live.log", tooltip="Show why the focused candidate's worker died, and its log"),
        Binding("c", "app.cancel", "Cancel", id="run.cancel", tooltip="Cancel the run and keep all results"),
        Binding("left,h", "step(-1)", "Panel left", show=False, id="live.left"),
        Binding("right,l", "step(1)", "Panel right", show=False, id="live.right"),
        Binding("escape", "unzoom", "All panels", show=False, id="live.unzoom"),
    ]

    zoomed = False
    _placed: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield TitleBar(self.host.mode_tabs, "live")
        yield RunBar()
        yield Container(id="deck")  # a ScrollableContainer would take the arrow keys, which step from panel to panel
        yield Static(id="empty")
        yield KeyBar()

    def show_board(self, board: Board, now: float) -> None:
        if not self.ready:
            return
        self.query_one(RunBar).show(board, now)
        self.query_one(TitleBar).show(self.host.follower.title)
        key = (board.revision, self.size, self.zoomed)
        if key == self.painted:
            return
        self.painted = key
        self.query_one("#empty", Static).display = not board.panels
        if not board.panels:
            self.query_one("#empty", Static).update(
                Content("Getting ready: opening the suites, checking the machine …")
            )
        self._show_panels(board)

    def _show_panels(self, board: Board) -> None:
        leading = leads(board)
        bound = nice_bound(max((max(panel.trace, default=0.0) for panel in board.panels), default=0.0))
        shown = {widget.candidate: widget for widget in self.query(CandidatePanel)}
        for index, panel in enumerate(board.panels):
            look = Look(bound, leading[panel.card.id], board.chance, letter(index))
            widget = shown.get(panel.card.id)
            if widget is None:
                self._add_panel(panel, look)
            else:
                widget.show(panel, look)
        placed = (len(board.panels), self.size, self.zoomed, self.focused if self.zoomed else None)
        if placed != self._placed:  # setting a style triggers a new layout, even with the same value
            self._placed = placed
            self._lay_out(len(board.panels))

    def _add_panel(self, panel: Panel, look: Look) -> None:
        first = not self.query(CandidatePanel)
        widget = CandidatePanel(panel, look)
        self.query_one("#deck").mount(widget)
        if first:
            widget.focus()

    def _lay_out(self, count: int) -> None:
        """Put as many panels in a row as fit, in several rows where the height allows, else in one row that scrolls."""
        deck = self.query_one("#deck")
        deck.display = count > 0
        if not count:
            return
        zoomed = self.focused if self.zoomed and isinstance(self.focused, CandidatePanel) else None
        for widget in self.query(CandidatePanel):
            widget.display = zoomed is None or widget is zoomed
        if zoomed is not None:
            count = 1
        width, height = self.size.width, self.size.height - 3
        columns = max(1, min(count, width // _LEAST_WIDTH))
        rows = -(-count // columns)
        fits = rows * _LEAST_HEIGHT <= height
        if fits:
            columns = -(-count // rows)
        else:
            rows = 1
        panel_width = width // columns
        deck.styles.grid_size_columns = columns if fits else count
        deck.styles.grid_size_rows = rows
        for widget in self.query(CandidatePanel):
            widget.styles.width = "1fr" if fits else panel_width
            widget.styles.height = "1fr" if fits else "100%"
        deck.set_class(not fits, "-scrolls")
        deck.styles.layout = "grid" if fits else "horizontal"
        self.call_after_refresh(self._scroll_anew)

    def _scroll_anew(self) -> None:
        """Scroll from the first panel to the focused one, so that the position does not depend on earlier sizes."""
        if self.query_one("#deck").has_class("-scrolls"):
            self.query_one("#deck").scroll_to(x=0, animate=False, immediate=True)
            self._reveal()

    def _reveal(self, panel: Widget | None = None) -> None:
        """Scroll far enough to show the whole focused panel. Textual's own way cuts another one by a cell."""
        deck, panel = self.query_one("#deck"), panel or self.focused
        if not isinstance(panel, CandidatePanel) or not deck.has_class("-scrolls"):
            return
        left = panel.virtual_region.x
        right = left + panel.outer_size.width
        if left < deck.scroll_offset.x or right > deck.scroll_offset.x + deck.size.width:
            deck.scroll_to(x=left if left < deck.scroll_offset.x else right - deck.size.width, animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Gray out what cannot be done now; the app does so for the actions of the run."""
        panel = self.host.follower.board.panel(self.focused_candidate)
        if action == "skip" and not (self.host.follower.can("skip") and panel is not None and panel.racing):
            return None
        if action == "log" and (panel is None or panel.death is None):
            return False  # takes room in the footer only when there is a log
        return None if action == "zoom" and panel is None else True

    @property
    def focused_candidate(self) -> str:
        """Id of the focused panel's candidate; empty without a focused panel."""
        return self.focused.candidate if isinstance(self.focused, CandidatePanel) else ""

    def action_step(self, by: int) -> None:
        """Move the focus to another panel, also while one is zoomed."""
        panels = list(self.query(CandidatePanel))
        if not panels:
            return
        at = next((i for i, widget in enumerate(panels) if widget is self.focused), 0)
        target = panels[(at + by) % len(panels)]
        target.display = True
        target.focus(scroll_visible=False)
        if self.zoomed:
            self._show_anew()
        else:
            self._reveal(target)

    def action_zoom(self) -> None:
        self.zoomed = not self.zoomed and bool(self.focused_candidate)
        self._show_anew()

    def action_unzoom(self) -> None:
        self.zoomed = False
        self._show_anew()

    def action_skip(self) -> None:
        if self.focused_candidate:
            self.app.call_later(self.app.run_action, f"app.skip({self.focused_candidate!r})")

    def action_answers(self) -> None:
        self.host.go("answers", CandidateWanted(self.focused_candidate))

    def action_log(self) -> None:
        """Show why the focused candidate's worker died, with the end of its log."""
        panel = self.host.follower.board.panel(self.focused_candidate)
        if panel is None or panel.death is None:
            return
        death = panel.death
        hint = f"The full log is in {death.log_path}." if death.log_path else ""
        self.app.push_screen(ErrorDialog(death.reason, hint, more=death.log_tail or ("The log is empty.",)))

    def _show_anew(self) -> None:
        self.painted = self._placed = ()
        self.call_after_refresh(self.on_screen_resume)
