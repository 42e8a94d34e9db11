"""The verdict as plain text for a terminal: an aligned table with units in its header, and what belongs to it."""

from __future__ import annotations

import textwrap

from ..events.ranking import Ranking
from ..events.run import VerdictReached
from ..judging.wording import by_subject, exclusion_words
from ..plan.model import Plan, labels
from ..units import GIB
from ..visible import cells
from .consistency import consistency_lines
from .marks import NONE, ranking_mark


def verdict_lines(verdict: VerdictReached, plan: Plan, *, width: int = 80) -> list[str]:
    """The whole verdict: sentences, table, reasons, warnings, commands."""
    lines = [*(line for s in verdict.sentences for line in textwrap.wrap(s, width)), ""]
    lines += ranking_lines(verdict, plan, width=width)
    names = labels(plan)
    for row in verdict.rankings:
        for reason in row.ruled_out:
            lines += textwrap.wrap(
                f"✗ {names[row.candidate]}: {exclusion_words(reason)}", width, subsequent_indent="  "
            )
    lines += level_lines(verdict, names, width)
    lines += group_lines(verdict, names, width)
    lines += consistency_lines(verdict, names, width)
    for warning in verdict.warnings:
        lines += textwrap.wrap(f"⚠ {warning}", width, subsequent_indent="  ")
    if verdict.commands:
        lines += ["", "Run it:"]
        lines += [f"  {command}" for command in verdict.commands.values()]
    return lines


def level_lines(verdict: VerdictReached, names: dict[str, str], width: int) -> list[str]:
    """The level reached in each graded suite, one line per suite."""
    suites = sorted({suite for row in verdict.rankings for suite in row.levels})
    lines = []
    for suite in suites:
        reached = ", ".join(f"{names[r.candidate]} {r.levels[suite]}" for r in verdict.rankings if suite in r.levels)
        lines += textwrap.wrap(f"Level reached in {suite} (of 5): {reached}", width, subsequent_indent="  ")
    return lines


def group_lines(verdict: VerdictReached, names: dict[str, str], width: int) -> list[str]:
    """Suites with subjects: one line per candidate with its mean and its best and worst subject."""
    lines = []
    for suite in sorted({each.suite for row in verdict.rankings for each in row.groups}):
        lines.append(f"{suite} by subject, mean ± standard error:")
        for row in verdict.rankings:
            for each in row.groups:
                if each.suite == suite:
                    line = f"  {names[row.candidate]} {by_subject(each)}"
                    lines += textwrap.wrap(line, width, subsequent_indent="    ")
    return lines


def ranking_lines(verdict: VerdictReached, plan: Plan, *, width: int = 80) -> list[str]:
    """A header and one line per candidate, which starts with its ``ranking_mark``."""
    names = labels(plan)
    header = ("accuracy %", "tok/s", "prompt", "TTFT ms", "ITL ms", "GiB", "agree")
    body = [(ranking_mark(row, verdict), names[row.candidate], _cells(row)) for row in verdict.rankings]
    widths = [max(len(title), *(len(row[2][i]) for row in body)) for i, title in enumerate(header)] if body else []
    room = max(12, width - 2 - sum(widths) - len(widths))
    name_width = min(room, max((cells(name) for _m, name, _c in body), default=5))
    lines = [f"  {'':<{name_width}} " + " ".join(f"{t:>{w}}" for t, w in zip(header, widths, strict=True))]
    lines += [
        f"{mark:1} {_padded(_fold(name, name_width), name_width)} "
        + " ".join(f"{c:>{w}}" for c, w in zip(figures, widths, strict=True))
        for mark, name, figures in body
    ]
    return [line.rstrip() for line in lines]


def _cells(row: Ranking) -> tuple[str, ...]:
    accuracy = NONE
    if row.accuracy is not None and row.low is not None and row.high is not None:
        accuracy = f"{row.accuracy * 100:.1f} [{row.low * 100:.0f}–{row.high * 100:.0f}]"
    mark = "⚠" if row.disturbed else ""
    return (
        accuracy,
        _number(row.generation_tokens_per_second, 1, mark),
        _number(row.prompt_tokens_per_second, 0, mark),
        _number(row.ttft_p50_s, 0, scale=1000),
        _number(row.itl_p50_s, 1, scale=1000),
        _number(row.memory_bytes, 2, scale=1 / GIB),
        _number(row.consistency, 2),
    )


def _number(value: float | None, digits: int, mark: str = "", *, scale: float = 1) -> str:
    return NONE if value is None else f"{mark}{value * scale:.{digits}f}"


def _fold(name: str, width: int) -> str:
    """``name`` shortened in the middle to ``width`` columns, so that the model and its quant stay readable."""
    if cells(name) <= width:
        return name
    tail = _last(name, min(cells(name.rpartition(" ")[2]) + 1, width - 4))
    return _first(name, width - cells(tail) - 1) + "…" + tail


def _first(text: str, width: int) -> str:
    while cells(text) > width:
        text = text[:-1]
    return text


def _last(text: str, width: int) -> str:
    while cells(text) > width:
        text = text[1:]
    return text


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cells(text))
