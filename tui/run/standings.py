"""Who leads in which row, and the ranking until there is a verdict. Without Textual."""

from __future__ import annotations

from collections.abc import Callable

from weighin.engine.events.ranking import Ranking
from weighin.engine.judging.findings import stop_reason

from .. import formatting
from .board import Board, Panel

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def letter(index: int) -> str:
    """The letter for a candidate in charts and tables."""
    return LETTERS[index % len(LETTERS)]


_ROWS: dict[str, tuple[Callable[[Panel], float | None], bool, Callable[[float | None], str]]] = {
    "generation": (lambda p: None if p.generation.is_disturbed else p.generation.per_second, True, formatting.rate),
    "prompt": (lambda p: None if p.prompt.is_disturbed else p.prompt.per_second, True, formatting.rate),
    "TTFT": (lambda p: None if p.latency.is_disturbed else p.latency.ttft_s(50), False, formatting.milliseconds),
    "ITL": (lambda p: None if p.latency.is_disturbed else p.latency.itl_s(50), False, formatting.milliseconds),
    "memory": (lambda p: p.memory_bytes, False, formatting.gibibytes),
    "accuracy": (lambda p: p.accuracy, True, formatting.percent),
}


def leads(board: Board) -> dict[str, frozenset[str]]:
    """The rows that each candidate leads in, by candidate id.

    Candidates that show the same figure lead together. A disturbed figure and a failed candidate never lead, and a
    row with a single figure has no leader.
    """
    leading: dict[str, set[str]] = {panel.card.id: set() for panel in board.panels}
    for row, (value_of, high_is_good, shown) in _ROWS.items():
        values = {p.card.id: value_of(p) for p in board.panels if p.phase != "failed"}
        known = [value for value in values.values() if value is not None]
        if len(known) < 2:
            continue
        best = shown(max(known) if high_is_good else min(known))
        for candidate, value in values.items():
            if value is not None and shown(value) == best:
                leading[candidate].add(row)
    return {candidate: frozenset(rows) for candidate, rows in leading.items()}


def rankings_of(board: Board) -> tuple[Ranking, ...]:
    """The verdict's ranking, or the figures so far sorted by accuracy, without ties."""
    if board.verdict is not None:
        return board.verdict.rankings
    rows = [_provisional(panel) for panel in board.panels]
    return tuple(sorted(rows, key=lambda r: (-(r.accuracy or 0.0), -(r.generation_tokens_per_second or 0.0))))


def _provisional(panel: Panel) -> Ranking:
    return Ranking(
        candidate=panel.card.id,
        accuracy=panel.accuracy,
        low=panel.low if panel.accuracy is not None else None,
        high=panel.high if panel.accuracy is not None else None,
        items=panel.answered,
        generation_tokens_per_second=panel.generation.per_second,
        prompt_tokens_per_second=panel.prompt.per_second,
        ttft_p50_s=panel.latency.ttft_s(50),
        ttft_p95_s=panel.latency.ttft_s(95),
        itl_p50_s=panel.latency.itl_s(50),
        itl_p95_s=panel.latency.itl_s(95),
        memory_bytes=panel.memory_bytes,
        load_s=panel.loaded.load_s if panel.loaded else None,
        disturbed=panel.generation.is_disturbed or panel.prompt.is_disturbed,
        fragile_share=panel.fragile_share,
        consistency=panel.consistency,
        tied_with_best=False,
        p_against_best=None,
        ruled_out=(stop_reason(panel.stopped),) if panel.stopped else (),
    )


def llama_build(board: Board) -> str:
    """The llama.cpp that the newest worker used; empty before a model was loaded."""
    loaded = [panel.loaded for panel in board.panels if panel.loaded is not None]
    return max(loaded, key=lambda event: event.at).llama_build if loaded else ""
