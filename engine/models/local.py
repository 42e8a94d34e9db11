"""Models that are on this machine: in folders, in Ollama's and LM Studio's stores, and in the hub's cache.

This reads only names, sizes and the first four bytes. Whether llama.cpp can run a file depends on its header.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from ..gguf.naming import is_model_file, model_name, quant_of, split_of
from ..hub.errors import LocalStoreError

Source = Literal["folder", "ollama", "lm-studio", "hub-cache"]
_OLLAMA_MODEL_LAYER = "application/vnd.ollama.image.model"
_DIGEST = re.compile(r"^sha256[:-](?P<hex>[0-9a-f]{64})$")
_BLOB = re.compile(r"^sha256-[0-9a-f]{64}$")
_MAX_JSON_BYTES = 4 * 2**20


class LocalModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model found on this machine."""

    path: Path
    """The file to open. For a split model, its first part."""
    name: str
    quant: str
    """From the name or the store's metadata; empty when neither has it."""
    size_bytes: int
    """Total size of the parts that exist."""
    source: Source
    problem: str | None = None
    """Why it cannot be used, in a sentence; None when no problem is visible."""


def find_local_models(folders: Iterable[Path] = (), *, env: Mapping[str, str] | None = None) -> tuple[LocalModel, ...]:
    """Every model on this machine: in ``folders``, then in the stores that exist. Each file is listed once.

    Raises:
        LocalStoreError: one of ``folders`` cannot be read. An error in a store becomes the ``problem`` of an entry.
    """
    env = os.environ if env is None else env
    found: list[LocalModel] = []
    for folder in folders:
        found += find_in_folder(folder)
    found += find_ollama(env=env)
    # LM Studio's second folder is that of old versions. Each commit's snapshot in the hub's cache is a separate folder.
    found += _in_stores([_home(env) / ".lmstudio/models", _home(env) / ".cache/lm-studio/models"], "lm-studio")
    found += _in_stores([hub_cache_dir(env)], "hub-cache")
    once: dict[Path, LocalModel] = {}
    for model in found:
        once.setdefault(model.path.resolve(), model)
    return tuple(once.values())


def find_in_folder(folder: Path, *, source: Source = "folder") -> tuple[LocalModel, ...]:
    """Every GGUF model below ``folder``, sorted by path. A split model is listed once.

    Raises:
        LocalStoreError: ``folder`` does not exist, is not a folder, or cannot be read.
    """
    try:
        with os.scandir(folder):
            pass
    except FileNotFoundError:
        raise LocalStoreError(f"There is no folder {folder}.", hint="Check the path.") from None
    except NotADirectoryError:
        raise LocalStoreError(f"{folder} is not a folder.", hint="Name the folder that contains the file.") from None
    except OSError as error:
        raise LocalStoreError(f"{folder} cannot be read: {error.strerror}.", hint="Check its permissions.") from None
    unreadable: list[LocalModel] = []

    def note(error: OSError) -> None:
        path = Path(str(error.filename))
        problem = f"The folder {path} cannot be read: {error.strerror}."
        unreadable.append(LocalModel(path=path, name=path.name, quant="", size_bytes=0, source=source, problem=problem))

    found: list[LocalModel] = []
    for parent, children, names in os.walk(folder, onerror=note):
        children.sort()
        splits: dict[tuple[str, int], dict[int, Path]] = {}
        for name in sorted(names):
            if not is_model_file(name):
                continue
            split = split_of(name)
            if split is None:
                found.append(_model([Path(parent, name)], 1, source))
            else:
                splits.setdefault((split[0], split[2]), {})[split[1]] = Path(parent, name)
        for (_stem, count), parts in splits.items():
            found.append(_model([parts[number] for number in sorted(parts)], count, source))
    return tuple(sorted(found, key=lambda model: model.path)) + tuple(unreadable)


def _model(parts: list[Path], count: int, source: Source) -> LocalModel:
    problem = None if len(parts) == count else f"{count - len(parts)} of {count} parts are missing."
    size = 0
    for path in parts:
        size_of_part, trouble = _look(path)
        size += size_of_part
        problem = problem or trouble
    return LocalModel(
        path=parts[0],
        name=model_name(parts[0].name),
        quant=quant_of(parts[0].name),
        size_bytes=size,
        source=source,
        problem=problem,
    )


def _look(path: Path) -> tuple[int, str | None]:
    """The file's size, and the problem that is visible at first sight."""
    try:
        if not path.is_file():
            return 0, f"{path} is a broken link." if path.is_symlink() else f"{path} is not a file."
        size = path.stat().st_size
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        return 0, f"{path} cannot be read: {error.strerror}."
    if size == 0:
        return 0, f"{path} is empty."
    return size, None if magic == b"GGUF" else f"{path} is not a GGUF file."


