"""Models in Ollama's stores, by the names that ``ollama list`` prints.

A manifest ``manifests/HOST/NAMESPACE/MODEL/TAG`` lists layers, and each layer is a file in ``blobs``. The weights are a
plain GGUF file; template, system prompt, parameters and adapters are layers of their own
(https://github.com/ollama/ollama: types/model/name.go, manifest, server/images.go).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from ..errors import ModelFileError
from ..gguf.files import gguf_file_bytes
from ..gguf.naming import quant_of
from .local_model import LocalModel, read_small_json

_HOST, _NAMESPACE, _TAG = "registry.ollama.ai", "library", "latest"
_LAYER = "application/vnd.ollama.image."
_PART = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.:%-]*$")
_DIGEST = re.compile(r"^sha256[:-](?P<hex>[0-9a-f]{64})$")
_LEFT_BY_FILE_MANAGERS = frozenset({"thumbs.db", "desktop.ini"})
_SHARED_STORES = (
    "/usr/share/ollama/.ollama/models",  # the service that Ollama's installer sets up on Linux
    "/var/lib/ollama/.ollama/models",
    "/var/lib/ollama",  # Arch Linux
    "/var/snap/ollama/common/models",
)
_UNUSED = {"system": "system prompt", "messages": "messages", "template": "template", "prompt": "template"}


class OllamaName(msgspec.Struct, frozen=True):
    """The four parts of a name. Ollama compares them without regard to case."""

    host: str
    namespace: str
    model: str
    tag: str

    def __str__(self) -> str:
        """As ``ollama list`` prints it: without Ollama's own host and library, always with the tag."""
        name = f"{self.model}:{self.tag}"
        if self.host.lower() != _HOST:
            return f"{self.host}/{self.namespace}/{name}"
        return name if self.namespace.lower() == _NAMESPACE else f"{self.namespace}/{name}"


def parse_name(text: str) -> OllamaName | None:
    """The name with what it leaves out filled in, in lower case; None when it cannot be a name."""
    text = text.lower().removeprefix("https://").removeprefix("http://")
    name, colon, tag = text.rpartition(":")
    if not colon or "/" in tag:
        name, tag = text, _TAG
    parts = name.split("/")
    if not 1 <= len(parts) <= 3 or not all(map(_PART.match, (*parts, tag))):
        return None
    host, namespace, model = [*(_HOST, _NAMESPACE)[: 3 - len(parts)], *parts]
    return OllamaName(host, namespace, model, tag)


def find_ollama(*, env: Mapping[str, str]) -> tuple[LocalModel, ...]:
    """Every model in Ollama's stores, those that cannot be used included."""
    return tuple(model for store in _stores(env) for model in _models_of(store))


def named_in_ollama(models: tuple[LocalModel, ...], name: str) -> list[LocalModel]:
    """Those of Ollama's ``models`` that ``name`` stands for, as Ollama reads names."""
    wanted = parse_name(name)
    return [model for model in models if model.source == "ollama" and wanted and parse_name(model.key) == wanted]


def ollama_model_at(path: Path) -> LocalModel | None:
    """The usable model of a store whose weights are the blob at ``path``; None for any other file."""
    if path.parent.name != "blobs" or not _DIGEST.match(path.name):
        return None
    usable = (m for m in _models_of(path.parent.parent) if m.path.name == path.name and m.problem is None)
    return min(usable, key=lambda model: len(model.unused), default=None)


def _stores(env: Mapping[str, str]) -> list[Path]:
    chosen = env.get("OLLAMA_MODELS", "").strip("\"' ")
    if chosen:
        return [Path(chosen).expanduser()]
    home = Path(env.get("HOME") or env.get("USERPROFILE") or Path.home())
    return [home / ".ollama/models", *map(Path, _SHARED_STORES)]


def _models_of(store: Path) -> Iterator[LocalModel]:
    root = store / "manifests"
    for path in _manifests(root):
        name = OllamaName(*path.relative_to(root).parts)
        yield _model(store, path, name)


