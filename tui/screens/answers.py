"""Every answer of a run: a list of items by candidates with filters, and one answer in full or two side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from weighin.engine.events.run import CandidateCard

from .. import formatting
from ..modals.dialogs import AskText, Choose
from ..run.answerbook import FILTERS, Filter, Query, Row, answer_rows, filtered
from ..run.board import Board
from ..run.standings import letter
from ..widgets.bars import TitleBar
from ..widgets.keybar import KeyBar
from ..widgets.matrix import AnswerMatrix, full_width
from .answers_text import one_answer, side_by_side
from .host import BoardScreen, CandidateWanted

_WIDE = 110
_GAP = 3
_WIDEST_LIST = 56


def _legend(cards: Sequence[CandidateCard], width: int) -> str:
    """The candidate for each letter. Names are cut to fit, quants are not: they are often the only difference."""
    quants = [f" {card.quant}" if card.quant else "" for card in cards]
    taken = sum(len(quant) + 2 + _GAP for quant in quants)
    room = max(6, (width + _GAP - taken) // max(1, len(cards)))
    return (" " * _GAP).join(
        f"{letter(i)} {formatting.cut(card.name, room)}{quant}"
        for i, (card, quant) in enumerate(zip(cards, quants, strict=True))
    )


class AnswersScreen(BoardScreen):
    """The list on one side, the answer under the cursor on the other."""

    HELP_TOPIC = "answers"
    CSS_PATH = "answers.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "filter", "Filter", id="answers.filter", tooltip="Filter by outcome, such as A right, B wrong"),
        Binding("u", "suite", "Suite", id="answers.suite", tooltip="Show only one suite"),
        Binding(
            "slash", "find", "Find", id="answers.find", key_display="/", tooltip="Show only items that contain a text"
        ),
        Binding("x", "pair", "A and B", id="answers.pair", tooltip="Choose the candidates A and B"),
        Binding(
            "b,enter", "beside", "Side by side", id="answers.beside", tooltip="Show A and B side by side, or one answer"
        ),
        Binding("y", "copy", "Copy", show=False, id="answers.copy", tooltip="Copy the prompt and the output"),
        Binding("escape", "clear", "Clear filters", show=False, id="answers.clear"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Row] = []
        self._query = Query()
        self._board = Board()
        self._beside = False

    def compose(self) -> ComposeResult:
        yield TitleBar(self.host.mode_tabs, "answers")
        yield Static(id="query")
        with Horizontal(id="body"):
            yield AnswerMatrix(id="matrix")
            with VerticalScroll(id="detail"), Horizontal(id="detail-sides"):
                yield Static(id="left")
                yield Static(id="right")
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one(AnswerMatrix).focus()

    def show_board(self, board: Board, now: float) -> None:  # noqa: ARG002
        """Show new answers; other figures do not matter here."""
        if not self.ready:
            return
        self.query_one(TitleBar).show(self.host.follower.title)
        key = (sum(len(panel.answers) for panel in board.panels), len(board.panels), board.dropped, self.size)
        if key != self.painted:
            self.painted = key
            self._board = board
            self.set_class(self.size.width < _WIDE, "-narrow")
            self._rows = answer_rows(board)
            self._apply()

    def _apply(self) -> None:
        rows = filtered(self._rows, self._query)
        self._show_query(len(rows))
        matrix = self.query_one(AnswerMatrix)
        matrix.show(rows, [letter(i) for i in range(len(self._board.panels))])
        # The answers get the room that the names leave. All rows count, so that a filter does not move the border.
        widest = min(_WIDEST_LIST, full_width(self._rows, len(self._board.panels)))
        matrix.styles.max_width = "100%" if self.has_class("-narrow") else widest

    def _show_query(self, count: int) -> None:
        query = self._query
        parts: list[tuple[str, str] | str] = [(f" {count} of {len(self._rows)} items", "bold")]
        for label, value in (
            ("filter", self._label(query.kind)),
            ("suite", query.suite or "all"),
            ("text", query.text),
        ):
            if value:
                parts += [(f"   {label} ", "$foreground-muted"), value]
        names = _legend([panel.card for panel in self._board.panels], self.size.width - 2)
        line = Content.assemble(*parts)
        self.query_one("#query", Static).update(
            Content("\n").join([line, Content.styled(f" {names}", "$foreground-muted")])
        )

    def on_answer_matrix_moved(self) -> None:
        matrix = self.query_one(AnswerMatrix)
        left, right = self.query_one("#left", Static), self.query_one("#right", Static)
        row = matrix.current
        beside = self._beside and len(self._board.panels) > 1
        right.display = beside and row is not None
        if row is None:
            hint = "No item matches. Press escape to clear the filters." if self._rows else "No answers yet."
            left.update(Content.styled(hint, "$foreground-muted"))
            return
        if beside:
            pair = self._pair(matrix.column)
            names = (self._who(pair[0]), self._who(pair[1]))
            for widget, content in zip((left, right), side_by_side(row, *pair, names), strict=True):
                widget.update(content)
        else:
            left.update(one_answer(row, matrix.column, self._who(matrix.column)))
        self.query_one("#detail").scroll_home(animate=False)

    def _pair(self, column: int) -> tuple[int, int]:
        """The candidates A and B; the one under the cursor replaces A when it is neither."""
        a, b = self._query.a, self._query.b
        return (a, b) if column in (a, b) else (column, b)

    def _who(self, place: int) -> str:
        panels = self._board.panels
        return f"{letter(place)} {panels[place].card.name} {panels[place].card.quant}" if place < len(panels) else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Gray out what needs two candidates, or an answer, when there is none."""
        if action in ("pair", "beside") and len(self._board.panels) < 2:
            return None
        return None if action in ("filter", "suite", "find") and not self._rows else True

    def _change(self, **changes: object) -> None:
        self._query = dataclasses.replace(self._query, **changes)  # type: ignore[arg-type]
        self._apply()

    def action_filter(self) -> None:
        options: list[tuple[str, str]] = [(kind, self._label(kind)) for kind in FILTERS]
        self.app.push_screen(
            Choose("Show which items?", options), lambda kind: self._change(kind=kind) if kind else None
        )

    def _label(self, kind: Filter) -> str:
        """The filter's name with the letters of the candidates that are A and B."""
        a, b = letter(self._query.a), letter(self._query.b)
        labels = {"A right, B wrong": f"{a} right, {b} wrong", "A wrong, B right": f"{a} wrong, {b} right"}
        return labels.get(kind, kind)

    def action_suite(self) -> None:
        options = [("", "all suites"), *((s.name, s.title or s.name) for s in self._board.suites)]
        self.app.push_screen(
            Choose("Which suite?", options), lambda name: self._change(suite=name) if name is not None else None
        )

    def action_find(self) -> None:
        self.app.push_screen(
            AskText(
                "Find items that contain", self._query.text, placeholder="in item, prompt, output or expected answer"
            ),
            lambda text: self._change(text=text) if text else None,
        )

    def action_pair(self) -> None:
        options = [(str(i), self._who(i)) for i in range(len(self._board.panels))]

        def picked_b(choice: str | None) -> None:
            if choice is not None:
                self._change(b=int(choice))

        def picked_a(choice: str | None) -> None:
            if choice is not None:
                self._change(a=int(choice))
                self.app.push_screen(Choose("Candidate B", options), picked_b)

        if len(options) > 1:
            self.app.push_screen(Choose("Candidate A", options), picked_a)

    def action_beside(self) -> None:
        self._beside = not self._beside
        self.on_answer_matrix_moved()

    def action_clear(self) -> None:
        self._change(kind="all", suite="", text="")

    def action_copy(self) -> None:
        matrix = self.query_one(AnswerMatrix)
        answer = matrix.current.answers[matrix.column] if matrix.current else None
        if answer is not None:
            self.app.copy_to_clipboard(answer.prompt + answer.output)
            self.notify("Copied the prompt and the output.", timeout=2)

    def on_candidate_wanted(self, event: CandidateWanted) -> None:
        """Put the cursor on a candidate's column."""
        place = next((i for i, p in enumerate(self._board.panels) if p.card.id == event.candidate), None)
        if place is not None:
            matrix = self.query_one(AnswerMatrix)
            matrix.column = place  # also while there is no answer to move to yet
            matrix.action_move(0, 0)
