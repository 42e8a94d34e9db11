"""The header of a model on the hub, cached: some megabytes instead of gigabytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from .. import paths
from ..errors import ModelFileError
from ..files import write_atomically
from ..gguf.header import HeaderError, NeedMoreError, parse_header
from .client import Hub, never
from .listing import HubModel, HubRepo
from .remote import fetch_header_bytes


def remote_header(hub: Hub, repo: HubRepo, model: HubModel, *, cancelled: Callable[[], bool] = never) -> bytes:
    """The file's bytes up to its tensor data. They are not verified: the hub has a checksum of the whole file only.

    Raises:
        HubError: the download failed.
        ModelFileError: the header is invalid, or the model is split.
    """
    name = f"{repo.repo}:{model.name}"
    if len(model.parts) > 1:
        raise ModelFileError(f"{name} is split into {len(model.parts)} files.", hint="Download it to measure it.")
    file = model.parts[0]
    # Named by the file's hash, so that another version of the file has another note.
    note = paths.cache_dir() / "headers" / hashlib.sha256(f"{name} {file.sha256 or file.blob_id}".encode()).hexdigest()
    try:
        known = note.read_bytes()
        return known[: parse_header(known, file_bytes=file.size_bytes).data_offset]
    except (OSError, HeaderError, NeedMoreError):
        pass

    def needs_more(data: bytes) -> int | None:
        try:
            offset = parse_header(data, file_bytes=file.size_bytes).data_offset
        except NeedMoreError as error:
            return error.wanted_bytes
        return None if len(data) >= offset else offset

    try:
        data = fetch_header_bytes(hub, repo, file, needs_more, cancelled=cancelled).data
        header = data[: parse_header(data, file_bytes=file.size_bytes).data_offset]
    except HeaderError as error:
        raise ModelFileError(f"{name} cannot be used: {error.what}.", hint="Choose another file.") from None
    write_atomically(note, header)
    return header
