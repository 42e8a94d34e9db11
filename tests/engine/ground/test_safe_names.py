"""Names that come from the hub and become paths."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.safe_names import is_safe_path


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
