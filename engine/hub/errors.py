"""Errors of the hub, its cache, model names, bundles and other model stores."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from ..errors import WeighinError


class HubError(WeighinError):
    """Base of everything that fails around the hub, bundles and model stores."""


class ModelReferenceError(HubError):
    """The text is not a model name."""


class NoSuchPathError(ModelReferenceError):
    """The text is a path, and nothing exists there."""


class UnknownModelError(ModelReferenceError):
    """The text is a well-formed name, and neither the catalog nor a store on this machine has a model of that name."""


class HubNotFoundError(HubError):
    """No such repo, revision or file, or a private one that this token cannot see."""


class GatedModelError(HubError):
    """The user must accept the terms first. The hint has the page."""


class BadTokenError(HubError):
    """The hub rejects the token."""


class RateLimitedError(HubError):
    """Too many requests."""


class OfflineError(HubError):
    """``HF_HUB_OFFLINE`` is set, and the file is not on this machine."""


class NoConnectionError(HubError):
    """The hub cannot be reached, or the connection kept breaking."""


class ServerTroubleError(HubError):
    """The hub reports an internal error, or its response is unusable."""


class StalledError(HubError):
    """The connection stays open, and nothing arrives."""


class DiskFullError(HubError):
    """No space left for the file. The part that fit is kept."""


class CorruptedDownloadError(HubError):
    """The bytes do not match the hub's checksum, and were deleted."""


class UserCancelledError(HubError):
    """The user stopped a download or a copy. Its bytes are kept."""


class LocalStoreError(HubError):
    """A file or folder on this machine cannot be read or written."""


class BundleError(HubError):
    """A bundle is incomplete, altered or not a bundle. ``problems`` lists every affected file."""

    def __init__(self, what: str, *, problems: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(what, hint=hint)
        self.problems = problems


def causes(error: BaseException) -> Iterator[BaseException]:
    """``error`` and its causes: the client wraps a refused connection as "not in the cache"."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def is_disk_full(error: BaseException) -> bool:
    """A full disk, a quota, or a limit on the file's size."""
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def offline_error(subject: str) -> OfflineError:
    """``subject``, as the user wrote it, is not on this machine and cannot be downloaded."""
    return OfflineError(
        f"{subject} is not on this machine, and HF_HUB_OFFLINE is set.",
        hint=f"Unset it and run `weighin pull {subject}`, or `weighin bundle import FOLDER` with a bundle that has it.",
    )
