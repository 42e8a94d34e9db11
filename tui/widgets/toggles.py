"""Check boxes that show their state by a sign. Textual's own show it only by color, which monochrome lacks."""

from __future__ import annotations

from typing import TypeVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widgets import Checkbox, RadioButton, SelectionList
from textual.widgets.option_list import OptionDoesNotExist

T = TypeVar("T")
_EMPTY = " "


class Tick(Checkbox):
    """A check box, empty unless checked."""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]  # noqa: N802 - Textual's name for it
        """The sign in the box."""
        return "✓" if self.value else _EMPTY


class Pick(RadioButton):
    """A radio button, empty unless selected."""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]  # noqa: N802
        """The sign in the box."""
        return "●" if self.value else _EMPTY


class TickList(SelectionList[T]):
    """A selection list with the same check boxes."""

    def render_line(self, y: int) -> Strip:
        left, box, *rest = line = list(super().render_line(y))
        try:
            option = self.get_option_at_index(self.scroll_offset.y + y)
        except OptionDoesNotExist:
            return Strip(line)
        return Strip([left, Segment("✓" if option.value in self.selected else _EMPTY, box.style), *rest])
