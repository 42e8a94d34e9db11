"""Files appear whole or not at all."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from weighin.engine.files import joint_sha256, read_file, replacing, write_atomically


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "plan.toml"
    write_atomically(target, "old")
    with pytest.raises(IsADirectoryError), replacing(target) as part:  # noqa: PT012
        part.write_text("half of the new")
        tmp_path.write_text("a write that fails")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_write_makes_the_folder_and_replaces_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "note"
    write_atomically(target, b"one")
    write_atomically(target, "zwölf\r\n")
    assert target.read_bytes() == "zwölf\r\n".encode()
    assert list(target.parent.iterdir()) == [target]


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    target = tmp_path / "note"
    with replacing(target) as first, replacing(target) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert target.read_text() == "first"


def test_one_file_keeps_its_hash_and_several_get_the_hash_of_their_hashes() -> None:
    one, two = "a" * 64, "b" * 64
    assert joint_sha256([one]) == one
    assert joint_sha256([one, two]) == hashlib.sha256((one + two).encode()).hexdigest()
    assert joint_sha256([one, two]) != joint_sha256([two, one])


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "note").write_bytes(b"12345")
    assert read_file(tmp_path / "note", max_bytes=5) == b"12345"
    with pytest.raises(OSError, match="more than 4 bytes"):
        read_file(tmp_path / "note", max_bytes=4)
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "other", max_bytes=4)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices are POSIX files")
def test_pipes_devices_folders_and_loops_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for path in (tmp_path / "pipe", Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(OSError, match="not a regular file"):
            read_file(path, max_bytes=100)
    for path in (tmp_path, tmp_path / "loop"):
        with pytest.raises(OSError, match=r"directory|regular|links"):
            read_file(path, max_bytes=100)
