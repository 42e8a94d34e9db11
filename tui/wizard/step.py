"""What every step of the wizard has in common."""

from __future__ import annotations

from dataclasses import dataclass

from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from weighin.engine.prepare.draft import Draft

from .surroundings import Surroundings


class Step(VerticalScroll, can_focus=False):
    """One page of the wizard. ``show`` receives the draft, ``collect`` returns it with the page's answers."""

    title = ""
    help_topic = ""
    """File in assets/help that explains the step."""
    draft: Draft = Draft()
    surroundings = Surroundings()

    @dataclass
    class Completed(Message):
        """The step is done; the draft has its answers."""

        draft: Draft

    def show(self, draft: Draft) -> None:
        """Show the step with this draft."""
        self.draft = draft

    def first_focus(self) -> Widget:
        """The widget that gets the focus when the step is shown."""
        return next((widget for widget in self.query("*") if widget.focusable), self)

    def on_resize(self) -> None:
        """Keep the focused field visible."""
        self.call_after_refresh(self._show_focused)

    def _show_focused(self) -> None:
        focused = self.screen.focused
        if focused is not None and self in focused.ancestors:
            focused.scroll_visible(animate=False)

    def collect(self) -> Draft:
        """The draft with the answers on this page.

        Raises:
            ValueError: an answer is missing or invalid; the message is for the user.
        """
        return self.draft

    def proceed(self) -> None:
        """Handle Enter: leave the step, or do what the focused field is for."""
        try:
            self.post_message(self.Completed(self.collect()))
        except ValueError as error:
            self.notify(str(error), severity="warning", markup=False)

    def number(self, selector: str, what: str) -> float:
        """The number in a field, 0 when it is empty.

        Raises:
            ValueError: it is not a number, negative or too large; the message names ``what``.
        """
        text = self.query_one(selector, Input).value.strip().replace(",", "").replace("_", "")
        try:
            value = float(text or 0)
        except ValueError:
            raise ValueError(f"{what} must be a number, not {text!r}.") from None
        if not 0 <= value < 1e12:
            raise ValueError(f"{what} must be between 0 and 10¹².")
        return value
