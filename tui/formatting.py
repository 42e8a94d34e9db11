"""Numbers and durations as the screens write them. The unit is not included: the caller puts it beside the column."""

from __future__ import annotations

from weighin.engine.units import gib
from weighin.engine.visible import visible

NOTHING = "–"
"""Shown where nothing was measured."""


def number(value: float | None, digits: int = 1, scale: float = 1.0) -> str:
    """A fixed number of digits, so that columns align; a dash for None."""
    return NOTHING if value is None else f"{value * scale:.{digits}f}"


def rate(value: float | None) -> str:
    """Tokens per second, with one decimal below 1000."""
    return NOTHING if value is None else f"{value:.1f}" if value < 1000 else f"{value:.0f}"


def milliseconds(seconds: float | None) -> str:
    """Seconds as milliseconds, with one decimal below 100."""
    if seconds is None:
        return NOTHING
    return f"{seconds * 1000:.0f}" if seconds >= 0.1 else f"{seconds * 1000:.1f}"


def gibibytes(size_bytes: float | None) -> str:
    """Bytes as GiB, with two decimals below 10."""
    if size_bytes is None:
        return NOTHING
    return f"{gib(size_bytes):.2f}" if gib(size_bytes) < 9.995 else f"{gib(size_bytes):.1f}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share from 0 to 1 as a percentage, without the sign."""
    return NOTHING if share is None else f"{share * 100:.{digits}f}"


def duration(seconds: float) -> str:
    """A rounded duration: ``45 s``, ``6 min``, ``1 h 20 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def cut(text: str, width: int) -> str:
    """One line of at most ``width`` columns, with an ellipsis where it is cut and control characters made visible.

    Chinese and emoji take two columns a character.
    """
    if len(text) <= width and text.isascii() and text.isprintable():
        return text
    from rich.cells import cell_len

    text = visible(text)
    columns, fits = 0, 0
    for place, character in enumerate(text):
        columns += cell_len(character)
        if columns > width:
            return text[:fits] + "…"
        if columns < width:
            fits = place + 1
    return text


def padded(text: str, width: int) -> str:
    """Filled with spaces to ``width`` columns."""
    from rich.cells import cell_len

    return text + " " * (width - cell_len(text))


def columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    from rich.cells import cell_len

    return cell_len(text)
