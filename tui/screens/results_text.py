"""The sections of the results screen as text, from the board and the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from textual.content import Content

from weighin.engine.events.ranking import Ranking
from weighin.engine.judging.wording import by_subject, exclusion_words
from weighin.engine.plan.model import Plan
from weighin.engine.report.marks import ranking_mark
from weighin.engine.stats.intervals import Estimate
from weighin.engine.units import format_file_size, format_memory

from .. import formatting
from ..run.board import Board
from ..run.standings import letter, llama_build, rankings_of
from ..widgets.scatter import Point, scatter

_MUTED = "$foreground-muted"
_HEAD = "bold $text-primary"


def heading(title: str, note: str = "") -> Content:
    """A section's first line."""
    return Content.assemble((title, _HEAD), (f"  {note}" if note else "", _MUTED))


def letters(board: Board) -> dict[str, str]:
    """The letter of each candidate, in the order of the panels."""
    return {panel.card.id: letter(index) for index, panel in enumerate(board.panels)}


def verdict(board: Board) -> Content:
    """The winner's name and the reason, in words."""
    if board.verdict is None:
        if not board.panels:
            return Content("No run is open. Start one with: weighin run, or open a stored one under 4 History.")
        going = "The run is active; the verdict comes at its end." if board.finished is None else "No verdict yet."
        return Content.assemble((going, "bold"), "\nFigures so far, not yet tested:")
    winner = board.verdict.winner
    title = f"▶ {board.label(winner)}" if winner else "✗ No recommendation"
    lines = [Content.styled(title, "bold $text-success" if winner else "bold $text-error")]
    lines += [Content(sentence) for sentence in board.verdict.sentences]
    if board.finished is not None and board.finished.outcome != "completed":
        lines.append(
            Content.styled(
                f"The run is not complete: {board.finished.outcome}. {board.finished.detail}".rstrip(), "$text-warning"
            )
        )
    return Content("\n").join(lines)


_COLUMNS: tuple[tuple[str, str, int], ...] = (
    ("accuracy", "%", 13),
    ("generation", "tok/s", 10),
    ("memory", "GiB", 7),
    ("TTFT", "ms", 7),
    ("ITL", "ms", 6),
    ("agree", "0–1", 6),
    ("prompt", "tok/s", 8),
    ("load", "s", 6),
    ("items", "", 6),
    ("p", "", 7),
)
"""Title, unit, width. The least important come last and are left out when there is no room."""


def ranking_table(board: Board, width: int) -> Content:
    """The ranking with a legend; units are in the second line."""
    rows = rankings_of(board)
    if not rows:
        return Content("")
    names = {row.candidate: board.label(row.candidate) for row in rows}
    longest = max(len(name) for name in names.values())
    columns = list(_COLUMNS)
    while len(columns) > 5 and 5 + min(longest, 20) + sum(w + 1 for _t, _u, w in columns) > width:
        columns.pop()
    name_width = max(12, min(longest, width - 5 - sum(w + 1 for _t, _u, w in columns)))
    marks = letters(board)
    head = " ".join(f"{title:>{w}}" for title, _unit, w in columns)
    units = " ".join(f"{unit:>{w}}" for _title, unit, w in columns)
    lines = [
        Content.styled(f"{'':5}{'':<{name_width}} {head}", _MUTED),
        Content.styled(f"{'':5}{'':<{name_width}} {units}", _MUTED),
    ]
    for row in rows:
        mark = ranking_mark(row, board.verdict) or " "
        style = "bold $text-success" if mark == "▶" else _MUTED if mark == "✗" else ""
        cells = " ".join(f"{cell:>{w}}" for cell, (_t, _u, w) in zip(_cells(row), columns, strict=False))
        name = _fold_name(names[row.candidate], name_width)
        lines.append(Content.styled(f"{mark} {marks.get(row.candidate, ' ')}  {name:<{name_width}} {cells}", style))
    legend = "▶ recommended   = tied with the most accurate   ✗ ruled out   ⚠ disturbed"
    legend += "   ? no items in common with the best" if any(row.not_comparable for row in rows) else ""
    return Content("\n").join([heading("Ranking"), *lines, Content.styled(formatting.cut(legend, width), _MUTED)])


