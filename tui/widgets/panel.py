"""A candidate's panel on the live screen.

One widget paints all its lines: eight panels of twenty widgets each would take computing time from the models being
measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from textual.content import Content

from weighin.engine.judging.notes_text import note_text
from weighin.engine.judging.wording import stop_words
from weighin.engine.units import format_file_size

from .. import formatting
from ..run.board import Panel
from ..run.figures import Rate
from .framed import FramedLines
from .graph import braille_graph

LEAD = "▲"
DISTURBED = "⚠"
_MUTED = "$foreground-muted"
_LEAST_WIDTH = 24
_ROOM_FOR_STEADINESS = 5
"""Lines that must be left for the graph, the suites and the consistency figures to show the latter."""
_LABEL, _VALUE, _EXTRA = 11, 8, 8


@dataclass(frozen=True)
class Look:
    """What a panel shows besides its own figures."""

    bound: float
    """Upper end of all graphs' scale, tokens per second."""
    leads: frozenset[str] = frozenset()
    """Rows in which this candidate is best."""
    chance: float | None = None
    key: str = ""
    """The candidate's letter in the chart."""


def paint_panel(panel: Panel, look: Look, width: int, height: int) -> list[Content]:
    """The panel's lines for an area of this size. What does not fit is left out, the least important first."""
    if width < _LEAST_WIDTH or height < 1:
        return []
    latency = panel.latency
    figures = [
        _rate_row("generation", look, panel.generation),
        _rate_row("prompt", look, panel.prompt),
        _latency_row("TTFT", look, latency.ttft_s, latency.is_disturbed),
        _latency_row("ITL", look, latency.itl_s, latency.is_disturbed),
        _row("memory", look, formatting.gibibytes(panel.memory_bytes), "", "GiB"),
        _row("accuracy", look, formatting.percent(panel.accuracy), _bounds(panel), "%"),
    ]
    bar = Content.styled(interval_bar(width, panel.accuracy, panel.low, panel.high, look.chance), "$secondary")
    notes = _notes(panel, width)
    room = height - len(figures) - 1 - len(notes)
    consistency = [_consistency(panel, width)] if room >= 2 else []
    if room >= _ROOM_FOR_STEADINESS:
        consistency += _steadiness(panel, width)
    room -= len(consistency)
    suites = _suites(panel, width)
    graph_height = max(0, min(6, max(room - len(suites) - 1, min(room, 3))))
    suites = suites[: max(0, room - graph_height - 1)]
    room -= graph_height + (len(suites) + 1 if suites else 0)
    details = _details(panel, width)[: max(0, room - 1)]
    graph = _graph(panel, look, width, graph_height)
    lines = [figures[0], *graph, *figures[1:], bar, *consistency]
    lines += [Content(""), *suites] if suites else []
    lines += [Content(""), *details] if details else []
    latest = _latest(panel, width)[: max(0, height - len(lines) - len(notes) - 2)]
    lines += [Content(""), *latest] if len(latest) > 1 else []
    lines += [Content("")] * min(1, max(0, height - len(lines) - len(notes))) if notes else []
    return [*lines[: height - len(notes)], *notes]


def _row(label: str, look: Look, value: str, extra: str, unit: str, disturbed: bool = False) -> Content:
    mark = (
        (DISTURBED, "$text-warning")
        if disturbed
        else (LEAD, "bold $text-success")
        if label in look.leads
        else (" ", _MUTED)
    )
    value_style = "bold" if value != formatting.NOTHING else _MUTED
    return Content.assemble(
        (f"{label:<{_LABEL}}", _MUTED),
        mark,
        (f"{value:>{_VALUE}}", value_style),
        (f" {extra:<{_EXTRA}} {unit}", _MUTED),
    )


def _rate_row(label: str, look: Look, rate: Rate) -> Content:
    spread = "" if rate.spread is None else f"±{formatting.rate(rate.spread)}"
    return _row(label, look, formatting.rate(rate.per_second), spread, "tok/s", rate.is_disturbed)


def _latency_row(label: str, look: Look, percentile_s: Callable[[float], float | None], disturbed: bool) -> Content:
    tail_s = percentile_s(95)
    tail = "" if tail_s is None else f"/ {formatting.milliseconds(tail_s)}"
    return _row(label, look, formatting.milliseconds(percentile_s(50)), tail, "ms", disturbed)


def _bounds(panel: Panel) -> str:
    return "" if panel.accuracy is None else f"[{panel.low * 100:.0f}–{panel.high * 100:.0f}]"


def _graph(panel: Panel, look: Look, width: int, height: int) -> list[Content]:
    if height < 1:
        return []
    top, bottom = f"{look.bound:g}", "0"
    margin = len(top) + 1
    rows = braille_graph(panel.trace, width - margin, height, look.bound)
    scale = [top, *[""] * (height - 2), bottom] if height > 1 else [top]
    return [
        Content.assemble((row, "$primary"), (f"{mark:>{margin}}", _MUTED))
        for row, mark in zip(rows, scale, strict=True)
    ]


def _consistency(panel: Panel, width: int) -> Content:
    figures = [("cut while thinking", str(panel.cut_while_thinking))] if panel.cut_while_thinking else []
    if panel.consistency is not None:
        figures.append(("consistency", f"{panel.consistency:.2f}"))
    if panel.fragile_share is not None:
        figures.append(("fragile", f"{panel.fragile_share * 100:.0f} %"))
    return _in_one_line([*figures, ("answers", str(panel.answered))], width)


