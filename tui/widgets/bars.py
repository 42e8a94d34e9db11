"""The two lines at the top of a screen: the modes, and the run's progress."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from .. import formatting
from ..run.board import Board


class TitleBar(Widget):
    """The product, the modes with their keys, the run's name."""

    def __init__(self, modes: tuple[tuple[str, str, str], ...], current: str) -> None:
        super().__init__()
        self._modes = modes
        """Key, name and title of each mode."""
        self._current = current
        self._note = ""

    def show(self, note: str) -> None:
        """Set the text at the right end."""
        if note != self._note:
            self._note = note
            self.refresh()

    def render(self) -> Content:
        parts: list[tuple[str, str] | str] = [(" weighin ", "bold $text-primary"), " "]
        for key, name, title in self._modes:
            style = "bold reverse" if name == self._current else f"@click=app.go('{name}')"
            parts += [(f" {key} {title} ", style), " "]
        left = Content.assemble(*parts)
        room = self.size.width - left.cell_length - 1
        note = formatting.cut(self._note, room) if room > 3 else ""
        return Content.assemble(left, (f"{note:>{max(0, room)}} ", "$foreground-muted"))


class RunBar(Widget):
    """Round, answers and time left as text, and a progress bar."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self._state = ""
        self._share = 0.0

    def show(self, board: Board, now: float) -> None:
        """Show a board; repaints only when the text or a cell of the bar changes."""
        text, state, share = run_words(board, now), _state(board), round(board.share_done, 3)
        if (text, state, share) != (self._text, self._state, self._share):
            self._text, self._state, self._share = text, state, share
            self.refresh()

    def render(self) -> Content:
        text = f" {self._text} "
        percent = f" {self._share * 100:3.0f} % "
        width = max(0, self.size.width - len(text) - len(percent) - (len(self._state) + 3 if self._state else 0))
        full = round(self._share * width)
        state: tuple[str, str] | str = (f" {self._state} ", "bold reverse") if self._state else ""
        return Content.assemble(
            state,
            text,
            ("━" * full, "$primary"),
            ("─" * (width - full), "$foreground 30%"),
            (percent, "$foreground-muted"),
        )


def _state(board: Board) -> str:
    if board.finished is not None:
        return "" if board.finished.outcome == "completed" else board.finished.outcome.upper()
    return "PAUSED" if board.paused else ""


def run_words(board: Board, now: float) -> str:
    """Round, answers and time left in one line."""
    if board.started is None:
        return "Getting ready"
    answers = f"{board.answered}/{board.items_total} answers" if board.items_total else "speed only"
    if board.finished is not None:
        return f"Finished · {answers}"
    if board.round is None:
        return f"Starting · {answers}"
    left = board.seconds_left(now)
    parts = [f"Round {board.round.number} of {max(board.round.planned, board.round.number)}", answers]
    if left is not None:
        # An estimate that has run out is no longer useful; the next round has a new one.
        parts.append(f"{formatting.duration(left)} left" if left > 0 else "taking longer than estimated")
    return " · ".join(parts)