def _fold_name(name: str, width: int) -> str:
    """Cut the name, but keep the quant at its end."""
    if len(name) <= width:
        return name
    tail = name.rpartition(" ")[2]
    return formatting.cut(name[: -len(tail) - 1], max(4, width - len(tail) - 1)) + " " + tail


def _cells(row: Ranking) -> tuple[str, ...]:
    accuracy = formatting.NOTHING
    if row.accuracy is not None and row.low is not None and row.high is not None:
        accuracy = f"{row.accuracy * 100:.1f} [{row.low * 100:2.0f}–{row.high * 100:2.0f}]"
    mark = "⚠" if row.disturbed else ""
    return (
        accuracy,
        mark + formatting.rate(row.generation_tokens_per_second),
        formatting.gibibytes(row.memory_bytes),
        formatting.milliseconds(row.ttft_p50_s),
        formatting.milliseconds(row.itl_p50_s),
        formatting.number(row.consistency, 2),
        formatting.rate(row.prompt_tokens_per_second),
        formatting.number(row.load_s, 2),
        str(row.items),
        formatting.NOTHING if row.p_against_best is None else f"{row.p_against_best:.3f}",
    )


def chart(board: Board, plan: Plan | None, width: int, height: int) -> Content:
    """Accuracy against generation speed; empty when fewer than two candidates have both."""
    marks = letters(board)
    points = [
        Point(marks.get(r.candidate, "?"), r.generation_tokens_per_second, r.accuracy, r.low, r.high, not r.ruled_out)
        for r in rankings_of(board)
        if r.accuracy is not None
        and r.generation_tokens_per_second is not None
        and r.low is not None
        and r.high is not None
    ]
    if len(points) < 2:
        return Content("")
    least = plan.limits.min_generation_tokens_per_second if plan else 0.0
    note = "╌╎ best trade-offs"
    note += "   ┆ minimum speed" if least else ""
    note += "   · guessing" if board.chance is not None else ""
    note += "   lowercase: ruled out" if any(not p.admitted for p in points) else ""
    notes = [note, *([over] if (over := _over_limits(board, plan)) else [])]
    drawn = scatter(points, width, height - 1 - len(notes), least_speed=least, chance=board.chance)
    lines = [Content.styled(formatting.cut(line, width), _MUTED) for line in notes]
    return Content("\n").join([heading("Accuracy against speed"), drawn, *lines])


def _over_limits(board: Board, plan: Plan | None) -> str:
    """The user's limits that are on neither axis, and the candidates that exceed them."""
    if plan is None:
        return ""
    marks, rows, limits = letters(board), rankings_of(board), plan.limits
    memory = f"memory ≤ {format_memory(limits.max_memory_bytes)}"
    first_token = f"TTFT ≤ {formatting.milliseconds(limits.max_ttft_s)} ms"
    parts = []
    for limit, label, values in (
        (limits.max_memory_bytes, memory, [(r.candidate, r.memory_bytes) for r in rows]),
        (limits.max_ttft_s, first_token, [(r.candidate, r.ttft_p95_s) for r in rows]),
    ):
        if limit:
            over = [marks.get(name, "?").lower() for name, value in values if value is not None and value > limit]
            parts.append(f"{label}: {', '.join(over)} over" if over else f"{label}: all within")
    return "   ".join(parts)


