"""A few real values from a model on the hub: the norms of one layer, some kilobytes.

Every layer of the hollow file gets the same norms. They set the size of activations, and so the work of kernels that
look at values. Their exact values do not show in the time.
"""

from __future__ import annotations

import contextlib
import hashlib
import re

import msgspec

from .. import paths
from ..files import write_atomically
from ..gguf.header import Tensor, parse_header
from ..gguf.hollow import is_norm, without_layer
from ..hub.client import Hub
from ..hub.errors import HubError
from ..hub.listing import HubFile, HubRepo
from ..hub.remote import read_range

_MOST_TENSORS = 16
"""Each tensor costs a request; more are not worth the time."""
_LAYER = re.compile(r"^blk\.(\d+)\.")


def remote_norms(hub: Hub, repo: HubRepo, file: HubFile, header: bytes) -> dict[str, bytes]:
    """Norms by tensor name without the layer, cached for next time; empty if they cannot be downloaded.

    ``header`` is the checked header of ``file``. Norms that are missing count as 1.0, which works too.
    """
    note = paths.cache_dir() / "headers" / (hashlib.sha256(header).hexdigest() + ".norms")
    try:
        return msgspec.msgpack.decode(note.read_bytes(), type=dict[str, bytes])
    except (OSError, msgspec.DecodeError):
        pass
    start = parse_header(header).data_offset
    url = hub.file_url(repo.repo, repo.sha, file.name)
    norms = {}
    try:
        for tensor in chosen_norms(header):
            piece = read_range(
                hub, url, start + tensor.offset, tensor.size_bytes, subject=f"{repo.repo}:{file.name}", repo=repo.repo
            )
            norms[without_layer(tensor.name)] = piece.data
    except HubError:
        return {}
    with contextlib.suppress(OSError):  # only a shortcut for next time
        write_atomically(note, msgspec.msgpack.encode(norms))
    return norms


def chosen_norms(header: bytes) -> list[Tensor]:
    """The norms outside the layers, and those of the middle layer."""
    norms = [tensor for tensor in parse_header(header).tensors if is_norm(tensor)]
    layers = sorted({int(match[1]) for tensor in norms if (match := _LAYER.match(tensor.name))})
    middle = f"blk.{layers[len(layers) // 2]}." if layers else ""
    chosen = [t for t in norms if not t.name.startswith("blk.") or (middle and t.name.startswith(middle))]
    return chosen[:_MOST_TENSORS]
