"""Names that come from the hub and become paths."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.safe_names import is_candidate_id, is_repo_id, is_safe_path, safe_name


@given(st.text(max_size=30) | st.from_regex(r"[a.\\/: ]{1,20}", fullmatch=True))
def test_a_safe_path_stays_below_its_folder(name: Any) -> None:
    if not is_safe_path(name):
        return
    assert not PureWindowsPath(name).is_absolute()
    assert not PureWindowsPath(name).drive
    assert ".." not in PureWindowsPath(name).parts
    assert PurePosixPath("/base", name).as_posix() == f"/base/{name}"


@pytest.mark.parametrize(
    "name", ["", "/a", "../a", "a/../b", "a//b", "a\\b", "C:a", "a/", "a\0b", ".", "a/.", "a ", "a\n"]
)
def test_unsafe_paths(name: str) -> None:
    assert not is_safe_path(name)


@pytest.mark.parametrize("text", ["qwen3-1.7b-q4_k_m", "A", "_x", "7b", "a" * 255])
def test_candidate_ids(text: str) -> None:
    assert is_candidate_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a/../b",
        "/a",
        "a\\b",
        "-h",
        ".hidden",
        "a b",
        "a;b",
        "$(a)",
        "`a`",
        "a\n",
        "\x1b[2J",
        "ä",
        "a" * 256,
        "~",
        "a'b",
        "*",
        "a:b",
        "a\x00b",
        "\u202ea",
        "１",
    ],
)
def test_what_a_path_or_a_shell_could_take_for_something_else_is_no_id(text: str) -> None:
    assert not is_candidate_id(text)


@pytest.mark.parametrize("text", ["o/n\n", "o/n;x", "o/\x1b[2J", "o/n --flag", "-o/n", "o/../n"])
def test_no_repo_ids(text: str) -> None:
    assert not is_repo_id(text)


@given(st.text(max_size=300) | st.from_regex(r"[a.\\/: ]{1,200}", fullmatch=True))
def test_a_safe_name_is_one_part_of_a_path(text: str) -> None:
    name = safe_name(text)
    assert 0 < len(name) <= 120
    assert is_safe_path(name)
    assert PureWindowsPath(name).name == name
