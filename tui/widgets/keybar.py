"""The keys that do something on the screen in front, in one line at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from textual import events
from textual.content import Content
from textual.screen import Screen

from .lines import LinesWidget


class Key(msgspec.Struct, frozen=True):
    """One key as it stands in the bar."""

    key: str
    """As Textual calls it."""
    shown: str
    words: str
    enabled: bool

    @property
    def width(self) -> int:
        """Cells it takes."""
        return len(self.shown) + len(self.words) + 3


class KeyBar(LinesWidget):
    """Textual's Footer makes a widget of every key and makes them all anew at each move of the focus.

    That took 125 ms a key press, from the model being measured too. Here one line is compared and painted.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS: ClassVar[str] = """
    KeyBar { dock: bottom; height: 1; background: $panel; color: $footer-foreground; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.keys: tuple[Key, ...] = ()
        """Those that fit, from left to right."""

    def on_mount(self) -> None:
        """Follow what can be done."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        if self.is_attached and screen is self.screen:
            self.repaint()

    def paint(self, width: int, height: int) -> Sequence[Content]:  # noqa: ARG002
        """As many keys as fit. Help stays whatever happens: it lists them all."""
        self.keys = fitting(self._keys_now(), width)
        parts = []
        for key in self.keys:
            dim = "" if key.enabled else " dim"
            parts.append((f" {key.shown} ", f"bold $footer-key-foreground{dim}"))
            parts.append((f"{key.words} ", f"$footer-description-foreground{dim}"))
        return [Content.assemble(*parts)]

    def _keys_now(self) -> list[Key]:
        found: dict[str, Key] = {}  # by action: of several keys for one, the first
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.show:
                shown = self.app.get_key_display(binding)
                found.setdefault(binding.action, Key(binding.key, shown, binding.description, active.enabled))
        return list(found.values())

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A click does what the key would."""
        at = 0
        for key in self.keys:
            at += key.width
            if event.x < at:
                if key.enabled:
                    self.app.simulate_key(key.key)
                else:
                    self.app.bell()
                return


def fitting(keys: Sequence[Key], width: int) -> tuple[Key, ...]:
    """The first keys that fit into ``width`` cells beside Help, in their order."""
    helps = [key for key in keys if key.shown == "?"]
    room = width - sum(key.width for key in helps)
    kept = []
    for key in keys:
        if key in helps:
            kept.append(key)
        elif room >= key.width:
            room -= key.width
            kept.append(key)
        else:
            room = 0
    return tuple(kept)
