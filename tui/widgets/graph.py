"""A braille graph from zero to a given bound, so that graphs side by side share one scale.

Textual's Sparkline stretches each series to its own minimum and maximum, which makes panels side by side misleading.
"""

from __future__ import annotations

from collections.abc import Sequence

_LEFT = (0x00, 0x40, 0x44, 0x46, 0x47)
_RIGHT = (0x00, 0x80, 0xA0, 0xB0, 0xB8)
"""Bits of a braille cell's column with 0 to 4 dots, from the bottom up."""
_CELLS = tuple(tuple(chr(0x2800 + left + right) if left or right else " " for right in _RIGHT) for left in _LEFT)
"""The character for each number of dots in the left and the right column."""


def nice_bound(highest: float) -> float:
    """The smallest of 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten that is at least ``highest``; 1 for 0."""
    if not highest > 0:
        return 1.0
    power = 1.0
    while power * 10 <= highest:
        power *= 10
    while power > highest:
        power /= 10
    return next((step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8) if step * power >= highest), 10 * power)


def braille_graph(values: Sequence[float], width: int, height: int, bound: float) -> list[str]:
    """Draw the newest ``2 * width`` values as filled columns, in ``height`` lines of ``width`` cells.

    A few values are drawn wider, so that the first repeats of a run are visible.
    """
    if width < 1 or height < 1:
        return []
    columns = 2 * width
    shown = list(values[-columns:])
    if shown and len(shown) < columns:
        widen = min(8, columns // len(shown))
        shown = [value for value in shown for _ in range(widen)]
    dots = [_dots(value, height, bound) for value in shown] + [0] * (columns - len(shown))
    lines = []
    for row in range(height - 1, -1, -1):
        below = 4 * row
        filled = [0 if count <= below else 4 if count >= below + 4 else count - below for count in dots]
        lines.append("".join([_CELLS[left][right] for left, right in zip(filled[::2], filled[1::2], strict=True)]))
    return lines


def _dots(value: float, height: int, bound: float) -> int:
    """Number of dots in a column; at least one for any value above zero."""
    if not value > 0:
        return 0
    return max(1, min(4 * height, round(value / bound * 4 * height)))
