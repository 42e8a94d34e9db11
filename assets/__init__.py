"""Data files shipped with weighin: catalog, suites, help texts."""

from __future__ import annotations

from pathlib import Path


def asset(*parts: str) -> Path:
    """The shipped file or folder at ``parts`` below this package, such as ``asset("tasks")``."""
    return Path(__file__).parent.joinpath(*parts)