def find_ollama(*, env: Mapping[str, str] | None = None) -> tuple[LocalModel, ...]:
    """Models in Ollama's store. Its manifests name blobs, which are plain GGUF files without the extension."""
    env = os.environ if env is None else env
    chosen = env.get("OLLAMA_MODELS")
    stores = [Path(chosen).expanduser()] if chosen else [_home(env) / ".ollama/models"]
    if not chosen and os.name == "posix":
        stores.append(Path("/usr/share/ollama/.ollama/models"))  # Ollama as a service on Linux
    return tuple(model for store in stores for model in _ollama_store(store))


def _ollama_store(store: Path) -> Iterator[LocalModel]:
    root = store / "manifests"
    for path in _files_below(root):
        pieces = path.relative_to(root).parts
        if len(pieces) < 3:
            continue
        tail = pieces[1:] if pieces[1] != "library" else pieces[2:]
        name = f"{'/'.join(tail[:-1])}:{tail[-1]}"
        manifest = _json(path)
        layers = manifest.get("layers") if manifest else None
        if not isinstance(layers, list):
            yield _broken(path, name, f"Ollama's manifest {path} cannot be read.")
            continue
        wanted = [row for row in layers if isinstance(row, dict) and row.get("mediaType") == _OLLAMA_MODEL_LAYER]
        if not wanted:
            continue  # a model that runs elsewhere, or only an adapter
        blob = _blob(store, wanted[0].get("digest"))
        if blob is None:
            yield _broken(path, name, f"Ollama's manifest {path} names no blob.")
            continue
        size, problem = _look(blob)
        quant = ""
        config = manifest.get("config") if manifest else None
        config_blob = _blob(store, config.get("digest")) if isinstance(config, dict) else None
        details = _json(config_blob) if config_blob else None
        if details and isinstance(details.get("file_type"), str):
            quant = quant_of(details["file_type"])
        if len(wanted) > 1:
            problem = problem or f"Ollama keeps it in {len(wanted)} files, which cannot be opened together."
        yield LocalModel(path=blob, name=name, quant=quant, size_bytes=size, source="ollama", problem=problem)


def store_name(path: Path) -> str:
    """Ollama's name for the blob at ``path``; empty for any other file."""
    if not _BLOB.match(path.name) or path.parent.name != "blobs":
        return ""
    return next((model.name for model in _ollama_store(path.parent.parent) if model.path.name == path.name), "")


def _blob(store: Path, digest: object) -> Path | None:
    match = _DIGEST.match(digest) if isinstance(digest, str) else None
    return store / "blobs" / f"sha256-{match['hex']}" if match else None


def _broken(path: Path, name: str, problem: str) -> LocalModel:
    return LocalModel(path=path, name=name, quant="", size_bytes=0, source="ollama", problem=problem)


def hub_cache_dir(env: Mapping[str, str]) -> Path:
    """The folder with the ``models--owner--name`` folders."""
    # Same rules as huggingface_hub.constants, whose import takes a third of a second.
    if env.get("HF_HUB_CACHE"):
        return Path(env["HF_HUB_CACHE"]).expanduser()
    if env.get("HF_HOME"):
        return Path(env["HF_HOME"]).expanduser() / "hub"
    cache = env.get("XDG_CACHE_HOME")
    return (Path(cache).expanduser() if cache else _home(env) / ".cache") / "huggingface/hub"


def _in_stores(stores: list[Path], source: Source) -> tuple[LocalModel, ...]:
    found: list[LocalModel] = []
    for store in stores:
        if not store.is_dir():
            continue
        try:
            found += find_in_folder(store, source=source)
        except LocalStoreError as error:
            found.append(
                LocalModel(path=store, name=store.name, quant="", size_bytes=0, source=source, problem=error.what)
            )
    return tuple(found)


def _home(env: Mapping[str, str]) -> Path:
    return Path(env.get("HOME") or env.get("USERPROFILE") or Path.home())


def _files_below(root: Path) -> Iterator[Path]:
    for parent, children, names in os.walk(root):
        children.sort()
        for name in sorted(names):
            yield Path(parent, name)


def _json(path: Path) -> dict[str, Any] | None:
    """Read a small JSON object; None when it is missing, too large or something else."""
    try:
        if path.stat().st_size > _MAX_JSON_BYTES:
            return None
        found = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
