"""The config file: valid settings apply, mistakes are reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from weighin.tui.app.preferences import Preferences, read_preferences


def test_a_missing_file_gives_the_defaults(tmp_path: Path) -> None:
    assert read_preferences(tmp_path / "config.toml") == Preferences()


def test_the_theme_and_the_keys_are_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('theme = "weighin-light"\n[keys]\n"run.pause" = "f5"\n', encoding="utf-8")
    assert read_preferences(path) == Preferences("weighin-light", {"run.pause": "f5"})


@pytest.mark.parametrize(
    "text", ["theme = 3", "keys = 3", "[keys]\na = 1", "nonsense", "other = 1", "\x00", "[keys]\na = ''"]
)
def test_mistakes_are_listed_and_do_not_raise(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    preferences = read_preferences(path)
    assert len(preferences.problems) == 1
    assert (preferences.theme, preferences.keys) == ("", {})
