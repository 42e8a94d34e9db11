"""An app that parses its style sheets only once per theme."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakSet

from textual.app import App
from textual.screen import Screen
from textual.theme import Theme


class StyledApp(App[int]):
    """Textual parses all style sheets twice for each new screen, at 25 ms each, on the event loop.

    That is needed only when the theme changed since the screen was last in front.
    """

    def __init__(self, *, themes: Sequence[Theme], theme: str) -> None:
        """``themes`` are added to Textual's own; the first one is used when there is no theme called ``theme``."""
        super().__init__()
        for each in themes:
            self.register_theme(each)
        self.theme = theme if theme in self.available_themes else themes[0].name
        # Before the first sheet is parsed, or all are parsed for Textual's own theme first.
        self._parsed_for = self.get_css_variables()
        self.stylesheet.set_variables(self._parsed_for)
        self._styled: WeakSet[Screen[object]] = WeakSet()

    def refresh_css(self, animate: bool = True) -> None:
        """Parse the style sheets after a change of theme; otherwise only style the screen in front, once."""
        variables = self.get_css_variables()
        if variables != self._parsed_for:
            super().refresh_css(animate=animate)
            self._parsed_for = variables
            self._styled = WeakSet(self.screen_stack)
        elif self.screen_stack and self.screen not in self._styled:
            self.stylesheet.update(self.screen, animate=animate)
            self.screen.refresh(layout=True)
            self._styled.add(self.screen)
