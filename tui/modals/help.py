"""Help for the screen below: its text from assets/help, and the keys that work there.

The Markdown of the texts becomes lines here: Textual's own Markdown widget mounts a widget per paragraph, which
blocked the event loop for 118 ms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import msgspec
from markdown_it import MarkdownIt
from markdown_it.token import Token
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.widgets import Label, Static

from weighin.assets import asset

from ..widgets.lines import LinesWidget
from .dialogs import Dialog

_BULLET = "• "


def help_text(topic: str) -> str:
    """The help text for a topic; a placeholder when there is none."""
    path = asset("help", f"{topic}.md")
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return f"# {topic}\n\nThere is no help text for this screen."


class Block(msgspec.Struct, frozen=True):
    """A heading, a paragraph or a list item."""

    text: Content
    bullet: bool = False
    spaced: bool = True
    """Whether an empty line comes before it."""


def blocks(markdown: str) -> list[Block]:
    """Parse a help text. Markup that our help texts do not use comes out as plain text."""
    parsed: list[Block] = []
    heading, items_so_far = False, 0
    in_item = False
    for token in MarkdownIt("commonmark").parse(markdown):
        if token.type in ("heading_open", "heading_close"):
            heading = token.type == "heading_open"
        elif token.type == "bullet_list_open":
            items_so_far = 0
        elif token.type == "list_item_open":
            in_item = True
        elif token.type == "list_item_close":
            in_item, items_so_far = False, items_so_far + 1
        elif token.type == "inline":
            text = Content.assemble(*_pieces(token.children or [], "bold $text-primary" if heading else ""))
            parsed.append(Block(text, in_item, spaced=bool(parsed) and not (in_item and items_so_far)))
    return parsed


def _pieces(tokens: Sequence[Token], style: str) -> Iterator[tuple[str, str]]:
    now = style
    for token in tokens:
        if token.type == "strong_open":
            now = "bold"
        elif token.type == "strong_close":
            now = style
        elif token.type in ("softbreak", "hardbreak"):
            yield " ", now
        elif token.type == "code_inline":
            yield token.content, "bold $text-accent"
        elif token.content:
            yield token.content, now


def wrapped(help_blocks: Sequence[Block], width: int) -> list[Content]:
    """Wrap to lines of up to ``width`` cells; list items hang behind their bullets."""
    lines: list[Content] = []
    for block in help_blocks:
        indent = len(_BULLET) if block.bullet else 0
        lines += [Content("")] if block.spaced else []
        for number, line in enumerate(block.text.wrap(max(1, width - indent))):
            mark = (_BULLET if number == 0 else " " * indent) if block.bullet else ""
            lines.append(Content.assemble((mark, "$foreground-muted"), line))
    return lines


class HelpText(LinesWidget):
    """A help text, as tall as its lines."""

    DEFAULT_CSS = "HelpText { height: auto; }"

    def __init__(self, explained: Sequence[Block]) -> None:
        super().__init__()
        self._blocks = explained
        self._wrapped: tuple[int, list[Content]] = (0, [])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """Number of lines at that width."""
        return len(self.paint(width, 0))

    def paint(self, width: int, height: int) -> Sequence[Content]:  # noqa: ARG002
        if self._wrapped[0] != width:
            self._wrapped = (width, wrapped(self._blocks, width))
        return self._wrapped[1]


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
