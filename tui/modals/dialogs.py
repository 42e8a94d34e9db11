"""Small dialogs: a confirmation, a choice, a line of text, an error that can be copied; and the base of all dialogs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import lru_cache
from typing import ClassVar, TypeVar

from rich.console import RenderableType
from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

Answer = TypeVar("Answer")


@lru_cache(maxsize=512)
def _dimmed(style: Style, tint: Color) -> Style:
    fore, back = (
        None if color is None else (Color.from_rich_color(color) + tint).rich_color
        for color in (style.color, style.bgcolor)
    )
    return style.clear_meta_and_links() + Style.from_color(fore, back)


class _Dimmed(BackgroundScreen):
    """Textual computes the tint for a thousand segments, three times per dialog, although they share few styles."""

    @classmethod
    def process_segments(cls, segments: Iterable[Segment], color: Color) -> Iterable[Segment]:
        """Dim every segment."""
        for segment in segments:
            text, style, control = segment
            yield segment if control else Segment(text, _dimmed(style or Style.null(), color))


class Dialog(ModalScreen[Answer]):
    """A modal screen over the dimmed screen below. It opens without blocking the event loop for long.

    Textual lays out and paints a new screen when it resumes and again at its first resize, without a pause in between;
    here the event loop gets a turn before each.
    """

    async def on_screen_resume(self) -> None:
        """Give the event loop a turn first."""
        await asyncio.sleep(0)

    async def on_resize(self) -> None:
        """Give the event loop a turn first."""
        await asyncio.sleep(0)

    def render(self) -> RenderableType:
        """The screen below, dimmed; only the background where that is opaque."""
        below = super().render()
        return _Dimmed(below.screen, below.color) if isinstance(below, BackgroundScreen) else below


class Confirm(Dialog[bool]):
    """Asks for confirmation before an action; Escape means no."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", id="dialog.yes"),
        Binding("n,escape", "answer(False)", "No", id="dialog.no"),
        Binding("left,right", "app.focus_next", show=False),
    ]

    def __init__(self, question: str, *, detail: str = "", yes: str = "Yes", no: str = "No") -> None:
        super().__init__()
        self._question, self._detail, self._yes, self._no = question, detail, yes, no

    def compose(self) -> ComposeResult:
        """Question, consequence and two buttons; the harmless one has the focus."""
        with Vertical(classes="dialog"):
            yield Label(Content(self._question), classes="dialog-title")
            if self._detail:
                yield Label(Content(self._detail), classes="dialog-text")
            with Horizontal(classes="dialog-buttons"):
                yield Button(f"{self._no} (n)", id="no", compact=True)
                yield Button(f"{self._yes} (y)", id="yes", compact=True, variant="warning")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)


class Choose(Dialog["str | None"]):
    """Asks for one of a few options; returns None when the user picks nothing."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Back", id="dialog.back")]

    def __init__(self, title: str, options: list[tuple[str, str]]) -> None:
        super().__init__()
        self._title = title
        self._options = options
        """Value and label of each."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(Content(self._title), classes="dialog-title")
            yield OptionList(*(Option(Content(label)) for _value, label in self._options), compact=True)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._options[event.option_index][0])


class AskText(Dialog["str | None"]):
    """Asks for a line of text; returns None when the user cancels."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Back", id="dialog.back")]

    def __init__(self, title: str, value: str = "", *, placeholder: str = "") -> None:
        super().__init__()
        self._title, self._value, self._placeholder = title, value, placeholder

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(Content(self._title), classes="dialog-title")
            yield Input(self._value, placeholder=self._placeholder, compact=True)
            yield Label("enter accept · escape cancel", classes="dialog-hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return the text; an empty line counts as cancelled."""
        self.dismiss(event.value.strip() or None)


class ErrorDialog(Dialog[None]):
    """Shows what went wrong and what to do, as text that can be copied."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "Copy", id="dialog.copy"),
        Binding("escape,enter", "dismiss", "Close", id="dialog.close"),
    ]

    def __init__(self, what: str, hint: str = "", *, more: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._text = "\n".join(part for part in (what, hint, *more) if part)
        self._what, self._hint, self._more = what, hint, more

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -error"):
            yield Label(Content(f"✗ {self._what}"), classes="dialog-title")
            if self._hint:
                yield Label(Content(self._hint), classes="dialog-text")
            if self._more:
                with VerticalScroll(classes="dialog-log"):
                    yield Static(Content("\n".join(self._more)))
            yield Label("c copy · escape close", classes="dialog-hint")

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self._text)
        self.notify("Copied.", timeout=2)
