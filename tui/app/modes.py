"""The app's modes. Each is a base screen with a key; another package adds its own with ``register_mode``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from textual.screen import Screen


@dataclass(frozen=True)
class Mode:
    """One of the app's main screens."""

    name: str
    title: str
    """In the title bar."""
    key: str
    factory: Callable[[], Screen[Any]]


_modes: dict[str, Mode] = {}


def register_mode(mode: Mode) -> None:
    """Add a mode; it shows in the title bar from then on. One of the same name is replaced."""
    _modes[mode.name] = mode


def modes() -> tuple[Mode, ...]:
    """All modes, by key."""
    return tuple(sorted(_modes.values(), key=lambda mode: mode.key))


def mode_tabs() -> tuple[tuple[str, str, str], ...]:
    """Key, name and title of each mode, as the title bar takes them."""
    return tuple((mode.key, mode.name, mode.title) for mode in modes())