def strengths(board: Board) -> Content:
    """What each candidate is best at, among those with figures."""
    rows = rankings_of(board)
    if len(rows) < 2:
        return Content("")
    best_at: dict[str, list[str]] = {row.candidate: [] for row in rows}

    def best(pairs: Sequence[tuple[str, float | None]], label: str, *, high: bool) -> None:
        known = [(value, name) for name, value in pairs if value is not None]
        if len(known) < 2:
            return
        top = max(known)[0] if high else min(known)[0]
        leaders = [name for value, name in known if value == top]
        if len(leaders) < len(known):
            for name in leaders:
                best_at[name].append(label)

    best([(r.candidate, r.accuracy) for r in rows], "most accurate overall", high=True)
    best([(r.candidate, r.generation_tokens_per_second) for r in rows], "fastest generation", high=True)
    best([(r.candidate, r.prompt_tokens_per_second) for r in rows], "fastest prompts", high=True)
    best([(r.candidate, r.ttft_p50_s) for r in rows], "fastest first token", high=False)
    best([(r.candidate, float(r.memory_bytes) if r.memory_bytes else None) for r in rows], "least memory", high=False)
    for suite in board.suites:
        shares = [(p.card.id, {t.suite: t.share for t in p.tallies}.get(suite.name)) for p in board.panels]
        best(shares, f"best on {suite.name}", high=True)
    for row in rows:
        best_at[row.candidate] += [f"level {level} in {suite}" for suite, level in row.levels.items() if level]
    if not any(best_at.values()):
        return Content("")
    marks = letters(board)
    lines = []
    for row in rows:
        text = ", ".join(best_at[row.candidate]) or "best at none of these"
        lines.append(
            Content.assemble(
                (f"{marks.get(row.candidate, ' ')} ", "bold"), (text, "" if best_at[row.candidate] else _MUTED)
            )
        )
    return Content("\n").join([heading("Best at", "by the figures, not tested"), *lines])


def remarks(board: Board) -> Content:
    """Why candidates are ruled out, and the verdict's warnings."""
    lines = [
        Content.assemble(("✗ ", "$text-error"), (board.label(row.candidate), "bold"), f": {exclusion_words(reason)}")
        for row in rankings_of(board)
        for reason in row.ruled_out
    ]
    if board.verdict is not None:
        lines += [Content.assemble(("⚠ ", "$text-warning"), warning) for warning in board.verdict.warnings]
    return Content("\n").join([heading("Notes"), *lines]) if lines else Content("")


def commands(board: Board) -> Content:
    """How to run the winner."""
    if board.verdict is None or not board.verdict.commands:
        return Content("")
    lines = [heading("Run it", "y copies the first command")]
    for name, command in board.verdict.commands.items():
        lines.append(Content.assemble((f"{name:<13}", _MUTED), command))
    return Content("\n").join(lines)


def provenance(board: Board, plan: Plan | None, width: int) -> Content:
    """The settings of all candidates, and each file as it was measured."""
    started = board.started
    if started is None:
        return Content("")
    rows: list[tuple[str, str]] = [
        ("run", started.run_id),
        ("machine", started.machine),
        ("llama.cpp", llama_build(board)),
    ]
    rows.append(("threads", str(started.n_threads or formatting.NOTHING)))
    if plan is not None:
        s = plan.settings
        rows += [
            ("context", f"n_ctx {s.n_ctx}, n_batch {s.n_batch}, n_ubatch {s.n_ubatch}"),
            ("attention", f"flash attention {s.flash_attention}, KV cache {s.kv_type}, seed {s.seed}"),
            ("speed", f"pp{plan.speed.n_prompt}, tg{plan.speed.n_generate}, {plan.speed.repeats} repeats"),
        ]
    lines = [heading("Settings and provenance", "the same for all candidates")]
    lines += [Content.assemble((f"{label:<13}", _MUTED), value) for label, value in rows if value]
    hashes = {c.id: c.sha256 for c in plan.candidates} if plan else {}
    marks = letters(board)
    for panel in board.panels:
        loaded = panel.loaded
        parts = [panel.card.name, panel.card.quant, format_file_size(panel.card.size_bytes)]
        parts.append(f"sha256 {hashes[panel.card.id][:12]}…" if hashes.get(panel.card.id) else "")
        if loaded is not None:
            template = f" {loaded.chat_template_sha256[:8]}" if loaded.chat_template_sha256 else ""
            parts.append(f"{loaded.prompt_style} prompts{template}")
            parts.append(", ".join(loaded.devices))
        line = " · ".join(part for part in parts if part)
        lines.append(
            Content.assemble((f"{marks[panel.card.id]:<13}", "bold"), formatting.cut(line, max(20, width - 13)))
        )
    return Content("\n").join(lines)


