"""What is to be measured: a file that is here, a file on the hub, or a model of the catalog in a quant."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import msgspec

from ..catalog.entries import CatalogModel
from ..errors import ModelFileError
from ..gguf.files import split_parts
from ..gguf.header import NeedMoreError, check_file, parse_header
from ..gguf.hollow import hollow_model
from ..gguf.recipe import BASE_TYPES, BLOCKS
from ..gguf.rewrite import merged_header
from ..gguf.synthesize import SYNTHESIS_VERSION, synthesize_header
from ..hub.client import Hub, connect
from ..hub.download import download_model
from ..hub.headers import remote_header
from ..models.resolve import find_on_hub, locate
from .norms import remote_norms
from .results import Label
from .shape import catalog_dimensions


class FileSource(msgspec.Struct, frozen=True):
    """A GGUF file on this machine; the first of a split model's."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name.removesuffix(".gguf")

    def header(self) -> bytes:
        """Of the file; of all parts of a split one, as if they were one.

        Raises:
            ModelFileError: it cannot be used.
        """
        checked = check_file(self.path)
        parts = split_parts(self.path, checked.split_count) if checked.split_count > 1 else [self.path]
        return merged_header([_beginning(part) for part in parts])

    def identity(self) -> str:
        """Changes when the header or the size does, which are what speed and memory depend on.

        Raises:
            ModelFileError: it cannot be used.
        """
        return hashlib.sha256(self.header() + f" real {self.size_bytes()}".encode()).hexdigest()

    def size_bytes(self) -> int:
        """Of the file; of all parts of a split one.

        Raises:
            ModelFileError: it cannot be used.
        """
        return check_file(self.path).size_bytes

    def sort_bytes(self) -> int:
        """About how large it is, for the order of measuring; 0 for what is not there."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    @contextmanager
    def open(self, _folder: Path) -> Iterator[tuple[Path, Label]]:
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
        """Changes when the catalog's dimensions do, or the way headers are made of them; models of one shape share it.

        Raises:
            ModelFileError: the catalog does not know enough.
        """
        shape = catalog_dimensions(self.model)
        if shape.rope != "yarn":  # only there anything follows from the trained context
            shape = msgspec.structs.replace(shape, n_ctx_train=0)
        dimensions = msgspec.json.encode(shape)
        return hashlib.sha256(dimensions + f" {self.quant} {SYNTHESIS_VERSION}".encode()).hexdigest()

    def size_bytes(self) -> int:
        """That the file would have.

        Raises:
            ModelFileError: the catalog does not know enough.
        """
        return parse_header(self.header()).size_bytes

    def sort_bytes(self) -> int:
        """About how large it would be, for the order of measuring."""
        weights, block_bytes = BLOCKS[BASE_TYPES.get(self.quant, "F16")]
        return self.model.parameters.total * block_bytes // weights

    @contextmanager
    def open(self, folder: Path) -> Iterator[tuple[Path, Label]]:
        """A hollow file, deleted afterwards, and how its figures are labelled."""
        with hollow_model(self.header(), folder / f"{self.model.id}.{self.quant}.gguf") as hollow:
            yield hollow.path, "measured (hollow)"


class HubSource(msgspec.Struct, frozen=True):
    """A model on the hub, not downloaded: only its header is."""

    name: str
    """As the user wrote it."""
    file_bytes: int
    header_bytes: bytes
    """Of all parts of a split one, as if they were one."""
    norms: tuple[tuple[str, bytes], ...] = ()
    """Real values of norms, by tensor name without the layer; where there are none they are 1.0."""

    def header(self) -> bytes:
        return self.header_bytes

    def identity(self) -> str:
        """Changes when the header does: hollow files know nothing else of it."""
        return hashlib.sha256(self.header_bytes).hexdigest()

    def size_bytes(self) -> int:
        """That the hub names for the file, all parts together."""
        return self.file_bytes

    def sort_bytes(self) -> int:
        """Its size, for the order of measuring."""
        return self.file_bytes

    @contextmanager
    def open(self, folder: Path) -> Iterator[tuple[Path, Label]]:
        """A hollow file, deleted afterwards, and how its figures are labelled."""
        with hollow_model(self.header_bytes, folder / f"{self.identity()[:16]}.gguf", norms=dict(self.norms)) as hollow:
            yield hollow.path, "measured (hollow)"


class MissingSource(msgspec.Struct, frozen=True):
    """A name that could not be followed; among others it is a row that says why."""

    name: str
    what: str
    hint: str = ""

    def header(self) -> bytes:
        """Raises ModelFileError, as everything that would need the model."""
        raise ModelFileError(self.what, hint=self.hint)

    def identity(self) -> str:
        raise ModelFileError(self.what, hint=self.hint)

    def size_bytes(self) -> int:
        raise ModelFileError(self.what, hint=self.hint)

    def sort_bytes(self) -> int:
        return 0

    @contextmanager
    def open(self, _folder: Path) -> Iterator[tuple[Path, Label]]:
        raise ModelFileError(self.what, hint=self.hint)
        yield


Source: TypeAlias = FileSource | CatalogSource | HubSource | MissingSource


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
    model = choice.model
    parts = [msgspec.structs.replace(model, name=part.name, parts=(part,)) for part in model.parts]
    headers = [remote_header(hub, choice.repo, part) for part in parts]
    first = remote_norms(hub, choice.repo, model.parts[0], headers[0])
    return HubSource(text, model.size_bytes, merged_header(headers), tuple(first.items()))


def _beginning(path: Path) -> bytes:
    """The header of one file that was checked."""
    size = path.stat().st_size
    with path.open("rb") as file:
        data, wanted = b"", 2**20
        while True:
            data += file.read(wanted - len(data))
            try:
                return data[: parse_header(data, file_bytes=size).data_offset]
            except NeedMoreError as error:
                wanted = max(2 * wanted, error.wanted_bytes)
