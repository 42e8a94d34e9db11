"""What a mistyped name was probably meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """``Did you mean qwen3-1.7b?`` for the known name closest to ``name``; ``otherwise`` when none is close."""
    by_lower_case = {each.lower(): each for each in known}
    close = difflib.get_close_matches(name.lower(), by_lower_case, n=1, cutoff=0.6)
    return f"Did you mean {by_lower_case[close[0]]}?" if close else otherwise