def groups(board: Board, width: int) -> Content:
    """One line per candidate for each suite with subjects; empty without such a suite or without a verdict."""
    rows = rankings_of(board)
    marks = letters(board)
    suites = sorted({each.suite for row in rows for each in row.groups})
    lines: list[Content] = []
    for suite in suites:
        lines += _suite_lines(suite, rows, marks, width)
    if not lines:
        return Content("")
    note = "mean ± standard error; best and worst are not tested; the exports have all subjects"
    return Content("\n").join([heading("By subject", note), *lines])


def _suite_lines(suite: str, rows: tuple[Ranking, ...], marks: Mapping[str, str], width: int) -> list[Content]:
    suite_rows = [(row, each) for row in rows for each in row.groups if each.suite == suite]
    most = max(len(each.groups) for _row, each in suite_rows)
    lines = [Content.assemble((suite, "bold"), (f"  {most} subjects", _MUTED))]
    for row, each in suite_rows:
        lines.append(
            Content.assemble((f"{marks.get(row.candidate, ' ')} ", "bold"), formatting.cut(by_subject(each), width - 2))
        )
    return lines


_STEADINESS_COLUMNS = (("agree", 5), ("any order", 11), ("wording", 9), ("again", 7), ("fragile", 9))
"""Title and width; together no wider than the column beside the chart at 120 cells."""


class _Steadiness(msgspec.Struct, frozen=True):
    candidate: str
    agree: float | None
    order: float | None
    wording: float | None
    again: str
    fragile: float | None

    @property
    def is_known(self) -> bool:
        """Whether any item was asked again."""
        return self.agree is not None or self.order is not None or self.wording is not None or bool(self.again)


def steadiness(board: Board) -> Content:
    """One line per candidate; empty while no item was asked again. No figure is marked as better than another."""
    rows = [row for row in _steadiness_rows(board) if row.is_known]
    if not rows:
        return Content("")
    marks = letters(board)
    cells = [_steadiness_cells(row) for row in rows]
    shown = [
        (place, title, cell_width)
        for place, (title, cell_width) in enumerate(_STEADINESS_COLUMNS)
        if any(row[place] != formatting.NOTHING for row in cells)
    ]
    head = "".join(f"{title:>{cell_width}}" for _place, title, cell_width in shown)
    lines = [Content.styled(f"  {head}", _MUTED)]
    for row, values in zip(rows, cells, strict=True):
        line = "".join(f"{values[place]:>{cell_width}}" for place, _title, cell_width in shown)
        lines.append(Content.assemble((f"{marks.get(row.candidate, ' ')} ", "bold"), line))
    return Content("\n").join([heading("Consistency", "not the same as accuracy"), *lines])


def _steadiness_cells(row: _Steadiness) -> tuple[str, ...]:
    fragile = formatting.NOTHING if row.fragile is None else f"{row.fragile * 100:.0f} %"
    return (
        formatting.number(row.agree, 2),
        formatting.number(row.order, 2),
        formatting.number(row.wording, 2),
        row.again or formatting.NOTHING,
        fragile,
    )


def _steadiness_rows(board: Board) -> list[_Steadiness]:
    if board.verdict is not None:
        return [
            _Steadiness(
                row.candidate,
                row.consistency,
                _value(row.steadiness.same_choice),
                _value(row.steadiness.rewording),
                _again(row.steadiness.identical),
                row.fragile_share,
            )
            for row in board.verdict.rankings
        ]
    provisional = []
    for row in rankings_of(board):
        panel = board.panel(row.candidate)
        if panel is not None:
            reasked = panel.reasked
            again = f"{sum(reasked.repeated.values())}/{len(reasked.repeated)}" if reasked.repeated else ""
            share = panel.fragile_share
            provisional.append(
                _Steadiness(row.candidate, panel.consistency, reasked.same_choice, reasked.rewording, again, share)
            )
    return provisional


def _value(figure: Estimate | None) -> float | None:
    return None if figure is None else figure.value


def _again(figure: Estimate | None) -> str:
    return "" if figure is None else f"{figure.value * figure.items:.0f}/{figure.items}"
