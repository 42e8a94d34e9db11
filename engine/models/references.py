"""What a user may write for MODEL: a file, a repo on the hub, or a name from the catalog."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TypeAlias

import msgspec

from ..hub.errors import ModelReferenceError
from ..safe_names import is_repo_id, is_safe_path

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")
_QUANT = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
STORE_PREFIXES = ("ollama", "lm-studio")
"""Before a colon: the model is one of that program's store."""
_FORMS = (
    "Write a path, owner/repo, owner/repo:Q4_K_M, owner/repo:file.gguf, or a catalog name such as qwen3-1.7b:Q4_K_M."
)


class PathRef(msgspec.Struct, frozen=True, tag=True):
    """A file or folder that exists."""

    path: Path


class RepoRef(msgspec.Struct, frozen=True, tag=True):
    """A repo; which of its files is not said."""

    repo: str


class RepoQuantRef(msgspec.Struct, frozen=True, tag=True):
    """The file of that quant in a repo."""

    repo: str
    quant: str
    """Upper case."""


class RepoFileRef(msgspec.Struct, frozen=True, tag=True):
    """One file of a repo, by its path there; for a split model any of its parts."""

    repo: str
    file: str


class CatalogRef(msgspec.Struct, frozen=True, tag=True):
    """A name that the catalog may know."""

    name: str
    quant: str = ""
    """Upper case; empty when none was given."""


ModelRef: TypeAlias = PathRef | RepoRef | RepoQuantRef | RepoFileRef | CatalogRef


def parse_reference(text: str) -> ModelRef:
    """Read what the user wrote. An existing path wins over every other reading.

    Raises:
        ModelReferenceError: it is none of the forms.
    """
    text = text.strip()
    if not text or "\0" in text:
        raise ModelReferenceError("An empty model name.", hint=_FORMS)
    path = Path(os.path.expanduser(text))  # noqa: PTH111  # pathlib's raises for an unknown ~user
    if _exists(path):
        return PathRef(path)
    if "://" in text or text.startswith(("hf.co/", "huggingface.co/")):
        tail = re.sub(r"^[a-z]+://", "", text).split("/", 1)[-1]
        pieces = [piece for piece in tail.split("?")[0].split("/") if piece]
        example = f"Write {pieces[0]}/{pieces[1]}." if len(pieces) >= 2 else _FORMS
        raise ModelReferenceError(f"{text} is an address, not a model name.", hint=example)
    head, colon, tail = text.partition(":")
    if _looks_like_path(text, head):
        raise ModelReferenceError(f"There is no file or folder {text}.", hint=_FORMS)
    if "/" in head:
        return _repo_reference(text, head, tail, has_tail=bool(colon))
    if not _NAME.match(head) or (colon and not _QUANT.match(tail)):
        raise ModelReferenceError(f"{text!r} names no model.", hint=_FORMS)
    return CatalogRef(head, tail.upper())


def reference_at_end(path: str) -> str:
    """The hub or catalog name that a plan's ``path`` ends with, empty for an ordinary path.

    Reading a plan puts the plan's folder before every relative path, names included. Only names with a colon count, so
    that a misspelt path is not looked for on the hub.
    """
    from ..catalog.entries import CatalogError
    from ..catalog.loading import load_catalog

    if _exists(Path(path)):
        return ""
    parts = Path(path).parts
    marked = next((n for n, part in enumerate(parts) if ":" in part.strip(":\\/")), None)
    if marked is None:
        return ""
    head = parts[marked].partition(":")[0]
    tail = "/".join(parts[marked:])
    if head in STORE_PREFIXES:
        return tail
    try:
        load_catalog().find(head)
    except CatalogError:
        tail = "/".join(parts[max(0, marked - 1) :])
    try:
        return "" if isinstance(parse_reference(tail), PathRef) else tail
    except ModelReferenceError:
        return ""


def _repo_reference(text: str, head: str, tail: str, *, has_tail: bool) -> ModelRef:
    pieces = head.split("/")
    if len(pieces) > 2 and head.lower().endswith(".gguf"):
        raise ModelReferenceError(
            f"There is no file {text} here.",
            hint=f"For a file on the hub write {'/'.join(pieces[:2])}:{'/'.join(pieces[2:])}.",
        )
    if not is_repo_id(head):
        raise ModelReferenceError(f"{head!r} is neither an existing path nor owner/repo on the hub.", hint=_FORMS)
    if not has_tail:
        return RepoRef(head)
    if tail.lower().endswith(".gguf"):
        if not is_safe_path(tail):
            raise ModelReferenceError(f"{tail!r} cannot be a file of a repo.", hint=_FORMS)
        return RepoFileRef(head, tail)
    if not _QUANT.match(tail):
        raise ModelReferenceError(f"{tail!r} after the colon is neither a quant nor a .gguf file.", hint=_FORMS)
    return RepoQuantRef(head, tail.upper())


def _looks_like_path(text: str, head: str) -> bool:
    if text.startswith((".", "/", "~", "\\")) or "\\" in text:
        return True
    if len(head) == 1 and len(text) > 1 and text[1] == ":":
        return True  # a Windows drive
    return "/" not in text and ":" not in text and text.lower().endswith(".gguf")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False  # too long for a path, or in a folder that may not be read
