"""What catalog rows can be sorted by. Apart from ``ranking.py`` because the command line needs it to start."""

from __future__ import annotations

from typing import Literal, get_args

SortKey = Literal["name", "size", "context", "memory", "score", "speed", "license", "aptitude", "released"]
SORT_KEYS: tuple[SortKey, ...] = get_args(SortKey)
