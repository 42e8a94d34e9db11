"""A line from 0 to 100 % with an interval and a mark for the accuracy of guessing."""

from __future__ import annotations


def interval_bar(width: int, share: float | None, low: float, high: float, chance: float | None) -> str:
    """Draw ``├──┊──[══●══]────┤``: the interval in brackets, its estimate as a dot, chance as ``┊``."""
    if width < 3:
        return ""
    cells = ["─"] * width
    cells[0], cells[-1] = "├", "┤"
    if share is not None:
        first, last = _place(low, width), _place(high, width)
        for place in range(first, last + 1):
            cells[place] = "═"
        cells[first], cells[last] = "[", "]"
    if chance is not None:
        place = _place(chance, width)
        cells[place] = "┊" if cells[place] in "─├┤" else "╪" if cells[place] == "═" else cells[place]
    if share is not None:
        cells[_place(share, width)] = "●"
    return "".join(cells)


def _place(share: float, width: int) -> int:
    return max(0, min(width - 1, round(share * (width - 1))))
