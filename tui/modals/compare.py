"""Two runs side by side: the figures of the candidates they share, and the change."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Label, Static

from weighin.engine.events.ranking import Ranking

from .. import formatting
from ..run.board import Board
from ..run.standings import llama_build, rankings_of
from .dialogs import Dialog

_MUTED = "$foreground-muted"
_FIGURES: tuple[tuple[str, str, Callable[[Ranking], float | None], Callable[[float | None], str], bool], ...] = (
    ("accuracy", "%", lambda r: r.accuracy, formatting.percent, True),
    ("generation", "tok/s", lambda r: r.generation_tokens_per_second, formatting.rate, True),
    ("prompt", "tok/s", lambda r: r.prompt_tokens_per_second, formatting.rate, True),
    ("TTFT", "ms", lambda r: r.ttft_p50_s, formatting.milliseconds, False),
    ("ITL", "ms", lambda r: r.itl_p50_s, formatting.milliseconds, False),
    ("memory", "GiB", lambda r: r.memory_bytes, formatting.gibibytes, False),
)
"""Title, unit, value, format, whether more is better."""


def comparison(names: tuple[str, str], boards: tuple[Board, Board]) -> Content:
    """The differences in conditions, a block per shared candidate, then the candidates of only one run."""
    left, right = ({row.candidate: row for row in rankings_of(board)} for board in boards)
    lines = [*_conditions(names, boards), Content("")]
    head = f"{'':<12}{'1':>10}{'2':>10}{'change':>10}"
    for candidate in [name for name in left if name in right]:
        lines.append(Content.styled(boards[0].label(candidate), "bold $text-primary"))
        lines.append(Content.styled(head, _MUTED))
        lines += [_figure_line(figure, left[candidate], right[candidate]) for figure in _FIGURES]
        lines.append(Content(""))
    for mark, mine, others, board in (("1", left, right, boards[0]), ("2", right, left, boards[1])):
        only = [board.label(name) for name in mine if name not in others]
        if only:
            lines.append(Content.assemble((f"only in {mark}  ", _MUTED), ", ".join(only)))
    return Content("\n").join(lines)


def _figure_line(
    figure: tuple[str, str, Callable[[Ranking], float | None], Callable[[float | None], str], bool],
    before: Ranking,
    after: Ranking,
) -> Content:
    title, unit, value_of, shown, more_is_better = figure
    old, new = value_of(before), value_of(after)
    change, style = "", _MUTED
    if old is not None and new is not None and old > 0:
        # Accuracy changes in points, because a relative change of a share is easily misread.
        moved = (new - old) * 100 if title == "accuracy" else (new / old - 1) * 100
        change = f"{moved:+.1f} {'pt' if title == 'accuracy' else '%'}"
        if abs(moved) >= 3:
            style = "$text-success" if (moved > 0) == more_is_better else "$text-warning"
    return Content.assemble(
        (f"{title:<12}", _MUTED), f"{shown(old):>10}{shown(new):>10}", (f"{change:>10}", style), (f"  {unit}", _MUTED)
    )


def _conditions(names: tuple[str, str], boards: tuple[Board, Board]) -> list[Content]:
    lines = [Content.assemble((f"{mark}  ", "bold"), name) for mark, name in zip("12", names, strict=True)]
    starts = [board.started for board in boards]
    if starts[0] is None or starts[1] is None:
        return lines
    for label, a, b in (
        ("machine", starts[0].machine, starts[1].machine),
        ("llama.cpp", llama_build(boards[0]), llama_build(boards[1])),
        ("threads", str(starts[0].n_threads), str(starts[1].n_threads)),
        ("suites", _suites(boards[0]), _suites(boards[1])),
    ):
        if a != b:
            lines.append(Content.assemble(("⚠ ", "$text-warning"), f"{label} differs: {a or '–'} / {b or '–'}"))
    return lines


def _suites(board: Board) -> str:
    return ", ".join(f"{suite.name} ({suite.items})" for suite in board.suites)


class CompareScreen(Dialog[None]):
    """The comparison of two runs; Escape closes it."""

    HELP_TOPIC = "compare"
    CSS_PATH: ClassVar = ["dialogs.tcss", "compare.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,c", "dismiss", "Close", id="compare.close"),
        Binding("question_mark,f1", "app.help", "Help", id="compare.help", key_display="?", show=False),
    ]

    def __init__(self, names: tuple[str, str], boards: tuple[Board, Board]) -> None:
        super().__init__()
        self._runs = names, boards

    def compose(self) -> ComposeResult:
        with Vertical(id="compare"):
            with VerticalScroll():
                yield Static(comparison(*self._runs))
            yield Label("↑ ↓ scroll · escape close", classes="dialog-hint")
