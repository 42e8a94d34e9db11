"""The user's own data as text, for the command line and the wizard: its columns and a preview."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from weighin.engine.errors import PlanError

from .formatting import cut

if TYPE_CHECKING:
    from weighin.engine.tasks.own.preview import DataPreview

_SHOWN_PROBLEMS = 6


def parse_columns(text: str) -> dict[str, str]:
    """Map column names of the user's file to ours, from ``question=frage,answer=antwort`` (ours first).

    Raises:
        PlanError: ``text`` has another form or names a column twice.
    """
    columns: dict[str, str] = {}
    for part in text.split(","):
        ours, equals, theirs = (piece.strip() for piece in part.partition("="))
        if not equals or not ours or not theirs:
            raise PlanError(
                f"The columns {text!r} are not in the form OURS=YOURS.",
                hint="Write them as question=frage,answer=antwort.",
            )
        if theirs in columns or ours in columns.values():
            twice = theirs if theirs in columns else ours
            raise PlanError(f"The columns {text!r} name {twice!r} twice.", hint="Name each column once.")
        columns[theirs] = ours
    return columns


def write_columns(columns: Mapping[str, str]) -> str:
    """The text that ``parse_columns`` reads."""
    return ",".join(f"{ours}={theirs}" for theirs, ours in columns.items())


def summary_line(preview: DataPreview) -> str:
    """How many items were read, and how they are scored."""
    if preview.kind == "choice":
        scored = "scored by likelihood"
    else:
        scored = f"scored by {preview.scorer}"
    if preview.metric:
        scored += f", main metric {preview.metric}"
    examples = "a worked example" if preview.shots == 1 else "worked examples"
    held = f", {preview.shots} more as {examples}" if preview.shots else ""
    items = "item" if preview.items == 1 else "items"
    columns = f"; columns {', '.join(preview.columns)}" if preview.columns else ""
    return f"{preview.items} {preview.kind} {items}{held}{columns}; {scored}"


def problem_lines(preview: DataPreview, *, limit: int = _SHOWN_PROBLEMS) -> list[str]:
    """The bad rows with their line numbers; empty when there are none."""
    problems = preview.problems
    if not problems:
        return []
    rows = "bad row" if len(problems) == 1 else "bad rows"
    lines = [f"{len(problems)} {rows}; nothing runs until you fix or remove them:"]
    lines += [f"  line {problem.line}: {problem.message}" for problem in problems[:limit]]
    if len(problems) > limit:
        lines.append(f"  and {len(problems) - limit} more")
    return lines


def row_lines(preview: DataPreview, *, width: int) -> list[str]:
    """One line per row: id, question, choices, expected answer."""
    wide = max((len(row.id) for row in preview.rows), default=0)
    lines = []
    for row in preview.rows:
        right = " or ".join(row.answers)
        tail = f"  [{' | '.join(row.choices)}]  → {right}" if row.choices else f"  → {right}" if right else ""
        tail = _short(tail, width // 2)
        lines.append(f"  {row.id:<{wide}}  {_short(row.text, max(10, width - wide - len(tail) - 4))}{tail}")
    return lines


def asked_lines(preview: DataPreview) -> list[str]:
    """The items exactly as they are asked."""
    lines = []
    for asked in preview.asked:
        lines += ["", f"── {asked.item}"]
        if asked.messages:
            for message in asked.messages:
                first, *others = [_plain(line) for line in message.content.splitlines()] or [""]
                lines += [f"{message.role + ':':<11}{first}", *(" " * 11 + line for line in others)]
        else:
            lines += [_plain(line) for line in asked.prompt.splitlines()]
        if asked.continuations:
            lines.append("continuations scored: " + ", ".join(repr(text) for text in asked.continuations))
        if asked.expected:
            lines.append(f"right: {_plain(asked.expected)}")
    return lines


def _short(text: str, width: int) -> str:
    return cut(_plain(text.replace("\r", "").replace("\n", "⏎")), max(1, width))


def _plain(line: str) -> str:
    """The line without characters that would move the terminal's cursor."""
    return "".join(letter if letter.isprintable() else " " if letter == "\t" else "·" for letter in line)
