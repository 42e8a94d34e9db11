"""The grammar of MODEL: the only place that decides what kind of thing a name is.

Every command, plan files and the wizard read model names with ``parse``. It looks at the text and at whether a path
exists, and at nothing else; ``resolve`` finds out what the name stands for.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import msgspec

from ..gguf.naming import DEFAULT_QUANT
from ..hub.errors import ModelReferenceError, NoSuchPathError
from ..safe_names import is_repo_id, is_safe_path

StoreName = Literal["ollama", "lm-studio"]

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")
_QUANT = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
_STORES: dict[str, StoreName] = {name: name for name in get_args(StoreName)}
_FORMS = (
    "Write a path, owner/repo, owner/repo:Q4_K_M, owner/repo:file.gguf, ollama:NAME, lm-studio:NAME, "
    "or a catalog name such as qwen3-1.7b:Q4_K_M."
)


class PathRef(msgspec.Struct, frozen=True, tag=True):
    """A file or folder that exists."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


class RepoRef(msgspec.Struct, frozen=True, tag=True):
    """A repo on the hub, without saying which of its files."""

    repo: str

    def __str__(self) -> str:
        return self.repo


class RepoQuantRef(msgspec.Struct, frozen=True, tag=True):
    """A repo's file in one quant."""

    repo: str
    quant: str
    """Upper case."""

    def __str__(self) -> str:
        return f"{self.repo}:{self.quant}"


class RepoFileRef(msgspec.Struct, frozen=True, tag=True):
    """One file of a repo. For a split model, any of its parts."""

    repo: str
    file: str
    """Path inside the repo."""

    def __str__(self) -> str:
        return f"{self.repo}:{self.file}"


class CatalogRef(msgspec.Struct, frozen=True, tag=True):
    """A bare name: a catalog model, or a model in another program's store."""

    name: str
    quant: str = ""
    """Upper case; empty when the name has none."""

    def __str__(self) -> str:
        return f"{self.name}:{self.quant}" if self.quant else self.name


class StoreRef(msgspec.Struct, frozen=True, tag=True):
    """A model in the store of another program on this machine."""

    store: StoreName
    name: str

    def __str__(self) -> str:
        return f"{self.store}:{self.name}"


HubRef: TypeAlias = RepoRef | RepoQuantRef | RepoFileRef
ModelRef: TypeAlias = PathRef | HubRef | CatalogRef | StoreRef


def parse(text: str) -> ModelRef:
    """Parse a model name. An existing path wins over every other reading.

    Raises:
        NoSuchPathError: the text is a path, and nothing exists there.
        ModelReferenceError: the text has none of the forms.
    """
    text = text.strip()
    if not text or "\0" in text:
        raise ModelReferenceError("The model name is empty.", hint=_FORMS)
    path = Path(os.path.expanduser(text))  # noqa: PTH111  # pathlib's raises for an unknown ~user
    if _exists(path):
        return PathRef(path)
    head, colon, tail = text.partition(":")
    store = _STORES.get(head.lower())
    if store is not None and colon:
        return StoreRef(store, tail)
    if "://" in text or text.startswith(("hf.co/", "huggingface.co/")):
        raise _address_error(text)
    if _looks_like_path(text, head):
        raise NoSuchPathError(f"There is no file or folder {text}.", hint=_FORMS)
    if "/" in head:
        return _repo_reference(text, head, tail, has_tail=bool(colon))
    if not _NAME.match(head) or (colon and not _QUANT.match(tail)):
        raise ModelReferenceError(f"{text!r} is not a model name.", hint=_FORMS)
    return CatalogRef(head, tail.upper())


def is_store_name(text: str) -> bool:
    """Whether ``text`` is the name of a model in another program's store, such as ``ollama:tiny``."""
    return text.partition(":")[0].lower() in _STORES and ":" in text and not is_path(text)


def is_path(text: str) -> bool:
    """Whether ``parse`` reads the text as a path, even if nothing exists there."""
    try:
        return isinstance(parse(text), PathRef)
    except NoSuchPathError:
        return True
    except ModelReferenceError:
        return False


def plan_reference(path: str) -> ModelRef | None:
    """The model name in a plan candidate's ``path``; None when it is an ordinary path.

    Only names with a colon count, so that weighin does not search the hub for a misspelled path.
    """
    if ":" not in path or is_path(path):
        return None
    try:
        return parse(path)
    except ModelReferenceError:
        return None


def _address_error(text: str) -> ModelReferenceError:
    tail = re.sub(r"^[a-z]+://", "", text).split("/", 1)[-1]
    pieces = [piece for piece in tail.split("?")[0].split("/") if piece]
    example = f"Write {pieces[0]}/{pieces[1]}." if len(pieces) >= 2 else _FORMS
    return ModelReferenceError(f"{text} is an address, not a model name.", hint=example)


def _repo_reference(text: str, head: str, tail: str, *, has_tail: bool) -> HubRef:
    if not has_tail and head.lower().endswith(".gguf"):
        owner, repo, *inside = head.split("/")
        file = "/".join(inside)
        hint = f"For a model on the hub, write {owner}/{repo}:{file or DEFAULT_QUANT}."
        raise NoSuchPathError(f"There is no file or folder {text}.", hint=hint)
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
        return os.path.lexists(path)  # a broken link is a path, and is told as such
    except (OSError, ValueError):
        return False  # too long for a path, or in a folder that may not be read
