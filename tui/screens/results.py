"""The results: verdict, ranking, accuracy against speed, and where the figures come from."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from ..run.board import Board
from ..widgets.bars import TitleBar
from ..widgets.keybar import KeyBar
from . import results_text
from .host import BoardScreen

_WIDE = 120


class ResultsScreen(BoardScreen):
    """The verdict and its figures. Until the run ends, it shows the figures so far and says so."""

    HELP_TOPIC = "results"
    CSS_PATH = "results.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy command", id="results.copy", tooltip="Copy the command that runs the winner"),
        Binding("e", "app.export", "Export", id="results.export", tooltip="Export the run to a file"),
        Binding("a", "answers", "Answers", id="results.answers", tooltip="Show the answers one by one"),
        Binding("p", "provenance", "Settings", id="results.settings", tooltip="Scroll to settings and provenance"),
    ]

    def compose(self) -> ComposeResult:
        yield TitleBar(self.host.mode_tabs, "results")
        with VerticalScroll(id="results"):
            yield Static(id="verdict")
            yield Static(id="ranking")
            with Horizontal(id="middle"):
                yield Static(id="chart")
                with Vertical(id="aside"):
                    yield Static(id="strengths")
                    yield Static(id="remarks")
                    yield Static(id="steadiness")
            yield Static(id="groups")
            yield Static(id="commands")
            yield Static(id="provenance")
        yield KeyBar()

    def on_mount(self) -> None:
        """Focus the sections, so that the arrow keys scroll."""
        self.query_one("#results").focus()

    def show_board(self, board: Board, now: float) -> None:  # noqa: ARG002
        """Paint all sections, because results change rarely."""
        follower = self.host.follower
        key = (board.revision, self.size)
        if not self.ready or key == self.painted or not self.size.width:
            return
        first, self.painted = not self.painted, key
        self.query_one(TitleBar).show(follower.title)
        wide = self.size.width >= _WIDE
        self.set_class(not wide, "-narrow")
        width = self.size.width - 6
        chart_width = min(96, width * 3 // 5) if wide else width
        chart_height = max(12, min(22, self.size.height - 24)) if wide else 14
        plan = follower.plan
        self._fill({"verdict": results_text.verdict(board), "ranking": results_text.ranking_table(board, width)})

        def fill_rest() -> None:
            if self.painted != key:  # a newer picture was painted meanwhile
                return
            self._fill(
                {
                    "chart": results_text.chart(board, plan, chart_width, chart_height),
                    "strengths": results_text.strengths(board),
                    "remarks": results_text.remarks(board),
                    "steadiness": results_text.steadiness(board),
                    "groups": results_text.groups(board, width),
                    "commands": results_text.commands(board),
                    "provenance": results_text.provenance(board, plan, width),
                }
            )

        if first:
            self.call_after_refresh(fill_rest)  # painting everything at once blocked the event loop for 48 ms
        else:
            fill_rest()

    def _fill(self, sections: dict[str, Content]) -> None:
        for name, content in sections.items():
            section = self.query_one(f"#{name}", Static)
            section.display = bool(content.plain)
            section.update(content)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Gray out what has no content yet. Exporting is the app's action, which checks by itself."""
        board = self.host.follower.board
        if action == "copy" and (board.verdict is None or not board.verdict.commands):
            return None
        return None if action == "provenance" and board.started is None else True

    def action_copy(self) -> None:
        verdict = self.host.follower.board.verdict
        if verdict is None or not verdict.commands:
            self.notify("There is no recommended candidate, so there is no command to copy.", severity="warning")
            return
        name, command = next(iter(verdict.commands.items()))
        self.app.copy_to_clipboard(command)
        self.notify(command, title=f"Copied: {name}", markup=False)

    def action_answers(self) -> None:
        self.host.go("answers")

    def action_provenance(self) -> None:
        self.query_one("#provenance").scroll_visible(top=True)
