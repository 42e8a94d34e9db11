"""The config file: what is right in it holds, what is wrong is told."""

from __future__ import annotations

import pytest

from weighin.tui.app.preferences import Preferences, read_preferences


def test_no_file_is_fine(tmp_path):
    assert read_preferences(tmp_path / "config.toml") == Preferences()


def test_theme_and_keys(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text('theme = "weighin-light"\n[keys]\n"run.pause" = "f5"\n', encoding="utf-8")
    assert read_preferences(path) == Preferences("weighin-light", {"run.pause": "f5"})


@pytest.mark.parametrize(
    "text", ["theme = 3", "keys = 3", "[keys]\na = 1", "nonsense", "other = 1", "\x00", "[keys]\na = ''"]
)
def test_what_is_wrong_is_a_problem_not_a_crash(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    found = read_preferences(path)
    assert len(found.problems) == 1
    assert (found.theme, found.keys) == ("", {})
