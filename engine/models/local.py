"""Models that are on this machine: in folders, in Ollama's and LM Studio's stores, and in the hub's cache.

Finding them reads names, sizes and first bytes. ``inspected`` reads a header too, which tells whether a file is a model
that llama.cpp can write text with.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from ..errors import WeighinError
from ..gguf.header import check_file
from ..gguf.naming import is_model_file, model_name, quant_of
from ..gguf.scan import list_models, unreadable_folder
from ..hub.errors import LocalStoreError
from .lm_studio import lm_studio_folders, lm_studio_key
from .local_model import LocalModel, Source
from .ollama import find_ollama, ollama_model_at


def find_local_models(folders: Iterable[Path] = (), *, env: Mapping[str, str] | None = None) -> tuple[LocalModel, ...]:
    """Every model on this machine: in ``folders``, then in the stores that exist.

    Each file is listed once, and an Ollama model under each of its names.

    Raises:
        LocalStoreError: one of ``folders`` cannot be read. An error in a store becomes the ``problem`` of an entry.
    """
    env = os.environ if env is None else env
    found = [model for folder in folders for model in find_in_folder(folder)]
    found += (*find_ollama(env=env), *find_lm_studio(env=env), *_in_store(hub_cache_dir(env), "hub-cache"))
    once: dict[tuple[str, str], LocalModel] = {}
    sources: dict[str, Source] = {}
    for model in found:
        real = os.path.realpath(model.path)
        if sources.setdefault(real, model.source) == model.source:
            once.setdefault((real, model.key if model.source == "ollama" else ""), model)
    return tuple(once.values())


def find_in_folder(folder: Path, *, source: Source = "folder") -> tuple[LocalModel, ...]:
    """Every GGUF file below ``folder``, sorted by path, with the problem of those that cannot be used.

    A split model is listed once.

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

    def failed(error: OSError) -> None:
        path = Path(str(error.filename))
        unreadable.append(_unreadable(path, source, unreadable_folder(error)))

    found = tuple(
        LocalModel(
            path=listed.path,
            name=model_name(listed.path.name),
            quant=quant_of(listed.path.name),
            size_bytes=listed.size_bytes,
            source=source,
            problem=listed.problem,
        )
        for listed in list_models(folder, failed=failed)
    )
    return found + tuple(unreadable)


def find_lm_studio(*, env: Mapping[str, str]) -> tuple[LocalModel, ...]:
    """Every model in LM Studio's folders."""
    return tuple(
        msgspec.structs.replace(model, key=model.path.relative_to(folder).as_posix())
        for folder in lm_studio_folders(env)
        for model in _in_store(folder, "lm-studio")
    )


def inspected(model: LocalModel) -> LocalModel:
    """The same model after a look at its header: with its quant if the name has none, or with its problem."""
    if model.problem is not None:
        return model
    try:
        header = check_file(model.path)
    except WeighinError as error:
        return msgspec.structs.replace(model, problem=error.what)
    return msgspec.structs.replace(model, quant=model.quant or header.quant)


def stored_at(path: Path, *, env: Mapping[str, str] | None = None) -> LocalModel | None:
    """The model of another program's store whose file is at ``path``; None for a file outside of stores."""
    in_ollama = ollama_model_at(path)
    if in_ollama is not None:
        return in_ollama
    key = lm_studio_key(path, os.environ if env is None else env)
    if not key:
        return None
    return LocalModel(
        path=path, name=model_name(path.name), quant=quant_of(path.name), size_bytes=0, source="lm-studio", key=key
    )


def hub_cache_dir(env: Mapping[str, str]) -> Path:
    """The folder with the ``models--owner--name`` folders."""
    # Same rules as huggingface_hub.constants, whose import takes a third of a second.
    if env.get("HF_HUB_CACHE"):
        return Path(env["HF_HUB_CACHE"]).expanduser()
    if env.get("HF_HOME"):
        return Path(env["HF_HOME"]).expanduser() / "hub"
    cache = env.get("XDG_CACHE_HOME")
    home = Path(env.get("HOME") or env.get("USERPROFILE") or Path.home())
    return (Path(cache).expanduser() if cache else home / ".cache") / "huggingface/hub"


def _in_store(folder: Path, source: Source) -> tuple[LocalModel, ...]:
    """The models of a store. Projectors and the like belong beside a store's models, so they are not worth a word."""
    if not folder.is_dir():
        return ()
    try:
        return tuple(
            model
            for model in find_in_folder(folder, source=source)
            if is_model_file(model.path.name) or (model.problem and not model.path.name.lower().endswith(".gguf"))
        )
    except LocalStoreError as error:
        return (_unreadable(folder, source, error.what),)


def _unreadable(path: Path, source: Source, problem: str) -> LocalModel:
    return LocalModel(path=path, name=path.name, quant="", size_bytes=0, source=source, problem=problem)
