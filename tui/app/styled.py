"""An app that parses its style sheets once for each theme."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakSet

from textual.app import App
from textual.screen import Screen
from textual.theme import Theme


class StyledApp(App[int]):
    """Textual parses all style sheets twice for every screen it makes, at 25 ms each, on the loop.

    A screen needs its widgets styled anew only when the theme changed since it was last in front.
    """

    def __init__(self, *, themes: Sequence[Theme], theme: str) -> None:
        """``themes`` are added to Textual's own; the first of them where there is no ``theme`` of that name."""
        super().__init__()
        for each in themes:
            self.register_theme(each)
        self.theme = theme if theme in self.available_themes else themes[0].name
        # Before the first sheet is parsed, or all are parsed for Textual's own theme first.
        self._parsed_for = self.get_css_variables()
        self.stylesheet.set_variables(self._parsed_for)
        self._styled: WeakSet[Screen[object]] = WeakSet()

    def refresh_css(self, animate: bool = True) -> None:
        """Parse and style what the theme changed; of a new screen, nothing is left to do but its own styles."""
        variables = self.get_css_variables()
        if variables != self._parsed_for:
            super().refresh_css(animate=animate)
            self._parsed_for = variables
            self._styled = WeakSet(self.screen_stack)
        elif self.screen_stack and self.screen not in self._styled:
            self.stylesheet.update(self.screen, animate=animate)
            self.screen.refresh(layout=True)
            self._styled.add(self.screen)
