"""Names that come from outside and become paths or addresses."""

from __future__ import annotations

import re

_REPO = re.compile(r"^[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9_])?/[A-Za-z0-9_][\w.-]*$", re.ASCII)


def is_repo_id(text: str) -> bool:
    """``owner/name`` as the hub allows it."""
    return bool(_REPO.match(text)) and len(text) <= 96 and ".." not in text and "--" not in text


def is_safe_path(name: str) -> bool:
    """A relative path with forward slashes that stays below the folder it is joined to, on every system."""
    if not name or name.startswith("/") or any(letter in name for letter in '\\:\0*?"<>|') or not name.isprintable():
        return False
    return all(part not in {"", ".", ".."} and part.rstrip(" .") == part for part in name.split("/"))
