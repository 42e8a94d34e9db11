"""Finding models below a folder: one rule for every command.

Links are followed, each folder and each file counts once. A file that cannot be used is named with its reason and left
out; only a file that the user names alone is an error.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from ..errors import ModelFileError, WeighinError
from .files import first_part, gguf_file_bytes
from .header import GgufHeader, check_file
from .naming import is_gguf, is_unfinished, split_of


class Found(msgspec.Struct, frozen=True):
    """The models at a path."""

    models: tuple[Path, ...]
    """Split models by their first part."""
    skipped: tuple[str, ...] = ()
    """A sentence for each file or folder that was left out."""


class Listed(msgspec.Struct, frozen=True):
    """One file, or all parts of a split model, found by name."""

    parts: tuple[Path, ...]
    """Those that exist, in order."""
    size_bytes: int
    """Total size of the parts that exist."""
    problem: str | None
    """Why it cannot be used, as far as names and first bytes tell; None when no problem is visible."""

    @property
    def path(self) -> Path:
        return self.parts[0]


def find_models(path: Path, *, read: Callable[[Path], GgufHeader] = check_file) -> Found:
    """The models at ``path``: the file itself, unread, or every model below a folder that ``read`` accepts.

    Raises:
        ModelFileError: there is nothing at ``path``, or the folder itself cannot be read.
    """
    if not path.is_dir():
        if path.is_symlink() or path.exists():
            return Found((first_part(path),))
        raise ModelFileError(f"There is no file or folder {path}.", hint="Check the path.")
    skipped: list[str] = []

    def failed(error: OSError) -> None:
        sentence = unreadable_folder(error)
        if Path(str(error.filename)) == path:
            raise ModelFileError(sentence, hint="Check its permissions.")
        skipped.append(sentence)

    models = []
    for listed in list_models(path, failed=failed):
        problem = listed.problem
        if problem is None:
            try:
                read(listed.path)
            except WeighinError as error:
                problem = error.what
        if problem is None:
            models.append(listed.path)
        else:
            skipped.append(problem)
    return Found(tuple(models), tuple(skipped))


def unreadable_folder(error: OSError) -> str:
    """A sentence about a folder that could not be listed."""
    return f"The folder {error.filename} cannot be read: {error.strerror}."


def list_models(folder: Path, *, failed: Callable[[OSError], None]) -> list[Listed]:
    """Everything below ``folder`` whose name is that of a GGUF file, finished or not, sorted by path.

    Reads first bytes only. ``failed`` is called for each folder that cannot be read.
    """
    found: dict[str, Listed] = {}
    for parent, names in _walk(folder, failed):
        splits: dict[tuple[str, int], dict[int, Path]] = {}
        for name in sorted(names):
            split = split_of(name)
            if split is not None and not name.startswith("._"):
                splits.setdefault((split[0], split[2]), {})[split[1]] = Path(parent, name)
            elif is_gguf(name) or is_unfinished(name):
                path = Path(parent, name)
                found.setdefault(os.path.realpath(path), _listed((path,), 1))
        for (_stem, count), parts in splits.items():
            ordered = tuple(parts[number] for number in sorted(parts))
            found.setdefault(os.path.realpath(ordered[0]), _listed(ordered, count))
    return sorted(found.values(), key=lambda listed: listed.path)


def _walk(folder: Path, failed: Callable[[OSError], None]) -> Iterator[tuple[str, list[str]]]:
    """Each folder with the names of its files. Linked folders come last, so that a file's own path is preferred."""
    seen: set[tuple[int, int]] = set()
    folders, linked = [str(folder)], list[str]()
    while folders or linked:
        current = folders.pop() if folders else linked.pop(0)
        try:
            status = os.stat(current)  # noqa: PTH116  # this loop runs over whole disks
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(current) as entries:
                names = []
                for entry in sorted(entries, key=lambda entry: entry.name, reverse=True):
                    if not _is_folder(entry):
                        names.append(entry.name)
                    elif entry.is_symlink():
                        linked.append(entry.path)
                    else:
                        folders.append(entry.path)
        except OSError as error:
            failed(error)
            continue
        yield current, names


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a loop of links
        return False


def _listed(parts: tuple[Path, ...], count: int) -> Listed:
    size_bytes, problem = 0, None
    if is_unfinished(parts[0].name):
        problem = f"{parts[0]} is an unfinished download."
    elif len(parts) != count:
        problem = f"{count - len(parts):,} of {count:,} parts of {parts[0]} are missing."
    for part in parts:
        try:
            size_bytes += gguf_file_bytes(part)
        except ModelFileError as error:
            problem = problem or error.what
    return Listed(parts, size_bytes, problem)
