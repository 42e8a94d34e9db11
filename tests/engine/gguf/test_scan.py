"""Models in folders: what is taken, what is left out and why."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from fixtures.gguf_files import write_gguf

from weighin.engine.errors import ModelFileError
from weighin.engine.gguf.scan import find_models

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are made with POSIX calls")


def test_a_stray_file_in_a_folder_is_named_with_its_reason_and_left_out(tmp_path: Path) -> None:
    good = write_gguf(tmp_path / "good-Q8_0.gguf")
    upper = write_gguf(tmp_path / "UPPER.GGUF")
    merged = write_gguf(tmp_path / "my-lora-merged.gguf")  # the header decides, not the name
    half = good.read_bytes()
    strays = {
        "._good-Q8_0.gguf": (b"\x00\x05\x16\x07rest", "macOS"),
        "page.gguf": (b"<html>", "web page"),
        "pointer.gguf": (b"version https://git-lfs.github.com/spec/v1", "LFS"),
        "empty.gguf": (b"", "empty"),
        "cut.gguf": (half[:60], "truncated"),
        "end.gguf": (half[:-30], "truncated"),
        "half.gguf.part": (half, "unfinished"),
        "half.gguf.incomplete": (half, "unfinished"),
        "chrome.gguf.crdownload": (half, "unfinished"),
        "Z-00001-of-00003.gguf": (half, "parts"),
        "Y-00002-of-00002.gguf": (half, "1 of 2 parts"),
    }
    for name, (content, _reason) in strays.items():
        (tmp_path / name).write_bytes(content)
    write_gguf(tmp_path / "vision.gguf", "clip", tensors=["v.patch_embd.weight"])
    write_gguf(tmp_path / "embed.gguf", keys={"llama.pooling_type": 1})
    (tmp_path / "broken.gguf").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.gguf")
    (tmp_path / "notes.txt").write_text("no model")
    reasons = {name: reason for name, (_content, reason) in strays.items()}
    reasons |= {"vision.gguf": "projector", "embed.gguf": "embedding", "broken.gguf": "broken", "pipe.gguf": "regular"}
    found = find_models(tmp_path)
    assert found.models == tuple(sorted((good, upper, merged)))
    assert len(found.skipped) == len(reasons)
    for name, reason in reasons.items():
        assert [text for text in found.skipped if name in text and reason in text], (name, found.skipped)


def test_a_file_that_is_named_alone_is_taken_unread(tmp_path: Path) -> None:
    for name in ("imatrix.gguf", "loop.gguf"):
        (tmp_path / name).write_bytes(b"anything")
        assert find_models(tmp_path / name).models == (tmp_path / name,)
    (tmp_path / "broken.gguf").symlink_to("nowhere")
    assert find_models(tmp_path / "broken.gguf").models == (tmp_path / "broken.gguf",)
    with pytest.raises(ModelFileError, match="no file or folder"):
        find_models(tmp_path / "none.gguf")


def test_links_are_followed_without_loops_and_each_file_counts_once(tmp_path: Path) -> None:
    disk, folder = tmp_path / "disk", tmp_path / "folder"
    far = write_gguf(disk / "owner/repo/far.gguf")
    near = write_gguf(folder / "z/near.gguf")
    (folder / "a-link").symlink_to(disk)
    (folder / "loop").symlink_to(folder)
    (folder / "z/up").symlink_to(tmp_path)
    (folder / "again.gguf").symlink_to(far)
    (folder / "b-link").symlink_to(folder / "z")
    (folder / "self").symlink_to(folder / "self")
    found = find_models(folder)
    assert near in found.models
    assert {path.resolve() for path in found.models} == {near.resolve(), far.resolve()}
    assert len(found.models) == 2
    assert found.skipped == ()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="this user may read everything")
def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0)
    try:
        assert "locked cannot be read" in find_models(tmp_path).skipped[0]
        with pytest.raises(ModelFileError, match="cannot be read"):
            find_models(locked)
    finally:
        locked.chmod(0o700)
