"""Help for the screen below: its text from assets/help, and the keys that work there."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Label, Static

from .dialog import Dialog
from .help_text import Block, HelpText


class HelpScreen(Dialog[None]):
    """The help; Escape or the key that opened it closes it."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,f1,q", "dismiss", "Close", id="help.close")]

    def __init__(self, explained: list[Block], keys: list[tuple[str, str]]) -> None:
        super().__init__()
        self._explained = explained
        self._keys = keys
        """Key and description of each action on the screen below."""

    def compose(self) -> ComposeResult:
        width = max((len(key) for key, _ in self._keys), default=0)
        lines = [Content.assemble((f"{key:>{width}}", "bold $text-accent"), f"  {what}") for key, what in self._keys]
        with Vertical(id="help"):
            with VerticalScroll(id="help-scroll"):
                yield HelpText(self._explained)
                yield Static(Content("\n").join(lines), id="help-keys")
            yield Label("↑ ↓ scroll · escape close", classes="dialog-hint")
