"""What is to be measured: a file that is here, a file on the hub, or a model of the catalog in a quant."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import msgspec

from ..catalog.models import CatalogModel
from ..gguf.files import file_sha256
from ..gguf.header import check_file, parse_header
from ..gguf.hollow import hollow_model
from ..gguf.synthesize import SYNTHESIS_VERSION, synthesize_header
from ..hub.client import Hub, connect
from ..hub.download import download_model
from ..hub.headers import remote_header
from ..hub.resolve import find_on_hub, locate
from .shape import catalog_dimensions


class FileSource(msgspec.Struct, frozen=True):
    """A GGUF file on this machine."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name.removesuffix(".gguf")

    def identity(self) -> str:
        """Changes when the file does."""
        return file_sha256(self.path)

    def size_bytes(self) -> int:
        """Of the file; of all parts of a split one.

        Raises:
            ModelFileError: it cannot be used.
        """
        return check_file(self.path).size_bytes

    @contextmanager
    def open(self, _folder: Path) -> Iterator[tuple[Path, str]]:
        """The file to load, and how its figures are labelled."""
        check_file(self.path)
        yield self.path, "measured (real file)"


class CatalogSource(msgspec.Struct, frozen=True):
    """A model of the catalog, not downloaded."""

    model: CatalogModel
    quant: str

    @property
    def name(self) -> str:
        return f"{self.model.id}:{self.quant}"

    def header(self) -> bytes:
        """The GGUF header that the model's file would have, but for its tokenizer.

        Raises:
            ModelFileError: the catalog does not know enough, or what it knows does not add up.
        """
        return synthesize_header(catalog_dimensions(self.model), self.quant)

    def identity(self) -> str:
        """Changes when the catalog's dimensions do, or the way a header is made from them.

        Raises:
            ModelFileError: the catalog does not know enough.
        """
        dimensions = msgspec.json.encode(catalog_dimensions(self.model))
        return hashlib.sha256(dimensions + f" {self.quant} {SYNTHESIS_VERSION}".encode()).hexdigest()

    def size_bytes(self) -> int:
        """That the file would have.

        Raises:
            ModelFileError: the catalog does not know enough.
        """
        return parse_header(self.header()).size_bytes

    @contextmanager
    def open(self, folder: Path) -> Iterator[tuple[Path, str]]:
        """A hollow file, deleted afterwards, and how its figures are labelled."""
        with hollow_model(self.header(), folder / f"{self.model.id}.{self.quant}.gguf") as hollow:
            yield hollow.path, "measured (hollow)"


class HubSource(msgspec.Struct, frozen=True):
    """A file on the hub, not downloaded: only its header is."""

    name: str
    """As the user wrote it."""
    file_bytes: int
    header: bytes

    def identity(self) -> str:
        """Changes when the header does: hollow files know nothing else of it."""
        return hashlib.sha256(self.header).hexdigest()

    def size_bytes(self) -> int:
        """That the hub names for the file."""
        return self.file_bytes

    @contextmanager
    def open(self, folder: Path) -> Iterator[tuple[Path, str]]:
        """A hollow file, deleted afterwards, and how its figures are labelled."""
        with hollow_model(self.header, folder / f"{self.identity()[:16]}.gguf") as hollow:
            yield hollow.path, "measured (hollow)"


Source: TypeAlias = FileSource | CatalogSource | HubSource


def named_source(text: str, hub: Hub | None = None) -> FileSource | HubSource:
    """The source that a hub or store name means: the file where it is here, else its header from the hub.

    Raises:
        HubError, ModelFileError: the name means nothing, or its header cannot be had.
    """
    meaning = locate(text)
    if isinstance(meaning, Path):
        return FileSource(meaning)
    hub = hub or connect()
    choice = find_on_hub(hub, meaning)
    if choice.cached:
        return FileSource(download_model(hub, choice.repo, choice.model))  # finds it there, and checks its hash
    return HubSource(text, choice.model.size_bytes, remote_header(hub, choice.repo, choice.model))
