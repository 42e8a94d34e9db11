"""The key bindings: those of the screen in front, for the help and the palette, and the ids of all of them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Iterator

from textual.binding import ActiveBinding, Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode
from textual.screen import Screen

from .. import modals, screens, widgets, wizard


def keys_of(screen: Screen[object]) -> list[tuple[str, str]]:
    """Key and description of every action on ``screen``, each action once, with remapped keys."""
    rows: dict[str, tuple[list[str], str]] = {}
    for active in _described(screen):
        binding = active.binding
        description = binding.tooltip or binding.description
        keys, _ = rows.setdefault(binding.action, ([], description))
        keys.append(screen.app.get_key_display(binding))
    return [(" ".join(dict.fromkeys(keys)), description) for keys, description in rows.values()]


def _described(screen: Screen[object]) -> Iterator[ActiveBinding]:
    """The active bindings that are ours; scrolling lists and editing fields need no explanation."""
    for active in screen.active_bindings.values():
        if active.binding.id or active.binding.action == "command_palette":
            yield active


class ScreenCommands(Provider):
    """The actions of the screen in front, as the first lines of the command palette."""

    def _enabled(self) -> Iterator[ActiveBinding]:
        seen = set()
        for active in _described(self.screen):
            if active.enabled and active.binding.id and active.binding.action not in seen:
                seen.add(active.binding.action)
                yield active

    def _hit_text(self, active: ActiveBinding) -> tuple[str, str]:
        binding = active.binding
        key = self.app.get_key_display(binding)
        return binding.description, f"{key}  {binding.tooltip}" if binding.tooltip else key

    async def discover(self) -> Hits:
        """All actions, before anything is typed."""
        for active in self._enabled():
            name, details = self._hit_text(active)
            yield DiscoveryHit(name, self._doing(active), help=details)

    async def search(self, query: str) -> Hits:
        """The actions whose name or description matches."""
        matcher = self.matcher(query)
        for active in self._enabled():
            name, details = self._hit_text(active)
            score = max(matcher.match(name), matcher.match(active.binding.tooltip) / 2)
            if score > 0:
                yield Hit(score, matcher.highlight(name), self._doing(active), help=details)

    def _doing(self, active: ActiveBinding) -> Callable[[], Awaitable[None]]:
        async def do() -> None:
            await self.app.run_action(active.binding.action, active.node)

        return do


def binding_ids(app: type[DOMNode]) -> frozenset[str]:
    """Every id of a binding of ``app`` or of a screen, dialog, widget or wizard step, for ``config.toml``.

    Imports all of their modules, so that there is no list to keep.
    """
    owners = {app, *_owners()}
    bindings = (binding for owner in owners for binding in owner.__dict__.get("BINDINGS", ()))
    return frozenset(binding.id for binding in bindings if isinstance(binding, Binding) and binding.id)


def _owners() -> Iterator[type[DOMNode]]:
    for package in (modals, screens, widgets, wizard):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, type) and issubclass(value, DOMNode) and value.__module__ == module.name:
                    yield value