def _manifests(root: Path) -> Iterator[Path]:
    """The files that can be manifests by their place and name; what file managers leave behind is passed over."""
    for parent, children, names in os.walk(root):
        children[:] = sorted(child for child in children if _PART.match(child))
        depth = len(Path(parent).relative_to(root).parts)
        if depth >= 3:
            children.clear()
        if depth == 3:
            for name in sorted(names):
                if _PART.match(name) and name.lower() not in _LEFT_BY_FILE_MANAGERS:
                    yield Path(parent, name)


def _model(store: Path, manifest: Path, name: OllamaName) -> LocalModel:
    found = LocalModel(path=manifest, name=str(name), key=str(name), quant="", size_bytes=0, source="ollama")
    content = read_small_json(manifest)
    rows = content.get("layers") if content is not None else None
    config = _config(store, content or {})
    if config.get("remote_host") or config.get("remote_model"):
        return _unusable(found, "It runs in Ollama's cloud and has no file here.")
    if not isinstance(rows, list):
        return _unusable(found, f"Ollama's manifest {manifest} cannot be read.")
    layers = [row for row in rows if isinstance(row, dict) and str(row.get("mediaType")).startswith(_LAYER)]
    kinds = [str(row["mediaType"]).removeprefix(_LAYER).partition(";")[0] for row in layers]
    weights = [row for row, kind in zip(layers, kinds, strict=True) if kind == "model"]
    if not weights:
        if config.get("model_format") == "safetensors" or "tensor" in kinds:
            return _unusable(found, "Ollama keeps it as safetensors; weighin reads GGUF files.")
        return _unusable(found, "Ollama has no GGUF file of it here.")
    blob = _blob(store, weights[0].get("digest"))
    if blob is None:
        return _unusable(found, f"Ollama's manifest {manifest} names no blob.")
    quant = config.get("file_type")
    found = msgspec.structs.replace(found, path=blob, quant=quant_of(quant) if isinstance(quant, str) else "")
    try:
        found = msgspec.structs.replace(found, size_bytes=gguf_file_bytes(blob))
    except ModelFileError as error:
        return _unusable(found, error.what)
    if "adapter" in kinds:
        # Its weights alone are another model.
        return _unusable(found, "Ollama adds an adapter, which weighin does not load. Merge the adapter first.")
    if len(weights) > 1:
        return _unusable(found, f"Ollama keeps it in {len(weights)} files, which cannot be opened together.")
    return msgspec.structs.replace(found, unused=_unused(store, layers, kinds))


def _unusable(model: LocalModel, problem: str) -> LocalModel:
    return msgspec.structs.replace(model, problem=problem)


def _unused(store: Path, layers: list[dict[str, Any]], kinds: list[str]) -> tuple[str, ...]:
    """What the store adds to the file: its template, its system prompt, its parameters by name."""
    found = dict.fromkeys(_UNUSED[kind] for kind in kinds if kind in _UNUSED)
    for row, kind in zip(layers, kinds, strict=True):
        blob = _blob(store, row.get("digest")) if kind == "params" else None
        names = sorted(map(str, read_small_json(blob) or ())) if blob is not None else []
        found |= dict.fromkeys(f"parameter {name}" for name in names if name != "num_ctx")  # the plan's own is used
    return tuple(found)


def _config(store: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    config = manifest.get("config")
    blob = _blob(store, config.get("digest")) if isinstance(config, dict) else None
    return (read_small_json(blob) if blob is not None else None) or {}


def _blob(store: Path, digest: object) -> Path | None:
    match = _DIGEST.match(digest) if isinstance(digest, str) else None
    if match is None:
        return None
    blob, old = (store / "blobs" / f"sha256{mark}{match['hex']}" for mark in "-:")
    return old if not os.path.lexists(blob) and os.path.lexists(old) else blob
