"""A model that was found on this machine, and reading the small JSON files of the programs that keep models."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any, Literal

import msgspec

Source = Literal["folder", "ollama", "lm-studio", "hub-cache"]
_MAX_JSON_BYTES = 4 * 2**20


class LocalModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model found on this machine."""

    path: Path
    """The file to open. For a split model, its first part."""
    name: str
    quant: str
    """From the name or the store's metadata; empty when neither has it."""
    size_bytes: int
    """Total size of the parts that exist."""
    source: Source
    problem: str | None = None
    """Why it cannot be used, in a sentence; None when no problem is visible."""
    key: str = ""
    """The store's own full name for it: as ``ollama list`` prints it, or the path below LM Studio's models folder."""
    unused: tuple[str, ...] = ()
    """What Ollama adds to the file and weighin leaves out, such as ``system prompt``."""

    @property
    def reference(self) -> str:
        """The MODEL that stands for it in a store; empty outside of stores."""
        return f"{self.source}:{self.key}" if self.key else ""


def read_small_json(path: Path) -> dict[str, Any] | None:
    """Read a small JSON object; None when it is missing, too large, no regular file or something else."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_JSON_BYTES:
            return None
        found = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
