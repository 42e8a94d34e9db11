"""Downloads the picked models, with a progress bar, rate and time left for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Label, Static

from weighin.engine.units import format_transfer_rate, gb

from .. import formatting
from ..modals.dialogs import Dialog
from .surroundings import Fetching

if TYPE_CHECKING:
    from weighin.engine.models.fetch import FetchProgress

_BAR = 16


class FetchScreen(Dialog["dict[str, str] | None"]):
    """Returns the path of every model by its reference, or None if any is missing."""

    HELP_TOPIC = "fetch"
    CSS_PATH = "fetch.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "Stop", id="fetch.stop"),
        Binding("enter", "again", "Try again", id="fetch.again", priority=True),
        Binding("question_mark,f1", "app.help", "Help", id="fetch.help", key_display="?", show=False),
    ]

    def __init__(self, references: Sequence[str], fetch: Callable[[Sequence[str]], Fetching]) -> None:
        super().__init__()
        self._references = list(references)
        self._begin = fetch
        self._state: dict[str, FetchProgress] = {}
        self._ended = False

    def compose(self) -> ComposeResult:
        with Vertical(id="fetch"):
            yield Label("Downloading models", classes="fetch-title")
            yield Static(id="fetch-lines")
            yield Static("escape stops; what has arrived is kept", id="fetch-hint", markup=False)

    def on_mount(self) -> None:
        self._fetch()

    @work(exclusive=True)
    async def _fetch(self) -> None:
        from weighin.engine.models.fetch import Fetched, NotFetched

        self._ended, self._state = False, {}
        fetch = self._begin(self._references)
        try:
            async for progress in fetch.stream():
                self._state[progress.name] = progress
                self._paint()
        finally:
            fetch.cancel()
        paths = {outcome.name: str(outcome.path) for outcome in fetch.outcomes if isinstance(outcome, Fetched)}
        failed = [outcome for outcome in fetch.outcomes if isinstance(outcome, NotFetched)]
        if not failed:
            self.dismiss(paths)
            return
        self._ended = True
        self._paint()
        self.query_one("#fetch-hint", Static).update("enter tries again · escape goes back; what has arrived is kept")

    def _paint(self) -> None:
        width = max(2 * _BAR, self.query_one("#fetch-lines", Static).size.width)
        lines: list[Content] = []
        for name in self._references:
            lines += progress_lines(name, self._state.get(name), width)
        self.query_one("#fetch-lines", Static).update(Content("\n").join(lines))

    async def on_resize(self) -> None:
        self.call_after_refresh(self._paint)

    def action_stop(self) -> None:
        """Go back to the review; the thread stops at its next chunk."""
        self.dismiss(None)

    def action_again(self) -> None:
        if self._ended:
            self._fetch()


def progress_lines(name: str, progress: FetchProgress | None, width: int) -> list[Content]:
    """One model's lines: name, bar and figures, and a reason or note."""
    if progress is None:
        return [Content.assemble((formatting.cut(name, width), "bold")), Content.styled("waiting", "$foreground-muted")]
    share = progress.done_bytes / progress.total_bytes if progress.total_bytes else 0.0
    full = round(share * _BAR)
    figures = [f"{gb(progress.done_bytes):.2f} of {gb(progress.total_bytes):.2f} GB"] if progress.total_bytes else []
    if progress.bytes_per_second:
        figures.append(format_transfer_rate(progress.bytes_per_second))
    if progress.seconds_left is not None:
        figures.append(f"{formatting.duration(progress.seconds_left)} left")
    style = {"failed": "$text-error", "done": "$text-success"}.get(progress.state, "")
    lines = [
        Content.styled(formatting.cut(name, width), "bold"),
        Content.assemble(
            ("━" * full, "$primary"),
            ("─" * (_BAR - full), "$foreground 30%"),
            (f" {progress.state}", style),
            ("  " + " · ".join(figures) if figures else "", "$foreground-muted"),
        ),
    ]
    message = progress.reason or progress.note
    return [*lines, Content.styled(message, "$text-warning")] if message else lines
