"""Boxes to tick that show by a sign whether they are: Textual's own tell it by colour alone, which monochrome lacks."""

from __future__ import annotations

from typing import TypeVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widgets import Checkbox, RadioButton, SelectionList
from textual.widgets.option_list import OptionDoesNotExist

T = TypeVar("T")
_EMPTY = " "


class Tick(Checkbox):
    """Empty until ticked."""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]  # noqa: N802 - Textual's name for it
        """The sign in the box."""
        return "✓" if self.value else _EMPTY


class Pick(RadioButton):
    """Empty unless it is the one of its set."""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]  # noqa: N802
        """The sign in the box."""
        return "●" if self.value else _EMPTY


class TickList(SelectionList[T]):
    """A list of such boxes."""

    def render_line(self, y: int) -> Strip:
        """Textual's line with another sign in its box."""
        left, box, *rest = line = list(super().render_line(y))
        try:
            option = self.get_option_at_index(self.scroll_offset.y + y)
        except OptionDoesNotExist:
            return Strip(line)
        return Strip([left, Segment("✓" if option.value in self.selected else _EMPTY, box.style), *rest])
