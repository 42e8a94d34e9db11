"""Registers the modes that every app has; screens are imported when they are first shown."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from .modes import Mode, register_mode


def _live() -> Screen[Any]:
    from ..screens.live import LiveScreen

    return LiveScreen()


def _results() -> Screen[Any]:
    from ..screens.results import ResultsScreen

    return ResultsScreen()


def _answers() -> Screen[Any]:
    from ..screens.answers import AnswersScreen

    return AnswersScreen()


def _history() -> Screen[Any]:
    from ..screens.history import HistoryScreen

    return HistoryScreen()


def register_builtin_modes() -> None:
    """Live, results, answers, history."""
    register_mode(Mode("live", "Live", "1", _live))
    register_mode(Mode("results", "Results", "2", _results))
    register_mode(Mode("answers", "Answers", "3", _answers))
    register_mode(Mode("history", "History", "4", _history))
