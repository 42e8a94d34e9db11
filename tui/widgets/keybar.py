"""The keys of the screen in front, in one line at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from textual import events
from textual.content import Content
from textual.screen import Screen

from .lines import LinesWidget


class Key(msgspec.Struct, frozen=True):
    """One key in the bar."""

    key: str
    """Textual's name of the key."""
    shown: str
    description: str
    enabled: bool

    @property
    def width(self) -> int:
        """Width in cells."""
        return len(self.shown) + len(self.description) + 3


class KeyBar(LinesWidget):
    """One line that repaints only when it changes.

    Textual's Footer mounts a widget per key and replaces them all whenever the focus moves: 125 ms per key press, taken
    from the model being measured.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS: ClassVar[str] = """
    KeyBar { dock: bottom; height: 1; background: $panel; color: $footer-foreground; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.keys: tuple[Key, ...] = ()
        """The keys that fit, from left to right."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        if self.is_attached and screen is self.screen:
            self.repaint()

    def paint(self, width: int, height: int) -> Sequence[Content]:  # noqa: ARG002
        """As many keys as fit, and always Help, which lists them all."""
        self.keys = fitting(self._keys_now(), width)
        parts = []
        for key in self.keys:
            dim = "" if key.enabled else " dim"
            parts.append((f" {key.shown} ", f"bold $footer-key-foreground{dim}"))
            parts.append((f"{key.description} ", f"$footer-description-foreground{dim}"))
        return [Content.assemble(*parts)]

    def _keys_now(self) -> list[Key]:
        by_action: dict[str, Key] = {}  # by action; the first of several keys wins
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.show:
                shown = self.app.get_key_display(binding)
                by_action.setdefault(binding.action, Key(binding.key, shown, binding.description, active.enabled))
        return list(by_action.values())

    def on_mouse_down(self, event: events.MouseDown) -> None:
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
    """The first keys that fit into ``width`` cells together with Help, in their order."""
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
