"""The keys: which ids a config file may remap, which keys hold on a screen now, and the same as a list of commands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

from textual.binding import ActiveBinding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.screen import Screen


def keys_of(screen: Screen[object]) -> list[tuple[str, str]]:
    """Key and explanation of everything that can be done on ``screen``, each once, remapped keys as they are now."""
    rows: dict[str, tuple[list[str], str]] = {}
    for active in _told(screen):
        binding = active.binding
        words = binding.tooltip or binding.description
        keys, _ = rows.setdefault(binding.action, ([], words))
        keys.append(screen.app.get_key_display(binding))
    return [(" ".join(dict.fromkeys(keys)), words) for keys, words in rows.values()]


def _told(screen: Screen[object]) -> Iterator[ActiveBinding]:
    """The bindings that hold on a screen and are ours; how lists scroll and fields are edited goes without saying."""
    for active in screen.active_bindings.values():
        if active.binding.id or active.binding.action == "command_palette":
            yield active


class ScreenCommands(Provider):
    """What can be done on the screen in front, by name: the command palette's first lines."""

    def _doable(self) -> Iterator[ActiveBinding]:
        seen = set()
        for active in _told(self.screen):
            if active.enabled and active.binding.id and active.binding.action not in seen:
                seen.add(active.binding.action)
                yield active

    def _hit_text(self, active: ActiveBinding) -> tuple[str, str]:
        binding = active.binding
        key = self.app.get_key_display(binding)
        return binding.description, f"{key}  {binding.tooltip}" if binding.tooltip else key

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for active in self._doable():
            words, more = self._hit_text(active)
            yield DiscoveryHit(words, self._doing(active), help=more)

    async def search(self, query: str) -> Hits:
        """Those whose name or explanation matches."""
        matcher = self.matcher(query)
        for active in self._doable():
            words, more = self._hit_text(active)
            score = max(matcher.match(words), matcher.match(active.binding.tooltip) / 2)
            if score > 0:
                yield Hit(score, matcher.highlight(words), self._doing(active), help=more)

    def _doing(self, active: ActiveBinding) -> Callable[[], Awaitable[None]]:
        async def do() -> None:
            await self.app.run_action(active.binding.action, active.node)

        return do
