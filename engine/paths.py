"""The folders that weighin uses. ``WEIGHIN_HOME`` puts them all below one folder."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def _folder(kind: str) -> Path:
    home = os.environ.get("WEIGHIN_HOME")
    if home:
        return Path(home).expanduser() / kind
    platform_path = {
        "data": platformdirs.user_data_path,
        "cache": platformdirs.user_cache_path,
        "state": platformdirs.user_state_path,
        "config": platformdirs.user_config_path,
    }[kind]
    return Path(platform_path("weighin", appauthor=False))


def data_dir() -> Path:
    """Runs and plans, which must not be lost."""
    return _folder("data")


def cache_dir() -> Path:
    """Files that can be recreated: requantized demo models, hollow models, file hashes."""
    return _folder("cache")


def state_dir() -> Path:
    """Logs of worker processes and the draft of an unfinished wizard."""
    return _folder("state")


def config_dir() -> Path:
    """Settings that the user writes: key bindings, theme."""
    return _folder("config")


def store_path() -> Path:
    """The SQLite database with every run."""
    return data_dir() / "runs.sqlite3"


def logs_dir() -> Path:
    """The logs of worker processes: everything that llama.cpp and the drivers print."""
    return state_dir() / "logs"


def own_folder(path: str) -> Path | None:
    """Which of these folders ``path`` lies in, or would have to hold; None for paths elsewhere."""
    folders = (data_dir(), cache_dir(), state_dir(), config_dir())
    return next(
        (each for each in folders if path and (Path(path).is_relative_to(each) or each.is_relative_to(path))), None
    )
