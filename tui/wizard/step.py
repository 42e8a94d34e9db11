"""What every step of the wizard has in common."""

from __future__ import annotations

from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from weighin.engine.prepare.draft import Draft

from .surroundings import Surroundings


class Step(VerticalScroll, can_focus=False):
    """One page of the wizard. ``draft`` is given when it is shown; ``collect`` gives it back with its answers."""

    title = ""
    help_topic = ""
    """File in assets/help that explains the step."""
    draft: Draft = Draft()
    surroundings = Surroundings()

    class Completed(Message):
        """The step is done; its answers are in the draft."""

        def __init__(self, draft: Draft) -> None:
            super().__init__()
            self.draft = draft

    def show(self, draft: Draft) -> None:
        """The step comes to the front with this draft."""
        self.draft = draft

    def first_focus(self) -> Widget:
        """Where the cursor goes when the step comes to the front."""
        return next((widget for widget in self.query("*") if widget.focusable), self)

    def on_resize(self) -> None:
        """The field being edited stays in sight."""
        self.call_after_refresh(self._show_focused)

    def _show_focused(self) -> None:
        focused = self.screen.focused
        if focused is not None and self in focused.ancestors:
            focused.scroll_visible(animate=False)

    def collect(self) -> Draft:
        """The draft with the answers on this page; raises ValueError with a sentence for the user."""
        return self.draft

    def proceed(self) -> None:
        """Enter was pressed: leave the step, or do what the focused field is for."""
        try:
            self.post_message(self.Completed(self.collect()))
        except ValueError as error:
            self.notify(str(error), severity="warning", markup=False)

    def number(self, selector: str, what: str) -> float:
        """The number in a field, 0 when it is empty; raises ValueError that names ``what``."""
        text = self.query_one(selector, Input).value.strip().replace(",", "").replace("_", "")
        try:
            value = float(text or 0)
        except ValueError:
            raise ValueError(f"{what} must be a number, not {text!r}.") from None
        if not 0 <= value < 1e12:
            raise ValueError(f"{what} must not be negative or that large.")
        return value
