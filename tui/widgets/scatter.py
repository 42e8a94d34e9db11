"""Accuracy against generation speed, drawn with characters: candidates as letters, the Pareto front, the limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from textual.content import Content

from .graph import nice_bound


@dataclass(frozen=True)
class Point:
    """One candidate."""

    letter: str
    speed: float
    """Generation tokens per second."""
    accuracy: float
    """0 to 1."""
    low: float
    high: float
    admitted: bool = True
    """Whether it meets the user's limits; only these are on the front."""


def pareto_front(points: Sequence[Point]) -> list[Point]:
    """Admitted points that no other one beats in both speed and accuracy, the slowest first."""
    admitted = [p for p in points if p.admitted]
    front = [
        p
        for p in admitted
        if not any(
            q.speed >= p.speed and q.accuracy >= p.accuracy and (q.speed, q.accuracy) != (p.speed, p.accuracy)
            for q in admitted
        )
    ]
    return sorted(front, key=lambda p: p.speed)


_STYLES = {
    "┆": "$text-warning",
    "│": "$foreground-muted",
    "╌": "$primary",
    "╎": "$primary",
    "·": "$foreground-muted",
}


def scatter(
    points: Sequence[Point], width: int, height: int, *, least_speed: float = 0.0, chance: float | None = None
) -> Content:
    """Draw ``height`` lines of up to ``width`` cells, with axes. ``chance`` is the accuracy of guessing, 0 to 1."""
    margin, rows = 6, height - 3
    columns = width - margin - 1
    if columns < 20 or rows < 4:
        return Content("")
    right = nice_bound(max([p.speed for p in points] + [least_speed], default=1.0) * 1.02)
    lows = [p.low for p in points] + ([] if chance is None else [chance])
    bottom = max(0.0, min(lows, default=0.0) - 0.02)
    top = min(1.0, max((p.high for p in points), default=1.0) + 0.02)
    bottom, top = int(bottom * 20) / 20, min(1.0, (int(top * 20) + 1) / 20)

    def x_of(speed: float) -> int:
        return max(0, min(columns - 1, round(speed / right * (columns - 1))))

    def y_of(accuracy: float) -> int:
        return max(0, min(rows - 1, round((top - accuracy) / (top - bottom) * (rows - 1))))

    cells = [[" "] * columns for _ in range(rows)]
    if chance is not None:
        cells[y_of(chance)] = ["·"] * columns
    _draw_front(cells, [(x_of(p.speed), y_of(p.accuracy)) for p in pareto_front(points)])
    if least_speed > 0:
        for row in cells:
            row[x_of(least_speed)] = "┆"
    for p in points:
        for y in range(y_of(p.high), y_of(p.low) + 1):
            if cells[y][x_of(p.speed)] in " ·":
                cells[y][x_of(p.speed)] = "│"
    for p in points:
        _put(cells, x_of(p.speed), y_of(p.accuracy), p.letter if p.admitted else p.letter.lower())
    lines = [Content.styled(f"{'accuracy %':<{margin}}", "$foreground-muted")]
    step = next((step for step in (5, 10, 20, 25) if (top - bottom) * 100 / step <= rows / 2), 50)
    ticks = {y_of(mark / 100): mark for mark in range(0, 101, step) if bottom <= mark / 100 <= top}
    for y, row in enumerate(cells):
        label = f"{ticks[y]:>{margin - 2}} ┤" if y in ticks else " " * (margin - 1) + "│"
        # In runs of one style: a span per cell would cost more than the rest of the screen.
        runs = (("".join(cells_of_run), style) for style, cells_of_run in groupby(row, key=_style))
        lines.append(Content.assemble((label, "$foreground-muted"), *runs))
    lines.append(_axis(columns, right, margin))
    return Content("\n").join(lines)


def _style(cell: str) -> str:
    return _STYLES.get(cell, "bold" if cell.isalpha() and cell.isupper() else "")


def _put(cells: list[list[str]], x: int, y: int, mark: str) -> None:
    """Put a letter in its cell, or beside it when another letter is there."""
    row = cells[y]
    for at in (x, x + 1, x - 1, x + 2, x - 2):
        if 0 <= at < len(row) and not row[at].isalpha():
            row[at] = mark
            return


def _draw_front(cells: list[list[str]], corners: list[tuple[int, int]]) -> None:
    """Draw the front as steps: the best accuracy at each speed."""
    x_before = 0
    for index, (x, y) in enumerate(corners):
        for at in range(x_before, x):
            cells[y][at] = "╌"
        below = corners[index + 1][1] if index + 1 < len(corners) else len(cells)
        for at in range(y, below):
            cells[at][x] = "╎"
        x_before = x + 1


def _axis(columns: int, right: float, margin: int) -> Content:
    ticks = ["─"] * columns
    labels = [" "] * (columns + 1)
    unit = " tok/s"
    count = 4
    for tick in range(count + 1):
        x = round(tick / count * (columns - 1))
        ticks[x] = "┴"
        label = f"{right * tick / count:g}" + (unit if tick == count else "")
        start = min(max(0, x - len(label) // 2), columns + 1 - len(label))
        labels[start : start + len(label)] = label
    pad = " " * (margin - 1)
    return Content.styled(f"{pad}└{''.join(ticks)}\n{pad} {''.join(labels)}", "$foreground-muted")
