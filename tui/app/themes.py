"""A dark and a light theme, and an app that parses its style sheets only once per theme.

The themes are calm: one color for actions, one for figures, and warning colors only for warnings.
"""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakSet

from textual.app import App
from textual.screen import Screen
from textual.theme import Theme

DARK = Theme(
    name="weighin-dark",
    dark=True,
    primary="#6fa8c9",
    secondary="#8fb996",
    accent="#e0b873",
    foreground="#d5dae0",
    background="#14181d",
    surface="#1b2027",
    panel="#242b34",
    success="#8fc79a",
    warning="#e0a458",
    error="#d9777f",
    variables={
        "scrollbar": "#3a4552",
        "scrollbar-hover": "#4b5a6b",
        "scrollbar-active": "#6fa8c9",
        "scrollbar-background": "#191e24",
        "scrollbar-background-hover": "#191e24",
        "scrollbar-background-active": "#191e24",
        "scrollbar-corner-color": "#191e24",
    },
)
LIGHT = Theme(
    name="weighin-light",
    dark=False,
    primary="#2a6a94",
    secondary="#3d7a4a",
    accent="#9a6a12",
    foreground="#22282f",
    background="#f6f4ef",
    surface="#eeebe4",
    panel="#e2ded5",
    success="#2f7a3f",
    warning="#a0620f",
    error="#a8323c",
    variables={
        "scrollbar": "#c4beb2",
        "scrollbar-hover": "#aaa395",
        "scrollbar-active": "#2a6a94",
        "scrollbar-background": "#eeebe4",
        "scrollbar-background-hover": "#eeebe4",
        "scrollbar-background-active": "#eeebe4",
        "scrollbar-corner-color": "#eeebe4",
    },
)


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