def _steadiness(panel: Panel, width: int) -> list[Content]:
    """The figures of items that were asked again."""
    reasked = panel.reasked
    figures = [
        (label, f"{value:.2f}")
        for label, value in (("any order", reasked.same_choice), ("wording", reasked.rewording))
        if value is not None
    ]
    if reasked.repeated:
        figures.append(("again", f"{sum(reasked.repeated.values())}/{len(reasked.repeated)}"))
    return [_in_one_line(figures, width)] if figures else []


def _in_one_line(figures: Iterable[tuple[str, str]], width: int) -> Content:
    """Labels and values, as many as fit."""
    parts: list[tuple[str, str] | str] = []
    used = 0
    for label, value in figures:
        used += len(label) + 1 + len(value) + 2
        if used - 2 <= width:
            parts += [(f"{label} ", _MUTED), value, "  "]
    return Content.assemble(*parts)


def _suites(panel: Panel, width: int) -> list[Content]:
    if len(panel.tallies) < 2:
        return []
    name_width = min(24, width - 16)
    return [
        Content.assemble(
            (f"{formatting.cut(tally.suite, name_width):<{name_width}}", _MUTED),
            f"{formatting.percent(tally.share):>6}",
            (f" % of {tally.n}", _MUTED),
        )
        for tally in panel.tallies
    ]


def _details(panel: Panel, width: int) -> list[Content]:
    """The file and how it was loaded; shown where there is room."""
    loaded = panel.loaded
    rows = [("file", format_file_size(panel.card.size_bytes))]
    if loaded is not None:
        rows += [
            ("loaded in", f"{loaded.load_s:.2f} s"),
            ("parameters", f"{loaded.parameters / 1e6:.0f} M, {loaded.architecture}"),
            ("runs on", f"{', '.join(loaded.devices) or 'CPU'}, {loaded.n_threads} threads"),
            ("prompt style", loaded.prompt_style),
        ]
    rows += [("note", panel.card.note)] if panel.card.note else []
    return [Content.assemble((f"{label:<14}", _MUTED), formatting.cut(words, width - 14)) for label, words in rows]


def _latest(panel: Panel, width: int) -> list[Content]:
    lines = [Content.styled("latest answers", _MUTED)]
    for answer in panel.latest:
        mark = ("✓ ", "$text-success") if answer.correct else ("✗ ", "$text-error")
        name = formatting.cut(answer.item, 14)
        text = " ".join((answer.extracted or answer.output).split())
        text = text if answer.thinking_closed else f"still thinking: {text}"
        lines.append(Content.assemble(mark, (f"{name:<15}", _MUTED), formatting.cut(text, max(1, width - 17))))
    return lines


def _notes(panel: Panel, width: int) -> list[Content]:
    """Why it stopped, died or is disturbed, or the newest note about it, in up to two lines."""
    if panel.stopped is not None:
        word = stop_words(panel.stopped)
        style, mark = ("$text-error", "✗") if panel.stopped.reason == "failed" else (_MUTED, "■")
    elif panel.warning:
        word, style, mark = f"disturbed: {panel.warning}", "$text-warning", DISTURBED
    elif panel.death is not None:
        word, style, mark = panel.death.reason, "$text-warning", "!"
    elif panel.notes:
        several = f"{len(panel.notes)} notes, the newest: " if len(panel.notes) > 1 else ""
        word, style, mark = several + note_text(panel.notes[-1]), "$text-warning", "!"
    else:
        return []
    return [Content.styled(line, style) for line in _wrap(f"{mark} {word}", width)]


def _wrap(words: str, width: int) -> list[str]:
    lines = [""]
    for word in words.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("  " + word)
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    kept = [formatting.cut(line, width) for line in lines[:2]]
    if len(lines) > 2:
        kept[-1] = formatting.cut(kept[-1] + "…", width) if len(kept[-1]) < width else kept[-1][:-1] + "…"
    return kept


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


class CandidatePanel(FramedLines, can_focus=True):
    """Paints one candidate; repaints only when its revision, its look or its size changed."""

    def __init__(self, panel: Panel, look: Look) -> None:
        super().__init__()
        self.panel = panel
        self._look = look
        self._show_title()

    @property
    def candidate(self) -> str:
        """Id of the candidate shown."""
        return self.panel.card.id

    def show(self, panel: Panel, look: Look) -> bool:
        """Show a newer state; returns True if that repaints."""
        if panel.revision == self.panel.revision and look == self._look:
            return False
        self.panel, self._look = panel, look
        self._show_title()
        self.repaint()
        return True

    def paint(self, width: int, height: int) -> list[Content]:
        return paint_panel(self.panel, self._look, width, height)

    def on_resize(self) -> None:
        self._show_title()
        super().on_resize()

    def _show_title(self) -> None:
        room = max(12, self.size.width - 4) if self.size.width else 36
        card, panel = self.panel.card, self.panel
        quant = f" · {card.quant}" if card.quant else ""
        name = formatting.cut(card.name, max(4, room - len(quant) - 3))
        state = f"{panel.phase}{' ' if panel.detail and panel.racing else ''}{panel.detail if panel.racing else ''}"
        self.set_title(f"{self._look.key} {name}{quant}")
        self.set_state(formatting.cut(state, room))
        self.set_class(not panel.racing, "-stopped")
        self.set_class(panel.phase not in ("waiting", "done", "stopped", "failed"), "-active")
