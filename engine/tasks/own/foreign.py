"""Recognizes files that are no data although they have the name of some: archives, web pages, pointers."""

from __future__ import annotations

from pathlib import Path

from ...errors import DatasetError

_UNPACK = "Unpack it first."
_EXPORT = "Export its rows as CSV, JSON or Parquet."
_BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "is packed with gzip", _UNPACK),
    (b"BZh", "is packed with bzip2", _UNPACK),
    (b"\xfd7zXZ\0", "is packed with xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "is packed with zstd", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive", _UNPACK),
    (b"%PDF-", "is a PDF document", _EXPORT),
    (b"SQLite format 3\0", "is an SQLite database", _EXPORT),
    (b"ARROW1", "is an Arrow file", "Save it as Parquet."),
    (
        b"version https://git-lfs.github.com/",
        "is a Git LFS pointer, not the file itself",
        "Get it with `git lfs pull`.",
    ),
)
_PAGES = (b"<!doctype html", b"<html")


def check_is_data(path: Path, content: bytes) -> None:
    """Raise DatasetError for a file of another kind, with its kind."""
    for beginning, what, hint in _BEGINNINGS:
        if content.startswith(beginning):
            raise DatasetError(f"{path} {what}.", hint=hint)
    if content[:1000].removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_PAGES):
        raise DatasetError(f"{path} is a web page; perhaps a sign-in page was saved.", hint="Download it again.")
    if content.startswith(b"PK\x03\x04") and not any(
        part in content for part in (b"xl/", b"[Content_Types]", b"mimetype")
    ):
        raise DatasetError(f"{path} is a ZIP archive.", hint=_UNPACK)
