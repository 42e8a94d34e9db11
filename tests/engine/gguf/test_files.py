"""What stands at a path at first sight, and the parts of split models."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest
from fixtures.gguf_files import write_gguf

from weighin.engine.errors import ModelFileError
from weighin.engine.gguf.files import file_sha256, first_part, gguf_file_bytes, split_parts
from weighin.engine.gguf.header import check_file


def test_any_part_of_a_split_model_means_the_whole_model(tmp_path: Path) -> None:
    first, second = tmp_path / "c-00001-of-00002.GGUF", tmp_path / "c-00002-of-00002.GGUF"
    for path in (first, second):
        path.write_bytes(b"GGUF")
    assert first_part(second) == first
    assert split_parts(first, 2) == [first, second]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has file names that are no text")
def test_a_file_name_that_is_no_text_can_be_hashed(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/mod\xe8le.gguf"))
    path.write_bytes(b"GGUF")
    assert file_sha256(path) == hashlib.sha256(b"GGUF").hexdigest()


def test_the_number_of_parts_in_a_header_costs_nothing(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "m-00001-of-00002.gguf", keys={"split.count": 2**31})
    with pytest.raises(ModelFileError, match="2,147,483,648 parts of a model, but its name does not say which"):
        check_file(path)
    (tmp_path / "m-00002-of-00002.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelFileError, match="its name does not say which"):
        check_file(path)
    many = write_gguf(tmp_path / "n-00001-of-99999.gguf", keys={"split.count": 99999})
    with pytest.raises(ModelFileError, match=r"n-00002-of-99999\.gguf is missing"):
        check_file(many)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS pointer"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><title>Sign in</title>", "web page"),
        (b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X", "companion file of macOS"),
        (b"PK\x03\x04rest", "ZIP archive"),
        (b"\x1f\x8brest", "gzip"),
        (b"tjggrest", "old GGML file"),
        (b"anything else", "not a GGUF file"),
    ],
)
def test_what_stands_in_place_of_a_model_is_named(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=what):
        gguf_file_bytes(path)
    with pytest.raises(ModelFileError, match=what):
        check_file(path)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and loops of links are made with POSIX calls")
def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    pipe, loop, broken = tmp_path / "pipe.gguf", tmp_path / "loop.gguf", tmp_path / "broken.gguf"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    broken.symlink_to(tmp_path / "nowhere")
    for path, what in (
        (pipe, "not a regular file"),
        (Path("/dev/zero"), "not a regular file"),
        (loop, "cannot be opened"),
        (broken, "broken link"),
        (tmp_path, "is a folder"),
        (tmp_path / "none.gguf", "There is no file"),
    ):
        with pytest.raises(ModelFileError, match=what):
            check_file(path)
