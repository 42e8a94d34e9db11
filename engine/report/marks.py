"""Markdown that is safe whatever the texts in it: tables, and names in which nothing is markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> list[str]:
    """Columns from number ``left`` on are aligned to the right, as numbers are."""
    rule = ["---" if place < left else "---:" for place in range(len(header))]
    return [f"| {' | '.join(cells)} |" for cells in (header, rule, *rows)]


def escaped(text: str) -> str:
    """Names and paths come from files: nothing in them may become markup or a link."""
    out = " ".join(text.split())
    for sign in ("\\", "`", "*", "[", "]", "<", ">", "|", "#"):
        out = out.replace(sign, "\\" + sign)
    return out
