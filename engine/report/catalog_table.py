"""Catalog rows for people, as a table cut to the terminal's width, and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ..catalog.ranking import MAIN_SCORE, MeasuredSpeed, Ranked
from ..catalog.verdict import verdict_word
from ..units import format_parameters, gib
from .catalog_history import MeasuredHere

_MARKS = {"allowed": "✓", "allowed if": "✓ if", "unknown": "?", "not allowed": "✗"}


def models_table(rows: Sequence[Ranked], *, width: int) -> list[str]:
    """A header and one line per model; no line is longer than ``width``.

    The last column, tok/s, was measured on this machine, and appears only if something was. ⚠ marks a speed that was
    disturbed. All other figures are published or estimated.
    """
    here = any(row.speed is not None for row in rows)
    head = ["model", "params", "quant", "mem GiB", "context", MAIN_SCORE, "license"]
    table = [(*head, "tok/s here") if here else tuple(head)]
    for row in rows:
        model = row.model
        shots = "" if row.score is None or row.score.shots is None else f" ({row.score.shots}-shot)"
        mark = _MARKS[verdict_word(row.verdict)]
        cells = [
            model.id,
            format_parameters(model.parameters.total),
            row.rung.quant.name,
            f"{gib(row.memory_bytes):.1f}",
            "–" if model.context_tokens is None else f"{model.context_tokens.value // 1024}k",
            "–" if row.score is None else f"{row.score.value:g}{shots}",
            f"{mark} {' + '.join(model.licenses)}",
        ]
        if here:
            cells.append("–" if row.speed is None else _speed(row.speed))
        table.append(tuple(cells))
    return _aligned(table, width)


def models_builtins(
    rows: Sequence[Ranked], measured: Mapping[str, Sequence[MeasuredHere]] | None = None
) -> list[dict[str, Any]]:
    """The rows with all published figures and sources; figures measured here are apart, under ``measured_here``."""
    out = []
    for row in rows:
        document: dict[str, Any] = msgspec.to_builtins(row.model)
        document["license_verdict"] = msgspec.to_builtins(row.verdict)
        document["ruled_out"] = msgspec.to_builtins(row.ruled_out)
        document["estimated"] = msgspec.to_builtins(row.rung)
        document["measured_here"] = msgspec.to_builtins(list((measured or {}).get(row.model.id, ())))
        out.append(document)
    return out


def _speed(speed: MeasuredSpeed) -> str:
    words = (f"{speed.tokens_per_second:.1f}", speed.quant, "⚠" if speed.disturbed else "")
    return " ".join(word for word in words if word)


def _aligned(rows: Sequence[tuple[str, ...]], width: int) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in rows)
    return [line if len(line) <= width else line[: max(width - 1, 0)] + "…" for line in lines]
