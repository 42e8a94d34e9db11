"""What can be measured: a file on this machine, a file on the hub, or a catalog model in a quant."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import msgspec

from ..catalog.entries import CatalogModel
from ..errors import ModelFileError
from ..gguf.files import split_parts
from ..gguf.header import check_file, check_writes_text, parse_header, read_one_file
from ..gguf.hollow import hollow_model
from ..gguf.naming import without_extension
from ..gguf.recipe import BASE_TYPES, BLOCKS
from ..gguf.rewrite import merged_header
from ..gguf.synthesize import SYNTHESIS_VERSION, synthesize_header
from ..hub.client import Hub, connect
from ..hub.download import download_model
from ..hub.remote import remote_header
from ..models.references import parse
from ..models.resolve import LocalPath, find_on_hub, resolve
from .norms import remote_norms
from .results import Label
from .shape import catalog_dimensions


class Source(Protocol):
    """A model to measure."""

    @property
    def name(self) -> str:
        """What its row is called."""

    def header(self) -> bytes:
        """Its GGUF header; for a split model, one header for all parts.

        Raises:
            ModelFileError: the model cannot be used, or the catalog does not state its shape.
        """

    def identity(self) -> str:
        """A hash of everything that its speed and memory depend on.

        Raises:
            ModelFileError: as ``header``.
        """

    def size_bytes(self) -> int:
        """Size of its file, or of all parts of a split model.

        Raises:
            ModelFileError: as ``header``.
        """

    def sort_bytes(self) -> int:
        """Its approximate size, for the order of measuring; 0 when there is nothing to measure."""

    def open(self, folder: Path, /) -> AbstractContextManager[tuple[Path, Label]]:
        """The file to load, and the label of its figures. A hollow file is made in ``folder`` and deleted afterwards.

        Raises:
            ModelFileError: the file cannot be used, or there is no room for it.
        """


class FileSource(msgspec.Struct, frozen=True):
    """A GGUF file on this machine; the first part of a split model."""

    path: Path
    title: str = ""
    """What its row is called, when its file's name says nothing, as in Ollama's store."""

    @property
    def name(self) -> str:
        return self.title or without_extension(self.path.name)

    def header(self) -> bytes:
        checked = check_file(self.path)
        parts = split_parts(self.path, checked.split_count) if checked.split_count > 1 else [self.path]
        return merged_header([_beginning(part) for part in parts])

    def identity(self) -> str:
        return hashlib.sha256(self.header() + f" real {self.size_bytes()}".encode()).hexdigest()

    def size_bytes(self) -> int:
        return check_file(self.path).size_bytes

    def sort_bytes(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    @contextmanager
    def open(self, _folder: Path) -> Iterator[tuple[Path, Label]]:
        check_file(self.path)
        yield self.path, "measured (real file)"


class CatalogSource(msgspec.Struct, frozen=True):
    """A catalog model that is not downloaded. Its header is made from its dimensions and has no tokenizer."""

    model: CatalogModel
    quant: str

    @property
    def name(self) -> str:
        return f"{self.model.id}:{self.quant}"

    def header(self) -> bytes:
        return synthesize_header(catalog_dimensions(self.model), self.quant)

    def identity(self) -> str:
        """The same for models of one shape."""
        shape = catalog_dimensions(self.model)
        if shape.rope != "yarn":  # the trained context matters only there
            shape = msgspec.structs.replace(shape, n_ctx_train=0)
        dimensions = msgspec.json.encode(shape)
        return hashlib.sha256(dimensions + f" {self.quant} {SYNTHESIS_VERSION}".encode()).hexdigest()

    def size_bytes(self) -> int:
        return parse_header(self.header()).size_bytes

    def sort_bytes(self) -> int:
        weights, block_bytes = BLOCKS[BASE_TYPES.get(self.quant, "F16")]
        return self.model.parameters.total * block_bytes // weights

    @contextmanager
    def open(self, folder: Path) -> Iterator[tuple[Path, Label]]:
        with hollow_model(self.header(), folder / f"{self.model.id}.{self.quant}.gguf") as hollow:
            yield hollow.path, "measured (hollow)"


class HubSource(msgspec.Struct, frozen=True):
    """A model on the hub of which only the header is downloaded."""

    name: str
    """As the user wrote it."""
    file_bytes: int
    header_bytes: bytes
    norms: tuple[tuple[str, bytes], ...] = ()
    """Real values of norms, by tensor name without the layer; missing norms are 1.0."""

    def header(self) -> bytes:
        return self.header_bytes

    def identity(self) -> str:
        return hashlib.sha256(self.header_bytes).hexdigest()

    def size_bytes(self) -> int:
        return self.file_bytes

    def sort_bytes(self) -> int:
        return self.file_bytes

    @contextmanager
    def open(self, folder: Path) -> Iterator[tuple[Path, Label]]:
        with hollow_model(self.header_bytes, folder / f"{self.identity()[:16]}.gguf", norms=dict(self.norms)) as hollow:
            yield hollow.path, "measured (hollow)"


class MissingSource(msgspec.Struct, frozen=True):
    """A name that leads nowhere. In a list of models it becomes a row that says why."""

    name: str
    what: str
    hint: str = ""

    def header(self) -> bytes:
        raise self._error()

    def identity(self) -> str:
        raise self._error()

    def size_bytes(self) -> int:
        raise self._error()

    def sort_bytes(self) -> int:
        return 0

    def open(self, _folder: Path) -> AbstractContextManager[tuple[Path, Label]]:
        raise self._error()

    def _error(self) -> ModelFileError:
        return ModelFileError(self.what, hint=self.hint)


def named_source(text: str, hub: Hub | None = None) -> FileSource | HubSource:
    """The source for a hub or store name: the file if it is on this machine, otherwise its header from the hub.

    Raises:
        HubError, ModelFileError: the name leads nowhere, or its header cannot be downloaded.
    """
    resolved = resolve(parse(text))
    if isinstance(resolved, LocalPath):
        return FileSource(resolved.path, resolved.title)
    hub = hub or connect()
    choice = find_on_hub(hub, resolved.ref)
    if choice.cached:
        return FileSource(download_model(hub, choice.repo, choice.model))  # finds it there, and checks its hash
    model = choice.model
    parts = [msgspec.structs.replace(model, name=part.name, parts=(part,)) for part in model.parts]
    headers = [remote_header(hub, choice.repo, part) for part in parts]
    merged = merged_header(headers)
    check_writes_text(parse_header(merged), f"{choice.repo.repo}:{model.name}")
    first = remote_norms(hub, choice.repo, model.parts[0], headers[0])
    return HubSource(text, model.size_bytes, merged, tuple(first.items()))


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(read_one_file(path).data_offset)
