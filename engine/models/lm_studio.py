"""LM Studio's folders of models, wherever the user moved them.

``~/.lmstudio-home-pointer`` holds the path of LM Studio's home, and ``settings.json`` in a home names the models folder
(https://github.com/lmstudio-ai/lms, src/modelsFolder.ts). Old versions had their home in ``~/.cache/lm-studio``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from .local_model import read_small_json

_MAX_POINTER_BYTES = 4096


def lm_studio_folders(env: Mapping[str, str]) -> list[Path]:
    """The models folders that exist, the one in use first."""
    user = Path(env.get("HOME") or env.get("USERPROFILE") or Path.home())
    homes = [*_pointed_home(user), user / ".lmstudio", user / ".cache/lm-studio"]
    folders: dict[str, Path] = {}
    for home in homes:
        chosen = (read_small_json(home / "settings.json") or {}).get("downloadsFolder")
        places = [Path(chosen).expanduser()] if isinstance(chosen, str) and chosen and "\0" not in chosen else []
        for folder in (*places, home / "models"):
            if folder.is_dir():
                folders.setdefault(os.path.realpath(folder), folder)
    return list(folders.values())


def lm_studio_key(path: Path, env: Mapping[str, str]) -> str:
    """LM Studio's name for the model at ``path``, ``owner/repo/file.gguf``; empty for a file elsewhere."""
    for folder in lm_studio_folders(env):
        for base in (folder, folder.resolve()):
            if path.is_relative_to(base):
                return path.relative_to(base).as_posix()
    return ""


def _pointed_home(user: Path) -> list[Path]:
    pointer = user / ".lmstudio-home-pointer"
    try:
        if not pointer.is_file():
            return []
        with pointer.open("rb") as file:
            text = os.fsdecode(file.read(_MAX_POINTER_BYTES)).strip()
    except OSError:
        return []
    return [Path(text).expanduser()] if text and "\0" not in text else []
