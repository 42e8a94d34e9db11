"""What the user set in ``config.toml``: the theme and the keys.

::

    theme = "weighin-light"

    [keys]
    "run.pause" = "f5"
    "app.help" = "f1,question_mark"
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from weighin.engine.files import read_file
from weighin.engine.paths import config_dir
from weighin.engine.toml import TOMLDecodeError, loads

_MAX_BYTES = 2**20


@dataclass(frozen=True)
class Preferences:
    """The settings, read once at the start."""

    theme: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    """For each binding id its key, or several keys separated by commas."""
    problems: tuple[str, ...] = ()
    """One sentence for each setting that could not be used."""


def preferences_path() -> Path:
    """The path of ``config.toml``; the file need not exist."""
    return config_dir() / "config.toml"


def read_preferences(path: Path) -> Preferences:
    """Read ``path``. Never raises: mistakes become ``problems``, and the remaining settings apply."""
    try:
        table = loads(read_file(path, max_bytes=_MAX_BYTES).decode())
    except FileNotFoundError:
        return Preferences()
    except (OSError, UnicodeDecodeError, TOMLDecodeError) as error:
        return Preferences(problems=(f"Cannot read {path}: {error}.",))
    problems = [f"{path}: there is no setting called {name!r}." for name in table if name not in ("theme", "keys")]
    theme, keys = table.get("theme", ""), table.get("keys", {})
    if not isinstance(theme, str):
        problems.append(f"{path}: theme must be a name in quotes.")
        theme = ""
    if not isinstance(keys, dict):
        problems.append(f"{path}: [keys] must be a table.")
        keys = {}
    good = {name: key for name, key in keys.items() if isinstance(key, str) and key.strip()}
    problems += [f'{path}: the key for {name!r} must be text, such as "f5".' for name in keys if name not in good]
    return Preferences(theme, good, tuple(problems))
