"""Names that come from outside and become paths or addresses, and the hub cache's names for them."""

from __future__ import annotations

import re
from typing import Literal

_REPO = re.compile(r"^[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9_])?/[A-Za-z0-9_][\w.-]*\Z", re.ASCII)
_CANDIDATE_ID = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.-]*\Z", re.ASCII)
_COMMIT = re.compile(r"^[0-9a-f]{40}\Z")


def is_repo_id(text: str) -> bool:
    """``owner/name`` as the hub allows it."""
    return bool(_REPO.match(text)) and len(text) <= 96 and ".." not in text and "--" not in text


def is_candidate_id(text: str) -> bool:
    """Up to 255 letters, digits, ``-``, ``_`` and ``.``, beginning with neither ``-`` nor ``.``."""
    return bool(_CANDIDATE_ID.match(text)) and len(text) <= 255


def safe_name(name: str, *, longest: int = 120) -> str:
    """``name`` as a file name that every file system allows."""
    return re.sub(r"[^A-Za-z0-9._+-]", "_", name)[:longest].strip(".") or "file"


def is_commit(text: str) -> bool:
    """A full git commit hash, as the hub names revisions."""
    return bool(_COMMIT.match(text))


def cache_folder(repo: str, kind: Literal["models", "datasets"] = "models") -> str:
    """The folder of a repo in the hub's cache, such as ``models--owner--name``."""
    return f"{kind}--{repo.replace('/', '--')}"


def repo_of_cache_folder(folder: str) -> str:
    """``owner/name`` for the name of a model's folder in the hub's cache."""
    return folder.removeprefix("models--").replace("--", "/")


def is_safe_path(name: str) -> bool:
    """A relative path with forward slashes that stays below the folder it is joined to, on every system."""
    if not name or name.startswith("/") or any(letter in name for letter in '\\:\0*?"<>|') or not name.isprintable():
        return False
    return all(part not in {"", ".", ".."} and part.rstrip(" .") == part for part in name.split("/"))
