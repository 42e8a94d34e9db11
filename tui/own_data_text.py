"""The user's own data as text, for the command line and the wizard: its columns and a preview."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from weighin.engine.errors import PlanError
from weighin.engine.plan.model import Reading
from weighin.engine.visible import visible

from .formatting import columns as columns_of
from .formatting import cut, padded

if TYPE_CHECKING:
    from weighin.engine.tasks.items import Suite
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


def parse_reading(text: str) -> Reading:
    """How files are read, from ``delimiter=;,encoding=cp1252,header=no``.

    A delimiter is one character or one of the words comma, semicolon, tab, pipe and space.

    Raises:
        PlanError: ``text`` has another form, or a value makes no sense.
    """
    values: dict[str, object] = {}
    # The comma also separates the parts.
    for part in text.replace("delimiter=,", "delimiter=comma").split(","):
        name, equals, value = part.partition("=")
        name, value = name.strip().lower(), value.strip() or value
        if not name and not equals:
            continue
        if name not in _READINGS or not equals or not value:
            wrong = f"has the unknown name {name!r}" if equals and value else "is not in the form NAME=VALUE"
            uses = ", ".join(f"{known}={what}" for known, what in _READINGS.items())
            raise PlanError(f"The reading {text!r} {wrong}.", hint=f"Use {uses}.")
        if name in values:
            raise PlanError(f"The reading {text!r} names {name!r} twice.", hint="Name it once.")
        values[name] = _reading_value(name, value)
    return Reading(**values)  # type: ignore[arg-type]  # checked by name above


_READINGS = {
    "delimiter": ";",
    "encoding": "cp1252",
    "header": "no",
    "index": "1",
    "sheet": "NAME",
    "rows": "FIELD",
    "lists": "no",
}
_DELIMITER_WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "space": " "}


def _reading_value(name: str, value: str) -> object:
    if name == "delimiter":
        delimiter = _DELIMITER_WORDS.get(value.lower(), value)
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise PlanError(
                f"The delimiter {value!r} is not one character.",
                hint="Examples are ; and | and the words tab and comma.",
            )
        return delimiter
    if name in ("header", "lists"):
        if value.lower() not in ("yes", "no", "true", "false"):
            raise PlanError(f"The reading {name} is {value!r}.", hint="Give yes or no.")
        return value.lower() in ("yes", "true")
    if name == "index":
        if value not in ("0", "1"):
            raise PlanError(f"The reading index is {value!r}.", hint="Give 0 or 1, the number of the first choice.")
        return int(value)
    return value


def write_reading(reading: Reading) -> str:
    """The text that ``parse_reading`` reads."""
    words = {",": "comma", "\t": "tab", " ": "space"}
    parts = []
    for name in _READINGS:
        value = getattr(reading, name)
        if value == getattr(Reading(), name):
            continue
        shown = {True: "yes", False: "no"}[value] if isinstance(value, bool) else words.get(value, value)
        parts.append(f"{name}={shown}")
    return ",".join(parts)


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
    used = [each.ours if each.ours == each.theirs else f"{each.ours} ({each.theirs})" for each in preview.columns]
    columns = f"; columns {', '.join(used)}" if used else ""
    return f"{preview.items} {preview.kind} {items}{held}{columns}; {scored}"


def problem_lines(preview: DataPreview, *, limit: int = _SHOWN_PROBLEMS) -> list[str]:
    """The bad rows with their line numbers; empty when there are none."""
    problems = preview.problems
    if not problems:
        return []
    rows = "bad row" if len(problems) == 1 else "bad rows"
    lines = [f"{len(problems)} {rows}; nothing runs until you fix or remove them:"]
    lines += [f"  line {problem.line}: {visible(problem.message)}" for problem in problems[:limit]]
    if len(problems) > limit:
        lines.append(f"  and {len(problems) - limit} more")
    return lines


def reading_lines(preview: DataPreview, *, limit: int = _SHOWN_PROBLEMS) -> list[str]:
    """How the data was read where that is not obvious, what is not used, and what a person should look at."""
    lines = []
    if preview.how:
        lines.append(f"Read as: {'; '.join(map(visible, preview.how))}")
    if preview.unused:
        more = f" and {len(preview.unused) - 8} more" if len(preview.unused) > 8 else ""
        lines.append(f"Not used: {', '.join(map(visible, preview.unused[:8]))}{more}")
    if preview.compared:
        lines.append(f"Answers are compared {preview.compared}.")
    if preview.doubts:
        lines.append("Look at this before you run:")
        lines += [f"  {visible(doubt.text)}" for doubt in preview.doubts[:limit]]
    if len(preview.doubts) > limit:
        lines.append(f"  and {len(preview.doubts) - limit} more")
    return lines


def doubt_lines(suite: Suite, *, limit: int = _SHOWN_PROBLEMS) -> list[str]:
    """What a person should look at in a suite of their own data."""
    lines = [visible(f"Look at {suite.spec.name}: {doubt}") for doubt in suite.doubts[:limit]]
    if len(suite.doubts) > limit:
        lines.append(f"{len(suite.doubts) - limit} more such lines: see `weighin preview`.")
    return lines


def row_lines(preview: DataPreview, *, width: int) -> list[str]:
    """One line per row: id, question, choices, expected answer."""
    ids = [_short(row.id, width // 3) for row in preview.rows]
    wide = max(map(columns_of, ids), default=0)
    lines = []
    for name, row in zip(ids, preview.rows, strict=True):
        compared = row.compared or ("",) * len(row.answers)
        right = " or ".join(
            f"{answer} ({how})" if how else answer for answer, how in zip(row.answers, compared, strict=True)
        )
        tail = f"  [{' | '.join(row.choices)}]  → {right}" if row.choices else f"  → {right}" if right else ""
        tail = _short(tail, width // 2)
        room = max(10, width - wide - columns_of(tail) - 4)
        lines.append(f"  {padded(name, wide)}  {_short(row.text, room)}{tail}")
    return lines


def asked_lines(preview: DataPreview) -> list[str]:
    """The items exactly as they are asked."""
    lines = []
    for asked in preview.asked:
        lines += ["", f"── {visible(asked.item)}"]
        if asked.messages:
            for message in asked.messages:
                first, *others = [visible(line) for line in message.content.splitlines()] or [""]
                lines += [f"{message.role + ':':<11}{first}", *(" " * 11 + line for line in others)]
        else:
            lines += [visible(line) for line in asked.prompt.splitlines()]
        if asked.continuations:
            lines.append("continuations scored: " + ", ".join(repr(text) for text in asked.continuations))
        if asked.expected:
            lines.append(f"right: {visible(asked.expected)}")
    return lines


def _short(text: str, width: int) -> str:
    return cut(text.replace("\r", "").replace("\n", "⏎"), max(1, width))
